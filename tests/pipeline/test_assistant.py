"""A teaching assistant between teacher and student."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.conftest import tiny_recipe

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.pipeline.distill import run_recipe

MIDDLE = {"kind": "inertial", "inputs": ["accelerometer", "gyroscope"], "options": {"layers": [[24, 5, 2], [24, 3, 2]]}}


def recipe(**how: Any) -> Recipe:
    terms = [{"loss": "soft", "weight": 0.8}, {"loss": "cosine", "weight": 0.1}]
    return tiny_recipe(distillation={"assistant": MIDDLE, "terms": terms, **how}, export={"int8": False})


def test_the_two_distillations() -> None:
    by = recipe().by_assistant
    assert by is not None and tiny_recipe().by_assistant is None
    first, second = by
    assert first.student.network == second.required_supervision.teacher.network == recipe().required_supervision.distillation.assistant
    assert first.teacher == recipe().teacher and second.student == recipe().student
    assert second.required_supervision.teacher.members == 1


def test_the_student_learns_from_the_assistant(tiny: Path, tmp_path: Path) -> None:
    several = recipe().model_copy(update={"seeds": [3]})  # the assistant has a seed of its own, 0, whose batches need outputs, too
    run_recipe(several, datasets.open("folder", tiny), tmp_path / "run", quiet=True)
    fold = tmp_path / "run" / "folds" / "fold-1"
    assert sorted(path.name for path in fold.iterdir()) == ["alone", "assistant", "distilled", "teacher"]
    weights = torch.load(fold / "assistant" / "0" / "weights.pt", weights_only=True)
    assert weights["blocks.0.0.weight"].shape[0] == 24
    said = torch.load(fold / "assistant" / "0" / "outputs.pt", weights_only=True)
    assert said["logits"].shape[2] == 1 and said["features"]["embedding"].shape[2:] == (72,)  # 24 channels in three thirds
    for role, number in (("assistant", 0), ("distilled", 3)):
        values = torch.load(fold / role / str(number) / "weights.pt", weights_only=True).values()
        assert all(torch.isfinite(one.float()).all() for one in values)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["roles"].keys() == {"teacher", "alone", "distilled"}


def test_inputs_of_an_assistant_are_checked() -> None:
    with pytest.raises(ValueError, match=r"distillation\.assistant\.network\.inputs names 'barometer'"):
        recipe(assistant=MIDDLE | {"inputs": ["barometer"]})


def test_terms_are_checked_for_both(tiny: Path, tmp_path: Path) -> None:
    terms = [{"loss": "cosine", "teacher_tap": "branches.skeleton.blocks"}]  # which the assistant has not
    with pytest.raises(UserError, match=r"distillation: no submodule 'branches\.skeleton\.blocks'"):
        run_recipe(recipe(terms=terms), datasets.open("folder", tiny), tmp_path / "run", quiet=True)
