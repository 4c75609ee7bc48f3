from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clips.tiny import facts

from featherfall.clips.labelled import with_labels
from featherfall.clips.splits import Fold, folds
from featherfall.core.errors import UserError
from featherfall.core.recipe import Labels, Split

SIX = [facts(f"S{i}", trial=str(trial)) for i in range(6) for trial in range(2)]
LOSO = Split(protocol="loso", validation=1)


def labelled(fold: Fold, **labels: Any) -> Fold:
    return with_labels(fold, SIX, LOSO, Labels(by="activity", **labels))


def people(index: np.ndarray) -> set[str]:
    return {SIX[i].subject for i in index}


@pytest.fixture
def fold() -> Fold:
    return folds(SIX, LOSO)[0]


def test_all_labels_are_used_unless_it_is_said_otherwise(fold: Fold) -> None:
    same = labelled(fold)
    np.testing.assert_array_equal(same.train, fold.train)
    assert not len(same.unlabelled)


def test_named_people_keep_their_labels(fold: Fold) -> None:
    one = labelled(fold, subjects=["S3", "S0"])  # S0 is tested: only S3 is here
    assert people(one.train) == {"S3"} and len(one.train) == 2
    assert people(one.unlabelled) == people(fold.train) - {"S3"}
    np.testing.assert_array_equal(np.sort(one.seen), fold.train)


@given(share=st.floats(0.01, 1), draw=st.integers(0, 5))
def test_a_share_leaves_validation_and_test_alone_and_grows_with_the_share(share: float, draw: int) -> None:
    for fold in folds(SIX, LOSO):
        part, more = labelled(fold, share=share, draw=draw), labelled(fold, share=1.0, draw=draw)
        assert people(part.train) <= people(more.train) and len(part.train)
        assert not people(part.seen) & (people(part.test) | people(part.validation))
        assert len(people(part.train)) == max(1, int(share * 4 + 0.5))
        np.testing.assert_array_equal(np.sort(part.seen), fold.train)


def test_a_number_of_people_and_other_draws(fold: Fold) -> None:
    chosen = {frozenset(people(labelled(fold, subjects=2, draw=draw).train)) for draw in range(20)}
    assert all(len(names) == 2 for names in chosen) and len(chosen) > 2


def test_labels_of_nobody_are_refused(fold: Fold) -> None:
    with pytest.raises(UserError, match=r"S0: labels.subjects names S0, S9, none of whom is in the training part \(S2, S3, S4, S5\)"):
        labelled(fold, subjects=["S0", "S9"])
    with pytest.raises(UserError, match="asks for 5 labelled subjects, the training part has 4; lower it"):
        labelled(fold, subjects=5)
    nobody = [replace(one, activity="") for one in SIX]
    with pytest.raises(UserError, match="S0: no recording of the training part has an activity"):
        with_labels(fold, nobody, LOSO, Labels(by="activity"))


def test_recordings_without_an_activity_are_never_judged_nor_seen_where_their_group_is() -> None:
    mixed = [*SIX, *(replace(facts(f"S{i}", trial="9"), activity="") for i in range(6)), replace(facts("S7"), activity="")]
    for fold in folds(mixed, LOSO):
        part = with_labels(fold, mixed, LOSO, Labels(by="activity"))
        judged = {mixed[i].subject for i in [*part.test, *part.validation]}
        assert all(mixed[i].labelled for i in [*part.train, *part.validation, *part.test])
        unlabelled = {mixed[i].subject for i in part.unlabelled}
        assert unlabelled == {f"S{i}" for i in range(6)} - judged | {"S7"}
        assert all(not mixed[i].labelled for i in part.unlabelled)
