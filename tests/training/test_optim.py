from __future__ import annotations

import pytest
import torch
from torch import nn

from featherfall.core.training_settings import Swa, Training
from featherfall.training.optim import WeightAverage, averaging_share, optimizer_for, recompute_batch_norm, schedule_for


def linear(weight: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, weight)
    return model


def set_weight(model: nn.Linear, weight: float) -> None:
    with torch.no_grad():
        model.weight.fill_(weight)


def test_the_average_by_hand() -> None:
    model = linear(1.0)
    average = WeightAverage(model)
    for weight in (1.0, 2.0, 5.0):
        set_weight(model, weight)
        average.update(0.1)
    average.swap()
    assert model.weight.item() == pytest.approx(0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 5)  # the first update copies


def test_swapping_twice_changes_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    average = WeightAverage(model)
    average.swap()  # before the first update: nothing to swap
    average.update(0.5)
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
    average, other = WeightAverage(model), WeightAverage(model)
    assert average.state() is None
    average.update(0.5)
    other.load(average.state())
    set_weight(model, 3.0)
    other.update(0.5)
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


def test_what_is_frozen_the_optimiser_does_not_see() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    model[0].requires_grad_(False)
    (group,) = optimizer_for(model.parameters(), Training()).param_groups
    assert [tuple(parameter.shape) for parameter in group["params"]] == [(1, 3), (1,)]


def test_the_moving_average_takes_the_second_half() -> None:
    training = Training(steps=6, average=0.9)
    assert [averaging_share(step, training, 2) for step in range(1, 7)] == [None] * 3 + [pytest.approx(0.1)] * 3
    assert averaging_share(6, Training(steps=6, average=0), 2) is None


def test_stochastic_averaging_is_the_mean_of_the_ends_of_epochs() -> None:
    training = Training(steps=20, average=0, swa=Swa(start=0.5, lr=0.1))
    shares = {step: share for step in range(1, 21) if (share := averaging_share(step, training, 3)) is not None}
    assert shares == {11: 1.0, 14: 1 / 2, 17: 1 / 3, 20: 1 / 4}
    model = linear(0.0)
    average = WeightAverage(model)
    for step, share in shares.items():
        set_weight(model, step)
        average.update(share)
    average.swap()
    assert model.weight.item() == pytest.approx((11 + 14 + 17 + 20) / 4)
    assert averaging_share(20, Training(steps=20, average=0, swa=Swa(start=0.99)), 50) == 1.0  # the last step always is averaged


def test_stochastic_averaging_has_a_learning_rate_of_its_own() -> None:
    training = Training(steps=8, lr=1.0, schedule="cosine", optimizer="sgd", average=0, swa=Swa(start=0.5, lr=0.3))
    cosine = [(1 + torch.cos(torch.tensor(torch.pi * step / 8)).item()) / 2 for step in range(4)]
    assert rates(training) == pytest.approx([*cosine, 0.3, 0.3, 0.3, 0.3])


def test_a_schedule_in_two_parts_goes_on_from_its_state() -> None:
    training = Training(steps=8, lr=1.0, average=0, swa=Swa(start=0.5, lr=0.3))

    def fresh() -> tuple[torch.optim.Optimizer, object]:
        optimizer = optimizer_for(linear(1.0).parameters(), training)
        return optimizer, schedule_for(optimizer, training)

    for stop in (2, 4, 6):
        first, schedule = fresh()
        for _ in range(stop):
            first.step()
            schedule.step()
        second, other = fresh()
        second.load_state_dict(first.state_dict())
        other.load_state_dict(schedule.state_dict())
        for _ in range(8 - stop):
            for optimizer, one in ((first, schedule), (second, other)):
                optimizer.step()
                one.step()
            assert schedule.get_last_lr() == other.get_last_lr()


def test_batch_norm_is_renewed_as_torch_does_and_frozen_parts_stay() -> None:
    batches = [torch.randn(8, 3) * 5 + 2 for _ in range(3)]
    model, other, frozen = (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)) for _ in range(3))
    other.load_state_dict(model.state_dict())
    recompute_batch_norm(model.eval(), batches)
    torch.optim.swa_utils.update_bn(batches, other)
    assert not model.training and model[1].momentum == 0.1
    assert torch.equal(model[1].running_mean, other[1].running_mean) and torch.equal(model[1].running_var, other[1].running_var)
    means = torch.stack([model[0](batch).mean(dim=0) for batch in batches])
    assert torch.allclose(model[1].running_mean, means.mean(dim=0), atol=1e-5)

    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = frozen

        def train(self, mode: bool = True) -> Frozen:
            super().train(mode)
            self.part.eval()
            return self

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return self.part(values)

    recompute_batch_norm(Frozen(), batches)
    assert torch.equal(frozen[1].running_mean, torch.zeros(4))
