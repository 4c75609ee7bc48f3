from __future__ import annotations

from typing import Any

import pytest
from tests.core.test_manifest import manifest

from featherfall.core.checked import check
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.runtime.operating import choose_point

CURVE = [(0.1, 100, 90), (0.3, 98, 20), (0.5, 95, 4), (0.6, 90, 1), (0.7, 85, 2), (0.8, 70, 0), (0.9, 50, 0)]


def bundle(hours: float = 12.0, counts: list[tuple[float, int, int]] = CURVE, **changes: Any) -> Manifest:
    operating = {
        "curve": [{"threshold": at, "falls_found": found, "false_alarms": false} for at, found, false in counts],
        "falls": 100,
        "hours": hours,
        "alarms_in": "daily life",
        "points": {"sensitive": 0.5, "balanced": 0.6, "quiet": 0.8},
        "left_out": "people and datasets",
        "datasets": [{"name": "walking", "recordings": 9, "people": 3, "falls": 0, "hours": hours}],
    }
    return check(Manifest, manifest(operating=operating | changes), "manifest.json")


def test_a_point_says_what_was_measured() -> None:
    point = choose_point(bundle(), "balanced", None)
    assert (point.threshold, point.falls_found, point.false_alarms, point.a_day, point.proven) == (0.6, 90, 1, 2.0, True)
    # 1 alarm excludes more than 4.744 in 12 h
    assert list(point.lines()) == [
        "operating point: balanced, threshold 0.6: 90 of 100 falls found; 1 false alarm in 12.0 h of daily life, which excludes only more "
        "than 9.5 a day (95%)"
    ]


def test_silence_of_some_hours_proves_little() -> None:
    (line,) = choose_point(bundle(hours=1.7), "quiet", None).lines()
    assert line.endswith("0 false alarms in 1.7 h of daily life, which excludes only more than 42 a day (95%)")


def test_a_budget_that_the_hours_prove_takes_the_lowest_threshold() -> None:
    """In 2400 h (100 days) 1 a day are 100: 20 alarms exclude more than 29, 90 more than 107. 3 in 10 days are proven by 4.744 from .8 on:
    .6 has 1, but .7 has 2 (6.296 in 100 days), so that .05 a day would hold at .6 alone."""
    long = bundle(hours=2400)
    assert choose_point(long, None, 1.0).threshold == 0.3
    assert choose_point(long, None, 1.1).threshold == 0.1
    assert choose_point(long, None, 0.05).threshold == 0.8
    assert choose_point(long, None, 1.0).proven and len(list(choose_point(long, None, 1.0).lines())) == 1


def test_a_budget_that_the_hours_cannot_prove_takes_the_quietest_and_says_so() -> None:
    point = choose_point(bundle(), None, 1.0)
    assert (point.threshold, point.proven) == (0.8, False)
    assert list(point.lines())[1] == "1 false alarm a day is not proven: that takes 72 h without a false alarm, 12.0 h were measured"


def test_a_budget_that_no_threshold_meets_takes_the_quietest_and_says_so() -> None:
    loud = bundle(counts=[(0.2, 90, 30), (0.6, 80, 5), (0.9, 70, 5)])
    point = choose_point(loud, None, 2.0)
    assert (point.threshold, point.proven) == (0.6, False)
    assert list(point.lines())[1] == "2 false alarms a day is not met: no threshold raised fewer than 10 a day"


def test_without_hours_nothing_can_be_said_of_alarms() -> None:
    point = choose_point(bundle(hours=0.0), None, 1.0)
    first, second = point.lines()
    assert first.endswith("false alarms were not counted") and second == "1 false alarm a day cannot be judged: no hours were measured"


@pytest.mark.parametrize(
    ("found", "name", "budget", "message"),
    [
        (bundle(), "quiet", 1.0, "give either an operating point"),
        (bundle(), None, None, "give either an operating point"),
        (bundle(), None, 0.0, r"0 false alarms a day: give a number from 0\.001 on"),
        (bundle(), None, float("nan"), "nan false alarms a day"),
        (bundle(points={"balanced": 0.6}), "quiet", None, "has no operating point 'quiet'; it has: balanced"),
        (
            check(Manifest, manifest(), "manifest.json"),
            "quiet",
            None,
            r"bundle 'wrist' has no curve of operating points, only its thr",
        ),
        (check(Manifest, manifest(), "manifest.json"), None, 1.0, r"bundle 'wrist' has no curve of operating points, only its thr"),
    ],
)
def test_what_cannot_be_chosen_is_refused(found: Manifest, name: str | None, budget: float | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        choose_point(found, name, budget)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curve": []}, r"operating\.curve"),
        ({"curve": [{"threshold": 0.5, "falls_found": 1, "false_alarms": 0}] * 2}, "the curve's thresholds do not rise"),
        ({"curve": [{"threshold": 0.5, "falls_found": 101, "false_alarms": 0}]}, r"finds more falls than there were \(100\)"),
        ({"curve": [{"threshold": 0.5, "falls_found": 1, "false_alarms": -1}]}, r"operating\.curve"),
        ({"hours": float("inf")}, r"operating\.hours"),
        ({"points": {"loud": 0.5}}, r"operating\.points"),
        ({"points": {"quiet": 1.5}}, r"operating\.points"),
        ({"left_out": "x" * 201}, r"operating\.left_out"),
    ],
)
def test_a_damaged_curve_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        bundle(**changes)
