from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.training.toy import CASES, STEPS, run, toy_clips, toy_model
from torch import Tensor, nn

from featherfall.core.training_settings import Augment, EarlyStop, Training
from featherfall.training import fit as fit_module
from featherfall.training.fit import fit, precision_here
from featherfall.training.objectives import HardLabels
from featherfall.training.outputs import logits_of

ROOT = Path(__file__).resolve().parents[2]


def weights(folder: Path) -> dict[str, Tensor]:
    return torch.load(folder / "weights.pt", weights_only=True)  # type: ignore[no-any-return]


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=CASES)
def unbroken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("unbroken") / request.param
    run(request.param, folder)
    return request.param, folder


def test_it_learns(tmp_path: Path) -> None:
    clips = toy_clips()
    model = fit(toy_model(), clips, Training(steps=100, batch=8, lr=0.01, average=0.9), HardLabels(), 0, tmp_path)
    assert not model.training
    assert (logits_of(model, clips).argmax(dim=1) == clips.labels).float().mean() > 0.9
    losses = [float(row["loss"]) for row in rows(tmp_path)]
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "weights.pt"]  # the checkpoint is gone


@pytest.mark.parametrize(
    ("capability", "accelerator", "used"), [("AVX2", False, "32-true"), ("AVX512", False, "bf16-mixed"), ("AVX2", True, "bf16-mixed")]
)
def test_a_cpu_that_emulates_low_precision_trains_in_float32(
    capability: str, accelerator: bool, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: accelerator)
    assert precision_here("bf16-mixed") == used
    assert precision_here("32-true") == "32-true"


def test_where_low_precision_is_emulated_weights_are_those_of_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    for precision in ("32-true", "bf16-mixed"):
        fit(toy_model(), toy_clips(), Training(steps=3, batch=4, precision=precision), HardLabels(), 0, tmp_path / precision)
    assert same(weights(tmp_path / "32-true"), weights(tmp_path / "bf16-mixed"))


def test_the_log_has_about_a_hundred_rows(tmp_path: Path) -> None:
    fit(toy_model(), toy_clips(), Training(steps=250, batch=2, lr=0.01), HardLabels(), 0, tmp_path)
    log = rows(tmp_path)
    assert list(log[0]) == ["step", "loss", "lr", "validation"]
    assert [int(row["step"]) for row in log] == list(range(2, 251, 2))
    assert float(log[-1]["lr"]) < float(log[30]["lr"])


def test_a_finished_training_is_loaded_and_not_repeated(unbroken: tuple[str, Path]) -> None:
    case, folder = unbroken
    before = (folder / "weights.pt").stat().st_mtime_ns
    model = run(case, folder)
    assert same(model.state_dict(), weights(folder))
    assert (folder / "weights.pt").stat().st_mtime_ns == before


def test_seeds_differ_in_batches_augmentation_and_dropout(tmp_path: Path) -> None:
    """Not only in the initial weights: those are the same here."""
    training = Training(steps=3, batch=8, lr=0.01)
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    for folder, seed in ((first, 1), (again, 1), (other, 2)):
        fit(toy_model(), toy_clips(), training, HardLabels(), seed, folder)
    assert same(weights(first), weights(again))
    assert not same(weights(first), weights(other))


def test_seeds_differ_in_noise_alone(tmp_path: Path) -> None:
    """One batch that holds every clip's only view, so the order cannot matter: what is left is the noise of augmentation."""
    training = Training(steps=1, batch=24, lr=0.01, average=0, augment=Augment(rotation_deg=0, scale=0, noise_g=0.5))
    losses = []
    for seed in (1, 2):
        model = toy_model()
        model.dropout.p = 0.0
        fit(model, toy_clips(views=1), training, HardLabels(), seed, tmp_path / str(seed))
        losses.append(rows(tmp_path / str(seed))[0]["loss"])
    assert losses[0] != losses[1]


def test_an_early_stop_keeps_the_best(tmp_path: Path) -> None:
    scores = iter([0.5, 0.9, 0.7, 0.9, 0.6])  # the second is best; one as good is not better
    looked: list[dict[str, Tensor]] = []

    def validate(model: nn.Module) -> float:
        assert not model.training
        looked.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return next(scores)

    training = Training(steps=100, batch=8, lr=0.01, average=0, early_stop=EarlyStop(every=4, patience=3))
    model = fit(toy_model(), toy_clips(), training, HardLabels(), 0, tmp_path, validate)
    assert len(looked) == 5
    assert same(model.state_dict(), looked[1]) and same(weights(tmp_path), looked[1])
    assert not same(looked[1], looked[4])
    log = rows(tmp_path)
    assert int(log[-1]["step"]) == 20
    assert {row["step"]: row["validation"] for row in log if row["validation"]} == {
        "4": "0.5",
        "8": "0.9",
        "12": "0.7",
        "16": "0.9",
        "20": "0.6",
    }


def test_looking_sees_the_averaged_weights_and_does_not_disturb(tmp_path: Path) -> None:
    looked: list[dict[str, Tensor]] = []

    def validate(model: nn.Module) -> float:
        looked.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return float(len(looked))

    training = Training(steps=20, batch=8, lr=0.01, average=0.8, early_stop=EarlyStop(every=20))
    watched = fit(toy_model(), toy_clips(), training, HardLabels(), 0, tmp_path / "watched", validate)
    alone = fit(toy_model(), toy_clips(), training.model_copy(update={"early_stop": None}), HardLabels(), 0, tmp_path / "alone")
    assert same(watched.state_dict(), looked[0])
    assert same(watched.state_dict(), alone.state_dict())


def test_a_projector_is_trained_along_and_not_shipped(unbroken: tuple[str, Path]) -> None:
    case, folder = unbroken
    assert weights(folder).keys() == toy_model().state_dict().keys()
    if case == "everything":
        assert list(rows(folder)[0]) == ["step", "loss", "hard", "soft", "mse", "rkd_angle", "lr", "validation"]
        assert float(rows(folder)[-1]["mse"]) < 0.7 * float(rows(folder)[0]["mse"])
        assert STEPS // 2 < int(rows(folder)[-1]["step"]) < STEPS  # stopped early, after the average has begun


def test_killed_and_resumed_equals_never_killed(unbroken: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, whole = unbroken
    folder = tmp_path / case
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    child = subprocess.Popen([sys.executable, "-m", "tests.training.toy", case, str(folder)], cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 60
        while not (folder / "checkpoint.pt").is_file():
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(random.uniform(0, 1.2))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert (folder / "checkpoint.pt").is_file() and not (folder / "weights.pt").exists(), "the child was quicker than the kill"
    logged = int(rows(folder)[-1]["step"])
    monkeypatch.setattr(fit_module, "CHECKPOINT_SECONDS", 0)
    run(case, folder)
    assert same(weights(folder), weights(whole))
    assert rows(folder) == rows(whole), f"killed after step {logged}"


def test_stopped_again_and_again(unbroken: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first half, in the second half when the weights are averaged, and between two looks of the early stop."""
    case, whole = unbroken
    monkeypatch.setattr(fit_module, "CHECKPOINT_SECONDS", 0)
    real = fit_module.augment
    for stop in (7, 36, 44):
        begun = 0 if stop == 7 else saved_step(tmp_path)
        calls = iter(range(begun, STEPS))

        def interrupted(
            clip: dict[str, Tensor], how: Augment, rate: float, stop: int = stop, calls: Iterator[int] = calls
        ) -> dict[str, Tensor]:
            if next(calls) == stop:
                raise KeyboardInterrupt
            return real(clip, how, rate)

        monkeypatch.setattr(fit_module, "augment", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(case, tmp_path)
        assert saved_step(tmp_path) == stop
    monkeypatch.setattr(fit_module, "augment", real)
    run(case, tmp_path)
    assert same(weights(tmp_path), weights(whole)) and rows(tmp_path) == rows(whole)


def saved_step(folder: Path) -> int:
    return int(torch.load(folder / "checkpoint.pt", weights_only=True)["state"]["step"])


@pytest.mark.parametrize(
    ("said", "patience"),
    [
        ([0.5, 0.4, 0.6, 0.5, 0.4, 0.9], 2),  # the third is better: patience begins anew
        ([0.5, 0.4, 0.4, 0.4, 0.9], 3),  # none is better: it only runs out
    ],
)
def test_patience_begins_anew_with_what_is_better_and_with_nothing_else(tmp_path: Path, said: list[float], patience: int) -> None:
    scores, looks = iter(said), 0

    def validate(model: nn.Module) -> float:
        nonlocal looks
        looks += 1
        return next(scores)

    training = Training(steps=40, batch=8, lr=0.01, average=0, early_stop=EarlyStop(every=2, patience=patience))
    fit(toy_model(), toy_clips(), training, HardLabels(), 0, tmp_path, validate)
    assert looks == len(said) - 1  # the last is never asked for
