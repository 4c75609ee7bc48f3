from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import tiny_recipe

from featherfall.core.recipe import Recipe, Student
from featherfall.core.training_settings import Training


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"swa": {}}, "'swa' ships its own average"),
        ({"swa": {}, "average": 0, "early_stop": {}}, "'swa' ships its own average"),
        ({"focal": 2, "label_smoothing": 0.1}, "the focal loss is of hard labels"),
    ],
)
def test_trainings_that_contradict_themselves(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Training.model_validate(values)


def test_a_student_alone_with_the_focal_loss_has_hard_labels() -> None:
    network = {"kind": "inertial", "inputs": ["accelerometer"]}
    with pytest.raises(ValueError, match="alone_label_smoothing: 0"):
        Student.model_validate({"network": network, "training": {"focal": 2}})
    assert Student.model_validate({"network": network, "training": {"focal": 2}, "alone_label_smoothing": 0}).training.focal == 2


def test_selection_by_f1_needs_the_fall() -> None:
    student = tiny_recipe().student.model_dump() | {"training": {"early_stop": {"metric": "f1"}}}
    assert tiny_recipe(student=student).student.training.early_stop is not None
    with pytest.raises(ValueError, match="'f1' is of the fall class; label by fall"):
        tiny_recipe(student=student, labels={"by": "activity"})


def test_who_ships() -> None:
    taught, alone = tiny_recipe(), tiny_recipe(teacher=None, distillation=None)
    assert (taught.deployed_role, alone.deployed_role) == ("distilled", "alone")
    assert (list(taught.networks), list(alone.networks)) == (["teacher", "student"], ["student"])
    assert taught.supervision is not None and taught.supervision.teacher is taught.teacher and alone.supervision is None
    assert Recipe.model_validate(alone.model_dump()) == alone
