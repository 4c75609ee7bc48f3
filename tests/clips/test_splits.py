from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clips.tiny import facts

from featherfall.clips.splits import copies_of, folds, full_fit, guard
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.recording import FallTimes

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
    (fold,) = folds(SIX, split, {"odd": lambda recording: "train" if int(recording.subject[1]) % 2 else "test"})
    assert fold.name == "published"
    assert subjects(SIX, fold.train) == {"S1", "S3", "S5"} and subjects(SIX, fold.test) == {"S0", "S2", "S4"}


def test_a_published_list_by_trial_needs_recordings_as_groups() -> None:
    def by_trial(recording: RecordingFacts) -> str:
        return "train" if recording.trial == "0" else "test"

    with pytest.raises(UserError, match=r"published: S0, S1, S2, S3, S4, S5 on both train and test"):
        folds(SIX, Split(protocol="published", list="trials"), {"trials": by_trial})
    (fold,) = folds(SIX, Split(protocol="published", list="trials", group="recording"), {"trials": by_trial})
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


def test_balance_by_falls_reaches_the_validation_part() -> None:
    """Names say what a picture shows, so that the first of them by name would be of one class."""
    recordings = [
        replace(facts(f"{'fall' if fall else 'stand'}{i:02}"), fall=FallTimes() if fall else None)
        for fall in (True, False)
        for i in range(20 if fall else 10)
    ]
    parts = folds(recordings, Split(protocol="kfold", folds=5, balance="fall", validation=6))
    for fold in parts:
        for part, falls, others in ((fold.test, 4, 2), (fold.validation, 4, 2), (fold.train, 12, 6)):
            shown = [recordings[i].fall is not None for i in part]
            assert (sum(shown), len(shown) - sum(shown)) == (falls, others)
    assert len(set(np.concatenate([fold.validation for fold in parts]).tolist())) > 15  # over the folds nearly all take part


def test_a_share_keeps_each_trait_in_proportion_and_lies_inside_larger_ones() -> None:
    ages = ["elder"] * 8 + ["young"] * 12
    recordings = [facts(f"S{i:02}", trial=str(trial), age=age) for i, age in enumerate(ages) for trial in range(2)]
    kept: list[list[set[str]]] = []
    for share in (0.01, 0.1, 0.25, 0.5, 1.0):
        parts = folds(recordings, Split(protocol="kfold", folds=4, balance="age", train_share=share))  # 15 train: 6 elders, 9 young
        kept.append([subjects(recordings, fold.train) for fold in parts])
        for fold, whole in zip(parts, folds(recordings, Split(protocol="kfold", folds=4, balance="age")), strict=True):
            np.testing.assert_array_equal(fold.test, whole.test)
            assert len(fold.train) == 2 * len(subjects(recordings, fold.train))  # all that they did
    assert [len(fold) for fold in kept[0]] == [1] * 4
    assert [[len(fold) for fold in parts] for parts in kept[1:]] == [[2] * 4, [4] * 4, [8] * 4, [15] * 4]
    for smaller, larger in pairwise(kept):
        assert all(few <= many for few, many in zip(smaller, larger, strict=True))
    for few in kept[1]:
        assert {recording.traits["age"] for recording in recordings if recording.subject in few} == {"elder", "young"}


def test_draws_and_folds_choose_differently_and_validation_stays() -> None:
    recordings = [facts(f"S{i:02}") for i in range(40)]

    def drawn(draw: int, share: float = 0.2) -> list[set[str]]:
        split = Split(protocol="kfold", folds=2, validation=4, train_share=share, train_draw=draw)
        return [subjects(recordings, fold.train) for fold in folds(recordings, split)]

    assert drawn(0) == drawn(0) and drawn(0) != drawn(1) and [len(one) for one in drawn(0)] == [3, 3]
    whole, part = (folds(recordings, Split(protocol="kfold", folds=2, validation=4, train_share=share)) for share in (1.0, 0.2))
    for all_of_it, some in zip(whole, part, strict=True):
        np.testing.assert_array_equal(all_of_it.validation, some.validation)


def test_everybody_trains_and_nobody_is_tested() -> None:
    fold = full_fit(SIX, Split(protocol="loso"))
    assert (fold.name, fold.train.tolist()) == ("everybody", list(range(12))) and not len(fold.test) and not len(fold.validation)
    assert len(full_fit(SIX, Split(protocol="loso", train_share=0.5)).train) == 6


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
        folds(SIX, Split(protocol="published", list="all"), {"all": lambda recording: "train"})


def test_an_unknown_published_list_and_options_that_a_protocol_lacks() -> None:
    with pytest.raises(UserError, match=r"split\.list 'odd': the dataset has no such published split; known: all"):
        folds(SIX, Split(protocol="published", list="odd"), {"all": lambda recording: "train"})
    with pytest.raises(UserError, match=r"split\.protocol 'loso' with options share: got an unexpected keyword argument 'share'"):
        folds(SIX, Split(protocol="loso", options={"share": 0.5}))


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


@pytest.mark.parametrize("split", [Split(protocol="loso"), Split(protocol="kfold", folds=2)])
def test_as_many_groups_as_folds_are_enough(split: Split) -> None:
    assert [subjects(SIX[:4], fold.test) for fold in folds(SIX[:4], split)] == [{"S0"}, {"S1"}]


def test_a_trait_may_be_the_group_and_a_scene_may_not() -> None:
    recordings = [facts(f"S{i}", home=f"H{i % 2}", scene=f"S{i}") for i in range(4)]
    assert [subjects(recordings, fold.test) for fold in folds(recordings, Split(protocol="loso", group="home"))] == [
        {"S0", "S2"},
        {"S1", "S3"},
    ]
    with pytest.raises(UserError, match=r"'scene': no recording has this trait; give subject, recording, home$"):
        folds(recordings, Split(protocol="loso", group="scene"))


def test_groups_that_fall_at_all_are_dealt_after_those_that_do_not() -> None:
    """S0, S2 and S4 fall once and walk once; S1 and S3 only walk."""
    recordings = [facts(f"S{i}") for i in range(5)] + [facts(f"S{i}", "trip", fall=FallTimes()) for i in (0, 2, 4)]
    parts = folds(recordings, Split(protocol="kfold", folds=2, balance="fall"))
    assert [subjects(recordings, fold.test) for fold in parts] == [{"S1", "S0", "S4"}, {"S3", "S2"}]


TWELVE = [facts(f"S{i:02}") for i in range(12)]


@pytest.mark.parametrize(("number", "chosen"), [(0, "01 02 03 04 05 06"), (1, "07 08 09 10 11 00"), (2, "01 03 04 05 06 07")])
def test_validation_groups_follow_each_other_from_fold_to_fold(number: int, chosen: str) -> None:
    """Eleven groups are left to train: those of the third fold, 2 x 6 on, begin anew at the second."""
    fold = folds(TWELVE, Split(protocol="loso", validation=6))[number]
    assert subjects(TWELVE, fold.validation) == {f"S{name}" for name in chosen.split()}


def test_validation_is_balanced_where_names_alternate() -> None:
    recordings = [facts(f"S{i:02}", age="elder" if i % 2 else "young") for i in range(16)]
    for fold in folds(recordings, Split(protocol="kfold", folds=2, balance="age", validation=4)):
        assert Counter(recordings[i].traits["age"] for i in fold.validation) == {"elder": 2, "young": 2}


@pytest.mark.parametrize(("share", "elders", "young"), [(0.01, 0, 1), (0.23, 1, 2), (0.24, 2, 2), (0.5, 3, 5), (0.9, 6, 8)])
def test_the_traits_of_a_share(share: float, elders: int, young: int) -> None:
    """Of 6 elders and 9 young, rounded to the nearest number."""
    recordings = [facts(f"S{i:02}", age="elder" if i < 6 else "young") for i in range(15)]
    kept = full_fit(recordings, Split(protocol="loso", balance="age", train_share=share)).train
    ages = [recordings[i].traits["age"] for i in kept]
    assert (ages.count("elder"), ages.count("young")) == (elders, young)


@pytest.mark.parametrize("sides", [("train", "validation"), ("train", "test"), ("validation", "test")])
def test_the_guard_compares_each_two_sides(sides: tuple[str, str]) -> None:
    names = {side: np.asarray(["eve", side] if side in sides else [side]) for side in ("train", "validation", "test")}
    with pytest.raises(UserError, match=f"here: eve on both {sides[0]} and {sides[1]}"):
        guard(names, "here")


def test_one_recording_under_two_names_is_not_on_two_sides() -> None:
    same = (2, 4, 6, 8)
    copied = [replace(one, content=same) if one.id in ("S0/walk/0", "S3/walk/1", "S4/walk/0") else one for one in SIX]
    copies = copies_of(copied)
    assert copies == [(0, 7), (0, 8), (7, 8)]
    with pytest.raises(
        UserError,
        match=r"^fold 1: S0/walk/0 \(test\) and S4/walk/0 \(train\) are the same recording under two names, and 1 more pair\(s\) "
        r"like these .*; remove one of the two, or give both the same subject$",
    ):
        folds(copied, Split(protocol="kfold", folds=3), copies=copies)  # S0 and S3 are tested together
    assert len(folds(copied, Split(protocol="kfold", folds=3))) == 3


def test_copies_within_one_part_are_left_alone() -> None:
    copied = [replace(one, content=(2, 4)) if one.subject in ("S0", "S3") else one for one in SIX]
    assert len(folds(copied, Split(protocol="kfold", folds=3), copies=copies_of(copied))) == 3
    with pytest.raises(UserError, match=r"S0: S0/walk/0 \(test\) and S3/walk/0 \(train\)"):
        folds(copied, Split(protocol="loso"), copies=copies_of(copied))


def test_copies_in_the_validation_part() -> None:
    copied = [replace(one, content=(2, 4)) if one.id in ("S1/walk/0", "S2/walk/0") else one for one in SIX]
    with pytest.raises(UserError, match=r"fold 1: S1/walk/0 \(validation\) and S2/walk/0 \(train\)"):
        folds(copied, Split(protocol="kfold", folds=3, validation=1), copies=copies_of(copied))
