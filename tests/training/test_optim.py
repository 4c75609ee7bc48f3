from __future__ import annotations

import pytest
import torch
from torch import nn

from featherfall.ground.recipe import Training
from featherfall.training.optim import WeightAverage, optimizer_for, schedule_for


def linear(weight: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, weight)
    return model


def set_weight(model: nn.Linear, weight: float) -> None:
    with torch.no_grad():
        model.weight.fill_(weight)


def test_the_average_by_hand() -> None:
    model = linear(1.0)
    average = WeightAverage(model, 0.9)
    for weight in (1.0, 2.0, 5.0):
        set_weight(model, weight)
        average.update()
    average.swap()
    assert model.weight.item() == pytest.approx(0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 5)  # the first update copies


def test_swapping_twice_changes_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    average = WeightAverage(model, 0.5)
    average.swap()  # before the first update: nothing to swap
    average.update()
    model(torch.randn(8, 3))
    nn.init.zeros_(model[0].weight)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    average.swap()
    assert not torch.equal(model[0].weight, before["0.weight"])
    assert not torch.equal(model[1].running_mean, before["1.running_mean"])  # batch norm's statistics are averaged too
    assert torch.equal(model[1].num_batches_tracked, before["1.num_batches_tracked"])
    average.swap()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_an_average_survives_a_checkpoint() -> None:
    model = linear(1.0)
    average, other = WeightAverage(model, 0.5), WeightAverage(model, 0.5)
    assert average.state() is None
    average.update()
    other.load(average.state())
    set_weight(model, 3.0)
    other.update()
    other.swap()
    assert model.weight.item() == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1.0] * 8),
        ("step", [1.0] * 4 + [0.1] * 4),
        ("cosine", [(1 + torch.cos(torch.tensor(torch.pi * step / 8)).item()) / 2 for step in range(8)]),
    ],
)
def test_schedules_by_hand(schedule: str, expected: list[float]) -> None:
    training = Training(steps=8, lr=1.0, schedule=schedule, optimizer="sgd")
    assert rates(training) == pytest.approx(expected)


def test_one_cycle_rises_and_falls() -> None:
    values = rates(Training(steps=40, lr=1.0))
    peak = values.index(max(values))
    assert max(values) == pytest.approx(1.0) and 0 < peak < 20
    assert values[:peak] == sorted(values[:peak]) and values[peak:] == sorted(values[peak:], reverse=True)
    assert values[-1] < 1e-3


def rates(training: Training) -> list[float]:
    """The learning rate of each step."""
    optimizer = optimizer_for(linear(1.0).parameters(), training)
    schedule = schedule_for(optimizer, training)
    out = []
    for _ in range(training.steps):
        out.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return out


@pytest.mark.parametrize(("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)])
def test_optimisers_take_their_settings(name: str, kind: type[torch.optim.Optimizer]) -> None:
    optimizer = optimizer_for(linear(1.0).parameters(), Training(optimizer=name, lr=0.3, weight_decay=0.04, momentum=0.7))
    assert type(optimizer) is kind
    group = optimizer.param_groups[0]
    assert group["lr"] == 0.3 and group["weight_decay"] == 0.04
    assert name != "sgd" or group["momentum"] == 0.7
