from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clips.tiny import facts

from featherfall.clips.splits import folds, guard
from featherfall.clips.store import RecordingFacts
from featherfall.ground.errors import UserError
from featherfall.ground.recipe import Split

SIX = [facts(f"S{i}", trial=str(trial)) for i in range(6) for trial in range(2)]


def subjects(recordings: list[RecordingFacts], index: np.ndarray) -> set[str]:
    return {recordings[i].subject for i in index}


def test_kfold_deals_the_subjects() -> None:
    parts = folds(SIX, Split(protocol="kfold", folds=3))
    assert [fold.name for fold in parts] == ["fold 1", "fold 2", "fold 3"]
    assert [subjects(SIX, fold.test) for fold in parts] == [{"S0", "S3"}, {"S1", "S4"}, {"S2", "S5"}]
    assert subjects(SIX, parts[0].train) == {"S1", "S2", "S4", "S5"} and not len(parts[0].validation)


def test_loso_leaves_each_subject_out_once() -> None:
    parts = folds(SIX, Split(protocol="loso"))
    assert [fold.name for fold in parts] == [f"S{i}" for i in range(6)]
    assert [subjects(SIX, fold.test) for fold in parts] == [{f"S{i}"} for i in range(6)]


def test_groups_may_be_recordings() -> None:
    parts = folds(SIX, Split(protocol="kfold", folds=2, group="recording"))
    assert subjects(SIX, parts[0].test) & subjects(SIX, parts[0].train)


def test_published_follows_the_list() -> None:
    split = Split(protocol="published", list="odd")
    (fold,) = folds(SIX, split, lambda recording: "train" if int(recording.subject[1]) % 2 else "test")
    assert fold.name == "published"
    assert subjects(SIX, fold.train) == {"S1", "S3", "S5"} and subjects(SIX, fold.test) == {"S0", "S2", "S4"}


def test_a_published_list_by_trial_needs_recordings_as_groups() -> None:
    def by_trial(recording: RecordingFacts) -> str:
        return "train" if recording.trial == "0" else "test"

    with pytest.raises(UserError, match=r"published: S0, S1, S2, S3, S4, S5 on both train and test"):
        folds(SIX, Split(protocol="published", list="trials"), by_trial)
    (fold,) = folds(SIX, Split(protocol="published", list="trials", group="recording"), by_trial)
    assert len(fold.train) == len(fold.test) == 6


def test_validation_rotates_so_that_everybody_takes_part() -> None:
    parts = folds(SIX, Split(protocol="loso", validation=1))
    validations = [subjects(SIX, fold.validation) for fold in parts]
    assert all(len(one) == 1 for one in validations)
    assert set.union(*validations) == {f"S{i}" for i in range(6)}
    for fold in parts:
        assert len(fold.train) == 8 and not subjects(SIX, fold.validation) & (subjects(SIX, fold.train) | subjects(SIX, fold.test))


def test_choosing_leaves_the_test_part_unread() -> None:
    judged = folds(SIX, Split(protocol="kfold", folds=3, validation=2))
    chosen = folds(SIX, Split(protocol="kfold", folds=3, validation=2, part="validation"))
    for honest, blind in zip(judged, chosen, strict=True):
        np.testing.assert_array_equal(blind.test, honest.validation)
        np.testing.assert_array_equal(blind.train, honest.train)
        seen = np.concatenate([blind.train, blind.validation, blind.test])
        assert not set(seen.tolist()) & set(honest.test.tolist())


def test_balance_gives_each_fold_its_share_of_a_trait() -> None:
    recordings = [facts(f"S{i}", age="elder" if i < 4 else "young") for i in range(10)]
    for fold in folds(recordings, Split(protocol="kfold", folds=2, balance="age")):
        assert Counter(recordings[i].traits["age"] for i in fold.test) == {"elder": 2, "young": 3}


@pytest.mark.parametrize(
    ("recordings", "split", "message"),
    [
        (SIX, {"protocol": "kfold", "folds": 7}, r"7 folds need at least as many groups; the data has 6 \(S0, S1"),
        (SIX[:2], {"protocol": "loso"}, "leave-one-subject-out needs at least 2, the data has 1"),
        (SIX, {"protocol": "kfold", "folds": 2, "validation": 3}, "split.validation 3 leaves nothing to train on: fold 1 has 3 training"),
    ],
)
def test_too_few_groups(recordings: list[RecordingFacts], split: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        folds(recordings, Split.model_validate(split))


def test_a_published_list_without_a_test_side() -> None:
    with pytest.raises(UserError, match="published: the test part is empty"):
        folds(SIX, Split(protocol="published", list="all"), lambda recording: "train")


def test_the_guard_names_the_groups_and_the_sides() -> None:
    sides = {"train": np.asarray(["ann", "bob", "eve"]), "validation": np.asarray(["cem"]), "test": np.asarray(["eve", "bob"])}
    with pytest.raises(UserError, match="here: bob, eve on both train and test; a group may stand on one side only"):
        guard(sides, "here")


@given(
    owners=st.lists(st.integers(0, 9), min_size=2, max_size=40),
    protocol=st.sampled_from(["kfold", "loso"]),
    count=st.integers(2, 6),
    validation=st.integers(0, 4),
    part=st.sampled_from(["test", "validation"]),
    group=st.sampled_from(["subject", "recording"]),
    balance=st.sampled_from([None, "age"]),
)
def test_no_group_ever_stands_on_two_sides(
    owners: list[int], protocol: Any, count: int, validation: int, part: Any, group: Any, balance: str | None
) -> None:
    recordings = [facts(f"S{owner}", trial=str(i), age=str(owner % 2)) for i, owner in enumerate(owners)]
    validation = max(validation, part == "validation")
    split = Split(protocol=protocol, folds=count, validation=validation, part=part, group=group, balance=balance)
    try:
        parts = folds(recordings, split)
    except UserError:
        return
    names = [recording.subject if group == "subject" else recording.id for recording in recordings]
    tested: Counter[int] = Counter()
    for fold in parts:
        sides = [{names[i] for i in side} for side in (fold.train, fold.validation, fold.test)]
        assert sides[0] and sides[2]
        assert not sides[0] & (sides[1] | sides[2])
        assert sides[1] == sides[2] if part == "validation" else not sides[1] & sides[2]
        if part == "test":
            assert len(fold.train) + len(fold.validation) + len(fold.test) == len(recordings)
        tested.update(fold.test.tolist())
    if part == "test":
        assert tested == Counter(range(len(recordings)))  # everybody is judged once
