"""Parts of a fold that lack what a stage needs are refused by name, whichever part and stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.conftest import tiny_recipe

from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.training.parts import check_parts
from featherfall.training.stages import FoldContext, without_unseen


def of(store: ClipStore, *subjects: str, activity: str = "") -> np.ndarray:
    rows = [i for i, one in enumerate(store.recordings) if one.subject in subjects and one.activity.startswith(activity)]
    return np.asarray(rows, np.int64)


def stage(store: ClipStore, train: np.ndarray, validation: np.ndarray, test: np.ndarray, recipe: Recipe | None = None) -> FoldContext:
    return FoldContext(recipe or tiny_recipe(), store, Fold("fold 1", train, validation, test))


def with_training(**changes: Any) -> Recipe:
    recipe = tiny_recipe()
    student = recipe.student.model_dump()
    return tiny_recipe(student=student | {"training": student["training"] | changes})


def test_a_whole_fold_passes(tiny_store: ClipStore) -> None:
    check_parts(stage(tiny_store, of(tiny_store, "S1", "S2"), of(tiny_store, "S3"), of(tiny_store, "S4")))


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ({"loss": "dkd"}, "'dkd' needs at least 3 classes, here 2"),
        ({"loss": "at"}, "'at' compares maps, and student_tap 'embedding' gives vectors"),
        ({"loss": "vid", "student_tap": "blocks"}, r"'vid': student_tap 'blocks' has the shape \(\d+, \d+\) and teacher_tap 'embedding'"),
        ({"loss": "l2", "student_tap": "embeding"}, "no submodule 'embeding'"),
        ({"loss": "l2", "teacher_tap": "branches.skeleton"}, "the submodule 'branches.skeleton' is never called as such; name one within"),
        ({"loss": "comodo"}, "a queue of 256 embeddings is not smaller than the set of 6 clips"),
    ],
)
def test_terms_that_say_nothing_are_refused_before_anything_is_trained(tiny_store: ClipStore, term: dict[str, Any], message: str) -> None:
    recipe = tiny_recipe(distillation={"terms": [term]})
    with pytest.raises(UserError, match=message):
        check_parts(stage(tiny_store, of(tiny_store, "S1", "S2", "S3"), np.zeros(0, np.int64), of(tiny_store, "S4"), recipe))


def test_an_input_that_no_training_clip_has(tiny_store: ClipStore) -> None:
    """S1 has no skeleton: a teacher trained on S1 alone has no clip for it."""
    with pytest.raises(
        UserError, match=r"^tiny, fold 1: no training clip has skeleton, which the teacher needs \(training part: S1\); change"
    ):
        check_parts(stage(tiny_store, of(tiny_store, "S1"), of(tiny_store, "S2"), of(tiny_store, "S3", "S4")))


def test_the_teacher_does_without_what_only_the_dataset_left_out_has(tiny_store: ClipStore) -> None:
    """S1, of one dataset, has no skeleton; S2 of the other one has. Tested on S2, the teacher must not see it either."""
    recipe = tiny_recipe(split={"protocol": "lodo"})
    fold = Fold("second", of(tiny_store, "S1"), np.zeros(0, np.int64), of(tiny_store, "S2"))
    seen = without_unseen(recipe, tiny_store, fold)
    check_parts(FoldContext(recipe, seen, fold))
    assert not seen.present["skeleton"].any() and tiny_store.present["skeleton"].any()
    assert all(seen.present[name].all() for name in ("accelerometer", "gyroscope"))
    by_people = tiny_recipe()
    assert without_unseen(by_people, tiny_store, fold) is tiny_store
    required = tiny_recipe(split={"protocol": "lodo"}, clip=recipe.clip.model_dump() | {"require": ["gyroscope"]})
    nobody = replace(tiny_store, present={**tiny_store.present, "gyroscope": np.zeros(len(tiny_store), bool)})
    stated = FoldContext(required, without_unseen(required, nobody, fold), fold)
    with pytest.raises(UserError, match="no training clip has gyroscope, which the teacher needs"):
        check_parts(stated)


def test_inputs_that_no_training_clip_has_together(tiny_store: ClipStore) -> None:
    """One clip without a gyroscope, another without an accelerometer: neither trains the branch of both."""
    train = of(tiny_store, "S2", "S3")
    present = {name: flags.copy() for name, flags in tiny_store.present.items()}
    present["gyroscope"][tiny_store.clips_of(of(tiny_store, "S2"))] = False
    present["accelerometer"][tiny_store.clips_of(of(tiny_store, "S3"))] = False
    broken = replace(tiny_store, present=present)
    with pytest.raises(
        UserError, match=r"no training clip has (accelerometer and gyroscope|gyroscope and accelerometer), which the teacher's"
    ):
        check_parts(stage(broken, train, np.zeros(0, np.int64), of(tiny_store, "S4")))


def test_a_validation_part_without_clips(tiny_store: ClipStore) -> None:
    """Walking triggers no window."""
    with pytest.raises(UserError, match=r"fold 1: the validation part \(S3\) has no clip; change the split"):
        check_parts(stage(tiny_store, of(tiny_store, "S1", "S2"), of(tiny_store, "S3", activity="walk"), of(tiny_store, "S4")))


def test_early_stopping_without_a_validation_part(tiny_store: ClipStore) -> None:
    nobody = np.zeros(0, np.int64)
    recipe = with_training(early_stop={"every": 5})
    with pytest.raises(UserError, match="fold 1: early_stop needs a validation part"):
        check_parts(stage(tiny_store, of(tiny_store, "S1", "S2"), nobody, of(tiny_store, "S4"), recipe))
    check_parts(stage(tiny_store, of(tiny_store, "S1", "S2"), of(tiny_store, "S3"), of(tiny_store, "S4"), recipe))


def test_a_test_part_without_clips(tiny_store: ClipStore) -> None:
    """Falls: somebody whose recordings trigger nothing is evaluated as such; activities have nothing to be told apart by."""
    parts = of(tiny_store, "S1", "S2"), np.zeros(0, np.int64), of(tiny_store, "S4", activity="walk")
    check_parts(stage(tiny_store, *parts))
    kept = [i for i, one in enumerate(tiny_store.recordings) if one.activity != "walk"]
    recordings = [replace(one, activity="sit") if one.activity == "walk" else one for one in tiny_store.recordings]
    activity = tiny_recipe(labels={"by": "activity"})
    assert kept
    with pytest.raises(UserError, match=r"fold 1: the test part \(S4\) has no clip"):
        check_parts(stage(replace(tiny_store, recordings=recordings), *parts, activity))
