"""Networks and datasets given in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.conftest import tiny_recipe
from torch import Tensor, nn

from featherfall import datasets
from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.pipeline.distill import run_recipe
from featherfall.pipeline.models import importable, local_models, with_models
from featherfall.runtime import load_bundle

TRAINING = {"steps": 6, "batch": 8, "lr": 0.01, "average": 0.9}
SPLIT = {"protocol": "kfold", "folds": 2}


class Net(nn.Module):
    """One convolution."""

    def __init__(self, channels: int = 3, width: int = 8, classes: int = 2) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, width, 5)
        self.embedding = nn.Identity()
        self.head = nn.Linear(width, classes)

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        values = torch.cat([clip["accelerometer"], *([clip["gyroscope"]] if "gyroscope" in clip else [])], dim=2)
        logits: Tensor = self.head(self.embedding(self.convolution(values.transpose(1, 2)).relu().mean(dim=2)))
        return logits


def build_wide(inputs: Sequence[str], channels: Mapping[str, Sequence[str]], classes: int) -> nn.Module:
    """A wider one."""
    return Net(3, 16, classes)


class Fixed(nn.Module):
    """Gives one number a clip, whatever the classes."""

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        return clip["accelerometer"].mean(dim=(1, 2))


@pytest.fixture(autouse=True)
def _registry_as_it_was() -> Iterator[None]:
    """Forget the networks that a test registered."""
    before = set(registry._own)
    yield
    for key in set(registry._own) - before:
        del registry._own[key], registry._objects[key]


def recipe(**changes: Any) -> Recipe:
    plain = tiny_recipe()
    teacher = {"network": {"kind": "inertial", "inputs": ["accelerometer"]}, "training": TRAINING}
    student = plain.student.model_dump() | {"training": TRAINING}
    return tiny_recipe(**({"teacher": teacher, "student": student, "split": SPLIT, "export": {"budget_points": 100}} | changes))


def test_own_networks_on_an_own_dataset(tiny: Path, tmp_path: Path) -> None:
    """A module as student, a factory as teacher, a dataset object; two workers are asked for, the module stays in this process."""
    dataset = replace(datasets.open("folder", tiny), name="ward")
    torch.manual_seed(5)
    student = Net()
    before = {name: values.clone() for name, values in student.state_dict().items()}
    out = tmp_path / "run"
    models = {"student": student, "teacher": build_wide}
    metrics = run_recipe(recipe(), dataset, out, models=models, workers=2, quiet=True, cache=tmp_path / "cache")
    assert list(metrics["roles"]) == ["teacher", "alone", "distilled", "int8"] and metrics["dataset"] == "ward"
    assert metrics["trained"]["student"].startswith("Net_student;") and metrics["trained"]["teacher"].startswith("build_wide_teacher;")
    assert metrics["sizes"]["alone"]["parameters"] == sum(one.numel() for one in student.parameters())
    assert all(torch.equal(before[name], values) for name, values in student.state_dict().items())  # copies were trained
    bundle = load_bundle(out / "bundle")
    assert bundle.manifest.kind == "window" and bundle.manifest.provenance["dataset"] == "ward"

    (out / "folds" / "fold-1" / "alone" / "0" / "predictions.npz").unlink()
    (out / "folds" / "fold-1" / "alone" / "0" / "weights.pt").unlink()
    anew = {"student": Net(), "teacher": build_wide}  # other initial weights: those of the run are taken
    again = run_recipe(recipe(), dataset, out, models=anew, resume=True, quiet=True, cache=tmp_path / "cache")
    assert again["roles"] == metrics["roles"]
    with pytest.raises(UserError, match="started with another Net_student"):
        run_recipe(recipe(), dataset, out, models={**models, "student": Net(width=9)}, resume=True, quiet=True, cache=tmp_path / "cache")


def test_a_process_without_the_network_refuses_the_run_s_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    values = with_models(recipe(), {"student": Net()}).model_dump()
    monkeypatch.setattr(registry, "_own", {})  # as in another process
    with pytest.raises(ValueError, match="unknown model"):
        Recipe.model_validate(values)


def test_networks_that_do_not_fit_are_refused_before_anything_is_trained(tiny: Path, tmp_path: Path) -> None:
    for model, complaint in (
        (Fixed(), r"tiny: the student Fixed_student returns \(2,\) for two clips; it must return logits of shape \(2, 2\)"),
        (Net(channels=7), r"tiny: the student Net_student fails on clips of accelerometer: RuntimeError"),
    ):
        with pytest.raises(UserError, match=complaint):
            run_recipe(recipe(), tiny, tmp_path / "run", models={"student": model}, quiet=True, cache=tmp_path / "cache")
        assert not (tmp_path / "run" / "folds").exists()
    with pytest.raises(UserError, match="no role 'pupil'; it has teacher, student"):
        with_models(recipe(), {"pupil": Net()})


def test_a_registered_factory_keeps_its_name_and_goes_to_workers() -> None:
    registry.register("model", "wide")(build_wide)
    changed = with_models(recipe(), {"student": build_wide})
    assert changed.student.network.kind == "wide" and changed.student.network.inputs == ["accelerometer"]
    assert local_models(changed) == {"wide": build_wide} and importable(local_models(changed))
    assert local_models(recipe()) == {}
    assert not importable(local_models(with_models(recipe(), {"student": Net()})))
    assert not importable({"local": lambda inputs, channels, classes: Net()})
