from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.test_metrics import DECISION, FALL, predicted

from featherfall.core.errors import UserError
from featherfall.core.operating import MeasuredOn
from featherfall.evaluation.operating import THRESHOLDS, Counts, choose_points, cross_fit, daily_alarms, fit_points
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.sweep import prepare, sweep

TENTHS = [k / 10 for k in range(1, 10)]


def counts(name: str, falls: int, hours: float, found: list[int], alarmed: list[int], false_alarms: list[int]) -> Counts:
    measured = MeasuredOn(name=name, recordings=falls + 100, people=5, falls=falls, hours=hours)
    return Counts(measured, np.asarray(found), np.asarray(alarmed), np.asarray(false_alarms))


NONE = [0] * 9
LARGE = counts("large", 100, 3.0, [100, 100, 99, 96, 96, 95, 90, 60, 30], [40, 20, 10, 8, 4, 4, 3, 2, 0], [90, 50, 20, 9, 4, 4, 3, 2, 0])
SMALL = counts("small", 10, 1.0, [10, 10, 10, 10, 9, 9, 5, 2, 0], [10, 8, 2, 0, 0, 0, 0, 0, 0], [12, 8, 2, 0, 0, 0, 0, 0, 0])
DAILY = counts("daily", 0, 20.0, NONE, [9, 8, 7, 6, 5, 4, 3, 1, 0], [90, 80, 70, 60, 50, 9, 3, 2, 0])


def test_points_by_hand() -> None:
    """Mean F1 of both: .4 gives (2 * 96 / 204 + 1) / 2 = .971, .5 (.96 + 18 / 19) / 2 = .954, .6 (190 / 199 + 18 / 19) / 2 = .951.

    Only .4 is within a point of the best. 95% of the falls in the mean: .4 finds 96% and 100%, .5 96% and 90%. Daily life: 2 alarms in 20 h
    are .1 an hour, from .8 on.
    """
    assert choose_points(TENTHS, [LARGE, SMALL, DAILY]) == {"sensitive": 0.4, "balanced": 0.4, "quiet": 0.8}


def test_each_dataset_counts_the_same() -> None:
    """Pooled, F1 would be best at .5 (2 * 105 / 219 = .959; .4 has .946) and .6 near it, as in the large one alone."""
    assert choose_points(TENTHS, [LARGE, SMALL])["balanced"] == 0.4
    assert choose_points(TENTHS, [LARGE])["balanced"] == 0.6  # .5 has .960, .6 .955, .4 .941: of two the upper


def test_balanced_is_the_middle_of_the_plateau() -> None:
    flat = counts("flat", 100, 1.0, [100, 95, 95, 95, 96, 95, 95, 50, 0], [200, 0, 0, 0, 0, 0, 0, 0, 0], NONE)
    assert choose_points(TENTHS, [flat])["balanced"] == 0.5  # of .2 to .7 the upper middle
    peaks = counts("peaks", 100, 1.0, [90, 50, 90, 90, 90, 50, 90, 50, 0], NONE, NONE)
    assert choose_points(TENTHS, [peaks])["balanced"] == 0.7  # of equal peaks the higher threshold, and only what joins it


def test_what_cannot_be_reached_is_approached() -> None:
    poor = counts("poor", 100, 1.0, [60, 60, 55, 50, 40, 30, 20, 10, 5], [1] * 9, [9, 9, 9, 8, 7, 6, 5, 5, 5])
    points = choose_points(TENTHS, [poor])
    assert points["sensitive"] == 0.2  # the most that is found anywhere
    assert points["quiet"] == 0.7  # the lowest with the fewest alarms
    assert points["sensitive"] <= points["balanced"] <= points["quiet"]


def test_quiet_stays_quiet_above() -> None:
    """Windows that one event joins fall apart at a higher threshold: more false alarms there than below."""
    parting = counts("parting", 0, 20.0, NONE, [1] * 9, [2, 2, 2, 2, 2, 2, 3, 2, 2])
    assert choose_points(TENTHS, [SMALL, parting])["quiet"] == 0.8


def test_staged_activities_are_not_daily_life() -> None:
    assert daily_alarms([LARGE, SMALL, DAILY])[::2] == ("daily life", 20.0)
    where, alarms, hours = daily_alarms([LARGE, SMALL])
    assert (where, alarms[0], hours) == ("staged activities", 102, 4.0)


def recordings(dataset: str, subject: str, falls: dict[int, float], others: dict[int, float]) -> list[RecordingPredictions]:
    """A recording for each number, with one window of this probability."""
    found = []
    for fall, given in ((FALL, falls), (None, others)):
        for k, probability in given.items():
            one = predicted(subject, f"{'fall' if fall else 'walk'} {k}", fall, {11.0: probability}, seconds=3600)
            found.append(replace(one, recording=replace(one.recording, dataset=dataset)))
    return found


APART = recordings("a", "S1", {1: 0.9, 2: 0.8}, {1: 0.1, 2: 0.2})


def test_fit_by_hand() -> None:
    fitted = fit_points([*APART, *recordings("b", "S1", {}, {1: 0.5})], 1, DECISION, None, "people and datasets")
    operating = fitted.operating
    assert operating is not None and (fitted.decision, fitted.temperature) == (DECISION, 1.0)
    assert (operating.falls, operating.hours, operating.alarms_in, operating.left_out) == (2, 1.0, "daily life", "people and datasets")
    assert [(one.name, one.recordings, one.people, one.falls, one.hours) for one in operating.datasets] == [
        ("a", 4, 1, 2, 4.0),
        ("b", 1, 1, 0, 1.0),
    ]
    rows = {row.threshold: (row.falls_found, row.false_alarms) for row in operating.curve}
    assert list(rows) == list(THRESHOLDS)
    assert (rows[0.5], rows[0.51], rows[0.8], rows[0.81], rows[0.9], rows[0.91]) == ((2, 1), (2, 0), (2, 0), (1, 0), (1, 0), (0, 0))
    assert operating.points == {"sensitive": 0.51, "balanced": 0.51, "quiet": 0.51}  # .21 to .8 find both falls and raise nothing else


def test_a_stated_threshold_is_on_the_curve() -> None:
    fitted = fit_points(APART, 1, DECISION.model_copy(update={"threshold": 0.625}), None)
    assert fitted.operating is not None and fitted.operating.row_at(0.625) is not None
    assert 0.625 in [row.threshold for row in fitted.operating.curve] and fitted.decision.threshold == 0.625


def test_without_falls_nothing_can_be_chosen() -> None:
    quiet = recordings("a", "S1", {}, {1: 0.1})
    assert fit_points(quiet, 1, DECISION, None).operating is None
    with pytest.raises(UserError, match=r"decision\.threshold 'balanced': no fall among the recordings"):
        fit_points(quiet, 1, DECISION, "balanced")


def test_a_fold_is_decided_by_the_others_alone() -> None:
    """The second fold's probabilities are low: its own best threshold would be .3, that of the first fold is the middle of .21 to .8."""
    low = recordings("a", "S2", {1: 0.4, 2: 0.35}, {1: 0.1, 2: 0.2})
    first, second = cross_fit([APART, low], 1, DECISION, "balanced", "subject")
    whole = fit_points(APART, 1, DECISION, "balanced")
    assert second == whole and first == fit_points(low, 1, DECISION, "balanced") and first.decision.threshold < second.decision.threshold
    changed = recordings("a", "S2", {1: 0.99}, {1: 0.98})
    assert cross_fit([APART, changed], 1, DECISION, "balanced", "subject")[1] == whole
    applied = second.applied(low)
    assert [one.decided_by(DECISION).threshold for one in applied] == [second.decision.threshold] * 4


def test_people_of_a_fold_do_not_come_in_by_another() -> None:
    """Validation parts rotate and may share people: those of a fold take no part in its threshold."""
    strangers = recordings("a", "S3", {1: 0.6}, {1: 0.3})
    shared = recordings("a", "S1", {7: 0.99}, {7: 0.01})
    third = recordings("a", "S4", {1: 0.7}, {1: 0.2})
    fitted = cross_fit([APART, [*strangers, *shared], third], 1, DECISION, "balanced", "subject")
    assert fitted[0] == fit_points([*strangers, *third], 1, DECISION, "balanced")


def test_the_curve_is_of_calibrated_probabilities() -> None:
    """What the bundle will raise, which divides its logits by the temperature."""
    some = [
        *recordings("a", "S1", {1: 0.97, 2: 0.9, 3: 0.6, 4: 0.2}, {1: 0.95, 2: 0.3, 3: 0.05}),
        *recordings("b", "S2", {1: 0.8, 2: 0.99}, {1: 0.7, 2: 0.1}),
    ]
    fitted = fit_points(some, 1, DECISION, "balanced")
    assert fitted.temperature > 1.5 and fitted.operating is not None
    swept = sweep(prepare(fitted.applied(some), 1, DECISION), THRESHOLDS)
    assert [row.falls_found for row in fitted.operating.curve] == swept.found().tolist()
    assert [row.false_alarms for row in fitted.operating.curve] == swept.false_alarms.sum(axis=0).tolist()
