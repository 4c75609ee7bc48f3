from __future__ import annotations

from typing import Any

import pytest
from tests.app.conftest import METRICS

from featherfall.app.alarms import brief_false_alarms, describe_false_alarms
from featherfall.core.operating import CurveRow, Operating
from featherfall.core.poisson import poisson_interval


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (3, 0.6187, 8.767), (10, 4.795, 18.39)])
def test_interval_of_a_count_as_in_tables(count: int, low: float, high: float) -> None:
    found = poisson_interval(count)
    assert found[0] == pytest.approx(low, abs=2e-3) and found[1] == pytest.approx(high, abs=5e-3)


def test_cost_of_a_threshold_is_that_of_the_next_lower_one_that_was_measured() -> None:
    # 3 in 2 h: 36 a day, (.6187, 8.767) * 12
    said = describe_false_alarms(METRICS, 0.6)
    assert said.startswith("At 0.5 the model found 95% of 20 falls and raised 3 false alarms in 2.0 h of simulated recordings.")
    assert said.endswith("That is at least 36 a day of such activity (95% interval 7.4 to 105).")
    assert "0 false alarms in 2.0 h" in describe_false_alarms(METRICS, 0.95) and "(95% interval 0.0 to 44)" in describe_false_alarms(
        METRICS, 0.95
    )
    assert "recordings (weda_fall)." in describe_false_alarms(METRICS | {"dataset": "weda_fall"}, 0.5)


def test_days_that_a_model_was_tried_on_come_first() -> None:
    points = [
        {"threshold": 0.5, "sensitivity": 1.0, "false_alarms_per_day": 2.0},
        {"threshold": 0.8, "sensitivity": 0.95, "false_alarms_per_day": 0.0},
    ]
    metrics = METRICS | {"days": {"what": "5 simulated days", "falls": 40, "days": 5, "points": points}}
    # 10 in 5 days: (4.795, 18.39) / 5; none in 5 days: up to 3.689 / 5
    assert describe_false_alarms(metrics, 0.6) == (
        "At 0.5 the model found 100% of 40 falls and raised 2.0 false alarms a day (95% interval 1.0 to 3.7), measured on 5 simulated days."
    )
    assert "raised 0.0 false alarms a day (95% interval 0.0 to 0.7)" in describe_false_alarms(metrics, 0.8)
    assert "unknown below a threshold of 0.5" in describe_false_alarms(metrics, 0.4)


def test_beside_a_confidence_stand_rate_and_interval() -> None:
    assert brief_false_alarms(METRICS, 0.6) == "at least 36 false alarms a day (7.4 to 105)"
    assert brief_false_alarms(METRICS, 0.95) == "at least 0.0 false alarms a day (0.0 to 44)"
    points = [{"threshold": 0.5, "sensitivity": 1.0, "false_alarms_per_day": 2.0}]
    days = {"what": "5 simulated days", "falls": 40, "days": 5, "points": points}
    assert brief_false_alarms(METRICS | {"days": days}, 0.5) == "2.0 false alarms a day (1.0 to 3.7)"


def test_the_bundles_own_curve_comes_first() -> None:
    curve = [
        CurveRow(threshold=0.3, falls_found=20, false_alarms=12),
        CurveRow(threshold=0.5, falls_found=19, false_alarms=1),
        CurveRow(threshold=0.8, falls_found=15, false_alarms=0),
    ]
    points = {"sensitive": 0.3, "balanced": 0.5, "quiet": 0.8}
    operating = Operating(
        curve=curve, falls=20, hours=10, alarms_in="daily life", points=points, left_out="people and datasets", datasets=[]
    )
    # 1 in 10 h: (1, .0253, 5.572) * 2.4 a day
    assert describe_false_alarms(METRICS, 0.5, operating) == (
        "At 0.5 (balanced) the model found 19 of 20 falls, tried on people and datasets left out of training. It raised 1 false alarm in "
        "10.0 h of daily life: 2.4 a day (95% interval 0.1 to 13). Its points: sensitive 0.3, balanced 0.5, quiet 0.8."
    )
    assert describe_false_alarms(None, 0.79, operating).startswith("At 0.5 the model found 19")
    assert brief_false_alarms(None, 0.9, operating) == "0.0 false alarms a day (0.0 to 8.9)"
    assert "unknown below a threshold of 0.3" in describe_false_alarms(METRICS, 0.2, operating)
    uncounted = operating.model_copy(update={"hours": 0.0})
    assert describe_false_alarms(METRICS, 0.5, uncounted) == describe_false_alarms(METRICS, 0.5)


def without(key: str) -> dict[str, Any]:
    counts = {name: value for name, value in METRICS["counts"]["int8"][0].items() if name != key}  # type: ignore[index]
    return METRICS | {"counts": {"int8": [counts]}}


@pytest.mark.parametrize(
    ("metrics", "threshold", "why"),
    [
        (None, 0.5, "has no metrics.json"),
        (METRICS, 0.05, "unknown below a threshold of 0.1"),
        (without("hours"), 0.5, "no hours of observation"),
        (without("operating_points"), 0.5, "did not measure several thresholds"),
        (METRICS | {"counts": {}}, 0.5, "did not measure several thresholds"),
    ],
)
def test_what_was_not_measured_is_unknown(metrics: dict[str, Any] | None, threshold: float, why: str) -> None:
    assert brief_false_alarms(metrics, threshold) == "false alarms a day unknown"
    said = describe_false_alarms(metrics, threshold)
    assert "unknown" in said and why in said
