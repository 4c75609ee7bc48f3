"""How a bundle of windows does at other thresholds, and subject by subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from featherfall.core.manifest import Decision
from featherfall.core.text import natural_key
from featherfall.evaluation.events import USUAL, Tolerance
from featherfall.evaluation.intervals import Share, rate_to_json
from featherfall.evaluation.metrics import false_alarms_and_hours, raised_events, ratio, recording_class
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.sweep import prepare, sweep

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
Row = dict[str, Any]


def auc(predictions: Sequence[RecordingPredictions], positive: int) -> float | None:
    """Return the area under the ROC curve of recordings: the probability that one with a fall scores above one without; ties count half.

    A recording's score is the highest probability of its windows, which is the threshold up to which it raises an event; 0 without windows.
    None where there are only recordings of one kind.
    """
    scores = np.asarray([one.probabilities[:, positive].max(initial=0.0) for one in predictions], dtype=np.float64)
    fell = np.asarray([one.recording.fall is not None for one in predictions], dtype=bool)
    if not len(scores) or fell.all() or not fell.any():
        return None
    others = np.sort(scores[~fell])
    below, not_above = (np.searchsorted(others, scores[fell], side=side) for side in ("left", "right"))
    return float((below + not_above).mean() / 2 / len(others))


def threshold_curve(
    predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, tolerance: Tolerance = USUAL
) -> list[Row]:
    """Return a row for each of `THRESHOLDS` and the decision's own: "threshold", "falls_found", "falls", "sensitivity", "precision",
    "false_alarms" (events), "hours" and "false_alarms_per_hour" (see `metrics.fall_metrics`)."""
    swept = sweep(prepare(predictions, positive, decision, tolerance), sorted({*THRESHOLDS, decision.threshold}))
    columns = (swept.thresholds, swept.found(), swept.alarmed(), swept.false_alarms.sum(axis=0))
    falls, hours = int(swept.fell.sum()), float(swept.seconds.sum()) / 3600
    return [
        {"threshold": float(threshold), **_rates(falls, int(found), int(alarmed), int(false), hours)}
        for threshold, found, alarmed, false in zip(*columns, strict=True)
    ]


def by_subject(predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, tolerance: Tolerance = USUAL) -> list[Row]:
    """Return a row for each subject, in order of names: "subject", "recordings", and what `threshold_curve` counts."""
    rows = []
    for subject in sorted({one.recording.subject for one in predictions}, key=natural_key):
        mine = [one for one in predictions if one.recording.subject == subject]
        rows.append({"subject": subject, "recordings": len(mine), **_counted(mine, positive, decision, tolerance)})
    return rows


def activities_by_subject(predictions: Sequence[RecordingPredictions], classes: Sequence[str]) -> list[Row]:
    """Return a row for each subject: "subject", "recordings", "right" and "accuracy" of activities."""
    rows = []
    for subject in sorted({one.recording.subject for one in predictions}, key=natural_key):
        mine = [one for one in predictions if one.recording.subject == subject]
        right = sum((label := recording_class(one)) >= 0 and classes[label] == one.recording.activity for one in mine)
        rows.append({"subject": subject, "recordings": len(mine), "right": right, "accuracy": ratio(right, len(mine))})
    return rows


def intervals_of(counts: Mapping[str, Any]) -> tuple[dict[str, Row], dict[str, Row]]:
    """Return shares by metric, and rates by metric, with their counts and 95% intervals; counts: of `fall_metrics`."""
    falls, missed, alarms = counts["falls"], counts["missed"], counts["false_alarms"]
    others, found = counts["recordings"] - falls, falls - missed
    shares = {
        "sensitivity": Share(found, falls),
        "precision": Share(found, found + alarms),
        "specificity": Share(others - alarms, others),
    }
    rates = {"false_alarms_per_hour": rate_to_json(counts["false_events"], counts["hours"])} if counts.get("hours") else {}
    return {name: share.to_json() for name, share in shares.items()}, rates


def _counted(predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, tolerance: Tolerance) -> Row:
    raised = raised_events(predictions, positive, decision)
    fell = [one.recording.fall is not None for one in predictions]
    found = sum(fall and bool(events) for fall, events in zip(fell, raised, strict=True))
    alarmed = sum(not fall and bool(events) for fall, events in zip(fell, raised, strict=True))
    return _rates(sum(fell), found, alarmed, *false_alarms_and_hours(predictions, raised, tolerance))


def _rates(falls: int, found: int, alarmed: int, false: int, hours: float) -> Row:
    """Return counts and their ratios. alarmed: recordings without a fall in which an event is raised; false: events."""
    return {
        "falls": falls,
        "falls_found": found,
        "sensitivity": ratio(found, falls),
        "precision": ratio(found, found + alarmed),
        "false_alarms": false,
        "hours": round(hours, 4),
        "false_alarms_per_hour": ratio(false, hours),
    }
