from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.clips.tiny import facts

from featherfall.core.manifest import Decision
from featherfall.core.recording import FallTimes
from featherfall.evaluation.events import Tolerance
from featherfall.evaluation.metrics import activity_metrics, fall_metrics, macro_f1, operating_points
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import task_metrics

DECISION = Decision(threshold=0.5, merge_s=5.0)
FALL = FallTimes(10.0, 11.0, 12.0)


def predicted(
    subject: str, activity: str, fall: FallTimes | None, windows: dict[float, float], seconds: float = 600.0, age: str = "young"
) -> RecordingPredictions:
    """A recording; windows: {centre: probability of a fall}, each known to a device 2 s after its centre."""
    centre = np.asarray(list(windows), float)
    p = np.asarray(list(windows.values()), float)
    label = np.full(len(p), int(fall is not None))
    return RecordingPredictions(
        facts(subject, activity, fall=fall, seconds=seconds, age=age), centre, centre + 2, np.stack([1 - p, p], axis=1), label
    )


SIX = [
    predicted("S1", "trip", FALL, {10.5: 0.9, 12.0: 0.8}),  # caught: one event
    predicted("S1", "faint", FALL, {}),  # nothing triggered: missed
    predicted("S2", "faint", FALL, {11.0: 0.2}),  # missed
    predicted("S2", "jump", None, {20.0: 0.6, 21.0: 0.1, 40.0: 0.7}, age="elder"),  # two false alarms in one recording
    predicted("S3", "jump", None, {20.0: 0.4}),  # quiet
    predicted("S3", "walk", None, {}),  # quiet, and nothing triggered
]


def test_falls_by_hand() -> None:
    metrics, counts = fall_metrics(SIX, 1, DECISION)
    expected = {
        "accuracy": 3 / 6,
        "sensitivity": 1 / 3,
        "precision": 1 / 2,
        "f1": 2 / (2 + 1 + 2),
        "specificity": 2 / 3,
        "non_fall_precision": 2 / 4,
        "macro_f1": (2 / 5 + 4 / 7) / 2,
        "event_sensitivity": 1 / 3,
        "event_precision": 1 / 3,
        "event_f1": 2 / (2 + 2 + 2),
        "false_alarms_per_hour": 2 / 1.0,
        "detection_delay_s": 12.5 - 11.0,
        "before_impact": 0.0,
        "lead_time_s": None,
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)
    assert metrics.keys() - expected.keys() == {"ece", "brier"}
    assert {name: value for name, value in counts.items() if name != "operating_points"} == {
        "recordings": 6,
        "falls": 3,
        "missed": 2,
        "false_alarms": 1,
        "untriggered_falls": 1,
        "false_alarms_by_activity": {"jump": 1},
        "false_alarms_by_subject": {"S2": 1},
        "missed_by_activity": {"faint": 2},
        "false_alarms_by_age": {"elder": 1},
        "hours": pytest.approx(1.0),
        "false_events": 2,
        "redundant_alarms": 0,
    }


def test_a_trait_that_some_recordings_lack() -> None:
    alarms = [predicted(subject, "jump", None, {20.0: 0.9}) for subject in ("S1", "S2")]
    alarms[1] = replace(alarms[1], recording=replace(alarms[1].recording, traits={}))
    assert fall_metrics([*alarms, predicted("S3", "trip", FALL, {})], 1, DECISION)[1]["false_alarms_by_age"] == {"young": 1}


def test_operating_points_by_hand() -> None:
    points = {point["threshold"]: point for point in operating_points(SIX, 1, DECISION)}
    assert list(points) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    low, stated, high = points[0.2], points[0.5], points[0.9]
    shares = {"sensitivity": 2 / 3, "precision": 2 / 4, "f1": 4 / (4 + 2 + 1)}
    assert low == pytest.approx({"threshold": 0.2, "falls_found": 2, "false_alarms": 2, "false_events": 3, **shares})
    metrics, counts = fall_metrics(SIX, 1, DECISION)
    assert all(stated[name] == metrics[name] for name in ("sensitivity", "precision", "f1"))
    shares = {"sensitivity": 1 / 3, "precision": 1, "f1": 2 / (2 + 2)}
    assert high == pytest.approx({"threshold": 0.9, "falls_found": 1, "false_alarms": 0, "false_events": 0, **shares})
    assert counts["operating_points"] == list(points.values())


def test_a_second_alarm_of_one_fall_is_redundant() -> None:
    twice = predicted("S1", "trip", FALL, {8.5: 0.9, 13.9: 0.9})  # raised at 10.5 and 15.9 s, the impact is at 11 s
    metrics, counts = fall_metrics([twice], 1, DECISION)
    assert counts["redundant_alarms"] == 1 and counts["false_events"] == 0 and metrics["event_precision"] == 1
    assert metrics["before_impact"] == 1 and metrics["lead_time_s"] == 0.5 and metrics["detection_delay_s"] == -0.5
    narrow = Tolerance(1.0, 2.0)
    metrics, counts = fall_metrics([twice], 1, DECISION, narrow)
    assert counts["redundant_alarms"] == 0 and counts["false_events"] == 1 and metrics["event_precision"] == 0.5


def test_lead_time_needs_annotated_impacts() -> None:
    ended = predicted("S1", "trip", FallTimes(9.0, None, 11.0), {8.5: 0.9})
    metrics, _ = fall_metrics([ended], 1, DECISION)
    assert metrics["event_sensitivity"] == 1 and not {"lead_time_s", "before_impact"} & metrics.keys()
    leads = [predicted("S1", "trip", FALL, {raised - 2: 0.9}) for raised in (9.5, 10.0, 12.0)]
    metrics, _ = fall_metrics([ended, *leads, predicted("S2", "trip", FALL, {})], 1, DECISION)
    assert metrics["before_impact"] == 2 / 4 and metrics["lead_time_s"] == (1.5 + 1.0) / 2


def test_an_alarm_away_from_the_fall_is_false() -> None:
    metrics, counts = fall_metrics([predicted("S1", "trip", FALL, {11.0: 0.9, 60.0: 0.9})], 1, DECISION)
    assert counts["false_events"] == 1 and counts["missed"] == 0
    assert metrics["event_sensitivity"] == 1 and metrics["event_precision"] == 1 / 2
    assert metrics["false_alarms_per_hour"] == pytest.approx(6)  # one in ten minutes


def test_an_alarm_far_from_the_fall_detects_the_recording_but_not_the_fall() -> None:
    metrics, counts = fall_metrics([predicted("S1", "trip", FALL, {60.0: 0.9})], 1, DECISION)
    assert metrics["sensitivity"] == 1 and metrics["event_sensitivity"] == 0 and counts["false_events"] == 1
    assert "detection_delay_s" not in metrics


def test_where_nobody_noted_the_times_false_alarms_are_those_that_can_be_told() -> None:
    """Of a fall of unknown time any alarm may be the right one: the recording adds neither alarms nor hours."""
    unknown = predicted("S4", "trip", FallTimes(), {11.0: 0.9, 60.0: 0.9}, seconds=1200)
    metrics, counts = fall_metrics([*SIX, unknown], 1, DECISION)
    assert "event_f1" not in metrics and metrics["sensitivity"] == 2 / 4
    assert (counts["hours"], counts["false_events"]) == (pytest.approx(1.0), 2)
    assert metrics["false_alarms_per_hour"] == pytest.approx(2.0)
    metrics, counts = fall_metrics([unknown], 1, DECISION)
    assert "false_alarms_per_hour" not in metrics and "hours" not in counts


def test_nothing_to_divide_by_is_none() -> None:
    metrics, counts = fall_metrics([predicted("S1", "walk", None, {})], 1, DECISION)
    names = ("precision", "sensitivity", "f1", "event_sensitivity", "event_precision", "event_f1")
    assert all(metrics[name] is None for name in names) and metrics["specificity"] == 1 and metrics["false_alarms_per_hour"] == 0
    assert "ece" not in metrics and counts["untriggered_falls"] == 0
    assert all(point["sensitivity"] is None and point["false_alarms"] == 0 for point in counts["operating_points"])
    metrics, _ = fall_metrics([predicted("S1", "trip", FALL, {})], 1, DECISION)
    assert metrics["sensitivity"] == metrics["f1"] == 0 and metrics["precision"] is metrics["specificity"] is None
    metrics, _ = fall_metrics([predicted("S1", "walk", None, {10.0: 0.9})], 1, DECISION)
    assert metrics["precision"] == metrics["f1"] == 0 and metrics["sensitivity"] is None


def test_windows_that_are_neither_class_do_not_count_in_calibration() -> None:
    one = predicted("S1", "trip", FALL, {11.0: 0.9, 30.0: 0.1})
    one.labels[1] = -1
    metrics, _ = fall_metrics([one], 1, DECISION)
    assert metrics["brier"] == pytest.approx(2 * 0.1**2)
    assert metrics["ece"] == pytest.approx(0.1)


def swapped(one: RecordingPredictions) -> RecordingPredictions:
    labels = np.where(one.labels >= 0, 1 - one.labels, one.labels)
    return RecordingPredictions(one.recording, one.centre_s, one.end_s, one.probabilities[:, ::-1], labels)


def test_the_order_of_the_labels_has_no_meaning() -> None:
    """Labels were inverted by mistake twice where the fall class was a number; here its name decides."""
    straight = task_metrics(SIX, "fall", ["not_fall", "fall"], "fall", DECISION)
    turned = task_metrics([swapped(one) for one in SIX], "fall", ["fall", "not_fall"], "fall", DECISION)
    assert turned[0] == pytest.approx(straight[0]) and turned[1] == straight[1]


def test_a_fall_class_of_any_name() -> None:
    assert task_metrics(SIX, "fall", ["a", "b"], "b", DECISION)[0] == task_metrics(SIX, "fall", ["not_fall", "fall"], "fall", DECISION)[0]
    with pytest.raises(ValueError, match="'fall' is not in list"):
        task_metrics(SIX, "fall", ["a", "b"], "fall", DECISION)


def activity(name: str, *rows: list[float]) -> RecordingPredictions:
    classes = ["lie", "sit", "walk"]
    centre = np.arange(len(rows), dtype=float)
    labels = np.full(len(rows), classes.index(name))
    return RecordingPredictions(facts("S1", name), centre, centre, np.asarray(rows).reshape(-1, 3), labels)


def test_activities_by_hand() -> None:
    predictions = [
        activity("lie", [0.7, 0.2, 0.1]),
        activity("sit", [0.1, 0.8, 0.1], [0.5, 0.4, 0.1]),  # .8 x .4 > .1 x .5: sit
        activity("sit", [0.98, 0.01, 0.01], [0.3, 0.6, 0.1], [0.3, 0.6, 0.1]),  # two of three say sit, but the first is sure: lie
        activity("walk"),  # no window: wrong
        activity("lie"),  # no window: wrong, but taken for nothing else
    ]
    metrics = activity_metrics(predictions, ["lie", "sit", "walk"])
    assert metrics["accuracy"] == 2 / 5
    lie, sit, walk = 2 / (2 + 2), 2 / (2 + 1), 0.0
    assert metrics["macro_f1"] == pytest.approx((lie + sit + walk) / 3)
    rows = np.concatenate([one.probabilities for one in predictions])
    truth = np.eye(3)[[0, 1, 1, 1, 1, 1]]
    assert metrics["brier"] == pytest.approx(((rows - truth) ** 2).sum() / 6)
    assert task_metrics(predictions, "activity", ["lie", "sit", "walk"], None, DECISION) == (
        metrics,
        {"recordings": 5, "confused": [("sit", "lie", 1)]},
    )


def test_a_window_that_excludes_a_class_does_not_decide_alone() -> None:
    assert activity_metrics([activity("lie", [1, 0, 0], [1, 0, 0], [0, 1, 0])], ["lie", "sit", "walk"])["accuracy"] == 1


def test_macro_f1_by_hand() -> None:
    # Class 2 is said but never true: it is no class of its own, but costs those it was said for.
    assert macro_f1(np.asarray([0, 0, 1, 1]), np.asarray([0, 2, 1, 0])) == pytest.approx((2 / (2 + 2) + 2 / (2 + 1)) / 2)


def test_recordings_without_a_length_have_no_hours() -> None:
    metrics, counts = fall_metrics([predicted("S1", "jump", None, {0.0: 0.9}, seconds=0.0)], 1, DECISION)
    assert counts["hours"] == 0 and metrics["false_alarms_per_hour"] is None
