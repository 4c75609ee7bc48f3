from __future__ import annotations

import numpy as np
import pytest

from featherfall.clips.store import RecordingFacts
from featherfall.core.manifest import Decision
from featherfall.core.recording import FallTimes
from featherfall.evaluation.bootstrap import over_groups, ratio_over_groups
from featherfall.evaluation.metrics import fall_metrics
from featherfall.evaluation.predictions import RecordingPredictions


def predicted(subject: str, trial: int, fall: bool, p: float) -> RecordingPredictions:
    facts = RecordingFacts(f"{subject}/{trial}", subject, "", str(trial), FallTimes() if fall else None, 1.0, 1, {"series": subject[0]})
    return RecordingPredictions(facts, np.array([0.5]), np.array([1.0]), np.array([[1 - p, p]]), np.array([int(fall)]))


def people(count: int, wrong: int = 0) -> list[RecordingPredictions]:
    """Each falls once and does something else once; the first `wrong` of them are predictions the wrong way round."""
    return [predicted(f"{i:02}", fall, bool(fall), 0.9 if bool(fall) != (i < wrong) else 0.1) for i in range(count) for fall in (0, 1)]


def test_what_is_always_right_stays_right() -> None:
    intervals = over_groups([people(6)], 1, Decision(), "subject")
    assert all(ends == [1.0, 1.0] for ends in intervals.values()) and "f1" in intervals


def test_it_is_the_binomial_of_people() -> None:
    """Of 40 people 10 are wrong in everything: F1 of a draw is the share of right ones, of standard deviation sqrt(.75 x .25 / 40)."""
    low, high = over_groups([people(40, wrong=10)], 1, Decision(), "subject")["f1"]
    half = 1.96 * np.sqrt(0.75 * 0.25 / 40)
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.03)
    assert low < fall_metrics(people(40, wrong=10), 1, Decision())[0]["f1"] < high


def test_fewer_groups_tell_less() -> None:
    """The same pictures, grouped by the tens of their numbers."""
    several, few = (over_groups([people(40, wrong=10)], 1, Decision(), group)["f1"] for group in ("subject", "series"))
    assert few[1] - few[0] > 1.5 * (several[1] - several[0])


def test_seeds_are_averaged_draw_by_draw() -> None:
    """One seed always right, one always wrong: whoever is drawn, the mean is one half."""
    assert over_groups([people(6), people(6, wrong=6)], 1, Decision(), "subject")["accuracy"] == [0.5, 0.5]


def test_a_students_share_by_hand() -> None:
    """Two students of a teacher who finds 2 in each of three recordings; the first two are of one group."""
    teacher, students = np.array([2, 2, 2]), np.array([[2, 1, 2], [1, 0, 2]])
    share, low, high = ratio_over_groups(students, teacher, ["a", "a", "b"])
    assert share == pytest.approx(4 / 6)  # (5 + 3) / 2 of 6
    assert (low, high) == pytest.approx((2 / 4, 2 / 2))  # only a: (3 + 1) / 2 of 4; only b: all
    assert ratio_over_groups(teacher[None], teacher, ["a", "b", "c"]) == (1, 1, 1)


def test_draws_that_hold_no_falls_find_none() -> None:
    """One of two people falls: every fourth draw is twice the other one, and there is nothing to divide by."""
    seed = [predicted("A", 0, True, 0.9), predicted("B", 0, False, 0.1)]
    intervals = over_groups([seed], 1, Decision(), "subject")
    assert intervals["sensitivity"] == intervals["precision"] == intervals["f1"] == intervals["non_fall_precision"] == [0.0, 1.0]
    assert intervals["accuracy"] == [1.0, 1.0]


def test_draws_in_which_the_teacher_finds_nothing_are_left_out() -> None:
    share, low, high = ratio_over_groups(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([2.0, 0.0]), ["a", "b"])
    assert (share, low, high) == (0.75, 0.75, 0.75)


def test_metrics_of_a_single_group_by_hand() -> None:
    """Only one group: every draw is what it is. 3 hits, 1 false alarm, 2 misses, 4 quiet."""
    cases = [(True, 0.9)] * 3 + [(False, 0.9)] + [(True, 0.1)] * 2 + [(False, 0.1)] * 4
    seed = [predicted("A", k, fall, p) for k, (fall, p) in enumerate(cases)]
    intervals = over_groups([seed], 1, Decision(), "subject")
    expected = {"accuracy": 7 / 10, "sensitivity": 3 / 5, "precision": 3 / 4, "f1": 6 / 9, "non_fall_precision": 4 / 6}
    assert {name: ends[0] for name, ends in intervals.items()} == pytest.approx(expected)
    assert all(ends[0] == ends[1] for ends in intervals.values())


def test_intervals_hold_95_percent_of_the_draws() -> None:
    """A fall each of 400 people, 200 found: the share found in a draw has a standard deviation of .025."""
    seed = [predicted(f"{k:03}", 0, True, 0.9 if k % 2 else 0.1) for k in range(400)]
    expected = pytest.approx((0.5 - 1.96 * 0.025, 0.5 + 1.96 * 0.025), abs=0.0025)
    assert tuple(over_groups([seed], 1, Decision(), "subject")["sensitivity"]) == expected
    found = np.array([k % 2 for k in range(400)], float)
    share, low, high = ratio_over_groups(found[None], np.ones(400), [f"{k:03}" for k in range(400)])
    assert share == 0.5 and (low, high) == expected


def test_one_recording_of_each_kind_is_enough() -> None:
    intervals = over_groups([[predicted("A", 0, True, 0.9), predicted("A", 1, False, 0.1)]], 1, Decision(), "subject")
    assert len(intervals) == 5 and all(ends == [1.0, 1.0] for ends in intervals.values())


def test_draws_in_which_a_student_finds_nothing_count() -> None:
    assert ratio_over_groups(np.array([[0.0, 1.0]]), np.ones(2), ["a", "b"]) == (0.5, 0.0, 1.0)


def test_draws_in_which_the_teacher_finds_a_single_one_count() -> None:
    """The students find 2 in every draw, the teacher 2, 1 or none."""
    assert ratio_over_groups(np.ones((1, 2)), np.array([1.0, 0.0]), ["a", "b"]) == (2.0, 1.0, 2.0)


def test_what_nothing_measures_has_no_interval() -> None:
    """Nobody falls, and nobody's recording raises an alarm: no sensitivity, no precision, no F1."""
    quiet = [predicted(f"{i:02}", i, False, 0.1) for i in range(4)]
    assert over_groups([quiet], 1, Decision(), "subject") == {"accuracy": [1.0, 1.0], "non_fall_precision": [1.0, 1.0]}
