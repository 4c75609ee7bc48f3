from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.test_metrics import DECISION, FALL, SIX, activity, predicted

from featherfall.core.recording import FallTimes
from featherfall.evaluation.curve import THRESHOLDS, activities_by_subject, auc, by_subject, intervals_of, threshold_curve
from featherfall.evaluation.intervals import rate_to_json, wilson
from featherfall.evaluation.metrics import fall_metrics


def test_auc_by_hand() -> None:
    """Scores of falls .9, 0 (no window), .2; of others .7, .4, 0: of nine pairs 3 + .5 + 1 are in order."""
    assert auc(SIX, 1) == pytest.approx((3 + 0.5 + 1) / 9)


def test_auc_needs_both_kinds() -> None:
    assert auc([one for one in SIX if one.recording.fall], 1) is None
    assert auc([one for one in SIX if not one.recording.fall], 1) is None
    assert auc([], 1) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    predictions = [predicted("S1", "a", FALL if fell else None, {1.0: score / 10}) for fell, score in rows]
    falls, others = ([score for fell, score in rows if fell is kind] for kind in (True, False))
    pairs = [(a > b) + (a == b) / 2 for a in falls for b in others]
    assert auc(predictions, 1) == (pytest.approx(np.mean(pairs)) if pairs else None)


def test_the_curve_by_hand() -> None:
    curve = {row["threshold"]: row for row in threshold_curve(SIX, 1, DECISION.model_copy(update={"threshold": 0.65}))}
    assert list(curve) == sorted([*THRESHOLDS, 0.65])  # the bundle's own is among them
    assert curve[0.2] == {
        "threshold": 0.2,
        "falls": 3,
        "falls_found": 2,
        "sensitivity": pytest.approx(2 / 3),
        "precision": 2 / 4,
        "false_alarms": 3,  # .6 and .7 in one recording, .4 in another
        "hours": 1.0,
        "false_alarms_per_hour": 3.0,
    }
    assert curve[0.65]["false_alarms"] == 1 and curve[0.99]["sensitivity"] == 0 and curve[0.99]["precision"] is None
    found = [row["falls_found"] for row in curve.values()]
    assert found == sorted(found, reverse=True)


def test_subjects_by_hand() -> None:
    unknown = predicted("S10", "trip", FallTimes(), {11.0: 0.9}, seconds=60)
    rows = by_subject([*SIX, unknown], 1, DECISION)
    assert [row["subject"] for row in rows] == ["S1", "S2", "S3", "S10"]
    assert rows[1] == {
        "subject": "S2",
        "recordings": 2,
        "falls": 1,
        "falls_found": 0,
        "sensitivity": 0.0,
        "precision": 0.0,
        "false_alarms": 2,
        "hours": pytest.approx(1 / 3, abs=1e-4),
        "false_alarms_per_hour": pytest.approx(6),
    }
    assert rows[2]["sensitivity"] is None and rows[2]["false_alarms_per_hour"] == 0
    assert rows[3]["sensitivity"] == 1 and rows[3]["false_alarms_per_hour"] is None and rows[3]["hours"] == 0


def test_activities_of_subjects() -> None:
    three = [activity("lie", [0.7, 0.2, 0.1]), activity("sit", [0.9, 0.1, 0.0]), activity("walk")]
    rows = activities_by_subject(three, ["lie", "sit", "walk"])
    assert rows == [{"subject": "S1", "recordings": 3, "right": 1, "accuracy": pytest.approx(1 / 3)}]


def test_intervals_by_hand() -> None:
    metrics, counts = fall_metrics(SIX, 1, DECISION)
    shares, rates = intervals_of(counts)
    assert {name: (one["hits"], one["count"]) for name, one in shares.items()} == {
        "sensitivity": (1, 3),
        "precision": (1, 2),
        "specificity": (2, 3),
    }
    assert all(metrics[name] == one["hits"] / one["count"] for name, one in shares.items())
    assert shares["specificity"]["ci95"] == list(wilson(2, 3))
    assert rates == {"false_alarms_per_hour": {"count": 2, "hours": 1.0, "ci95": pytest.approx([0.2422, 7.2247], abs=1e-3)}}  # Garwood
    assert intervals_of({name: value for name, value in counts.items() if name != "hours"})[1] == {}
    assert rate_to_json(0, 2.0)["ci95"] == pytest.approx([0, 3.689 / 2], abs=1e-3)
