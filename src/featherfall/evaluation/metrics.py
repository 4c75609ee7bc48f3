"""Metrics of windows of recordings. Rates are fractions of 1; the positive class is named, never numbered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from featherfall.core.manifest import Decision
from featherfall.evaluation.calibration import brier, ece
from featherfall.evaluation.events import USUAL, Matches, Tolerance, has_times, match_events
from featherfall.evaluation.predictions import RecordingPredictions, pooled
from featherfall.evaluation.sweep import prepare, sweep
from featherfall.runtime.decide.events import Event, events

OPERATING_THRESHOLDS = tuple(k / 10 for k in range(1, 10))
Metrics = dict[str, float | None]  # None: there was nothing to measure it by, e.g. the sensitivity of recordings without a fall


def activity_metrics(predictions: Sequence[RecordingPredictions], classes: Sequence[str]) -> Metrics:
    """Return accuracy and macro_f1 over recordings, ece and brier over windows.

    A recording's class is that of the highest mean log-probability of its windows.
    """
    order = {name: i for i, name in enumerate(classes)}
    truth = np.asarray([order[one.recording.activity] for one in predictions])
    predicted = np.asarray([recording_class(one) for one in predictions])
    probabilities, labels = pooled(predictions)
    return {
        "accuracy": float((predicted == truth).mean()),
        "macro_f1": macro_f1(truth, predicted),
        "ece": ece(probabilities, labels),
        "brier": brier(probabilities, labels),
    }


def confusions(predictions: Sequence[RecordingPredictions], classes: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return (true class, predicted class, how often) of the recordings that were mistaken, most frequent first."""
    predicted = ((one.recording.activity, recording_class(one)) for one in predictions)
    wrong = Counter((truth, classes[label]) for truth, label in predicted if label >= 0 and classes[label] != truth)
    return [(truth, label, count) for (truth, label), count in wrong.most_common()]


def recording_class(one: RecordingPredictions) -> int:
    """Return the class of a recording by its windows; -1 without any."""
    if not len(one.probabilities):
        return -1
    return int(np.log(np.maximum(one.probabilities.astype(np.float64), 1e-12)).mean(axis=0).argmax())


def macro_f1(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean over the classes that occur in `truth` of 2 TP / (2 TP + FP + FN)."""
    scores = []
    for label in np.unique(truth):
        hits = ((truth == label) & (predicted == label)).sum()
        scores.append(2 * hits / ((truth == label).sum() + (predicted == label).sum()))
    return float(np.mean(scores))


def fall_metrics(
    predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, tolerance: Tolerance = USUAL
) -> tuple[Metrics, dict[str, Any]]:
    """Return trial-level and event-level metrics of fall detection, and the counts behind them.

    Trial level: a recording counts as detected when at least one event is raised in it; a fall that triggered nothing is missed. Event
    level only where the falls' times are annotated.

    False alarms per hour are those of recordings without a fall, and of falls whose times are annotated, by the hours of these recordings.
    Any alarm in the recording of a fall of unknown time may be the right one: such recordings add neither alarms nor hours.
    Further alarms of a fall that has its alarm are counted apart ("redundant_alarms"). Lead time only where impacts are annotated.

    Arguments:
        positive: column of the fall class in the probabilities.
        tolerance: how far from a fall its alarm may be raised.
    """
    raised = raised_events(predictions, positive, decision)
    fell = np.asarray([one.recording.fall is not None for one in predictions])
    detected = np.asarray([len(found) > 0 for found in raised])
    hits, alarms, misses, quiet = (
        int((fell & detected).sum()),
        int((~fell & detected).sum()),
        int((fell & ~detected).sum()),
        int((~fell & ~detected).sum()),
    )
    metrics: Metrics = {
        "accuracy": (hits + quiet) / len(predictions),
        "sensitivity": ratio(hits, hits + misses),
        "precision": ratio(hits, hits + alarms),
        "f1": ratio(2 * hits, 2 * hits + alarms + misses),
        "specificity": ratio(quiet, quiet + alarms),
        "non_fall_precision": ratio(quiet, quiet + misses),
    }
    metrics["macro_f1"] = macro_f1(fell.astype(int), detected.astype(int))
    probabilities, labels = pooled(predictions)
    if len(labels):
        metrics |= {"ece": ece(probabilities, labels), "brier": brier(probabilities, labels)}
    counts: dict[str, Any] = {
        "recordings": len(predictions),
        "falls": int(fell.sum()),
        "missed": misses,
        "false_alarms": alarms,
        "untriggered_falls": sum(1 for one in predictions if one.recording.fall is not None and not len(one.centre_s)),
        "false_alarms_by_activity": _count_by(predictions, fell, detected, lambda one: one.recording.activity),
        "false_alarms_by_subject": _count_by(predictions, fell, detected, lambda one: one.recording.subject),
        "missed_by_activity": _count_by(predictions, ~fell, ~detected, lambda one: one.recording.activity),
    }
    counts["operating_points"] = operating_points(predictions, positive, decision, tolerance)
    for trait in sorted({name for one in predictions for name in one.recording.traits}):
        counts[f"false_alarms_by_{trait}"] = _count_by(predictions, fell, detected, lambda one, name=trait: one.recording.traits.get(name))
    false, hours = false_alarms_and_hours(predictions, raised, tolerance)
    if all(has_times(one.recording.fall) for one in predictions):
        matches = [_match(one, found, tolerance) for one, found in zip(predictions, raised, strict=True)]
        metrics |= event_metrics(matches)
        counts["redundant_alarms"] = sum(one.redundant for one in matches)
    if hours or len(predictions) == sum(has_times(one.recording.fall) for one in predictions):
        counts |= {"hours": hours, "false_events": false}
        metrics["false_alarms_per_hour"] = ratio(false, hours)
    return metrics, counts


def raised_events(predictions: Sequence[RecordingPredictions], positive: int, decision: Decision) -> list[list[Event]]:
    """Return the events of each recording. positive: column of the fall class in the probabilities."""
    return [events(one.centre_s, one.end_s, one.probabilities[:, positive], one.decided_by(decision)) for one in predictions]


def false_alarms_and_hours(
    predictions: Sequence[RecordingPredictions], raised: Sequence[Sequence[Event]], tolerance: Tolerance = USUAL
) -> tuple[int, float]:
    """Return the false alarms, and the hours of the recordings in which an alarm can be told from the fall (see `fall_metrics`)."""
    told = [(one, found) for one, found in zip(predictions, raised, strict=True) if has_times(one.recording.fall)]
    false = sum(len(_match(one, found, tolerance).false_alarms) for one, found in told)
    return false, sum(one.recording.duration_s for one, _ in told) / 3600


def _match(one: RecordingPredictions, found: Sequence[Event], tolerance: Tolerance) -> Matches:
    fall = one.recording.fall
    return match_events(found, [] if fall is None else [fall], tolerance)


def operating_points(
    predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, tolerance: Tolerance = USUAL
) -> list[dict[str, float | None]]:
    """Return what is found and raised at thresholds .1 to .9: "false_alarms" are recordings, "false_events" those of `fall_metrics`."""
    swept = sweep(prepare(predictions, positive, decision, tolerance), OPERATING_THRESHOLDS)
    falls, points = int(swept.fell.sum()), []
    for threshold, found, alarmed, false in zip(
        swept.thresholds, swept.found(), swept.alarmed(), swept.false_alarms.sum(axis=0), strict=True
    ):
        hits, alarms = int(found), int(alarmed)
        points.append(
            {
                "threshold": float(threshold),
                "sensitivity": ratio(hits, falls),
                "precision": ratio(hits, hits + alarms),
                "f1": ratio(2 * hits, hits + alarms + falls),
                "false_alarms": alarms,
                "falls_found": hits,
                "false_events": int(false),
            }
        )
    return points


def event_metrics(matches: Sequence[Matches]) -> Metrics:
    """Return sensitivity, precision and F1 of events, redundant alarms left out; the median delay after the impact; and, where impacts are
    annotated, the median lead time of the alarms that came before them, and the share of these falls that had one."""
    falls = [fall for one in matches for fall in one.falls]
    false = sum(len(one.false_alarms) for one in matches)
    hits = sum(fall.alarm is not None for fall in falls)
    metrics: Metrics = {
        "event_sensitivity": ratio(hits, len(falls)),
        "event_precision": ratio(hits, hits + false),
        "event_f1": ratio(2 * hits, 2 * hits + false + (len(falls) - hits)),
    }
    delays = [fall.delay_s for fall in falls if fall.delay_s is not None]
    if delays:
        metrics["detection_delay_s"] = float(np.median(delays))
    with_impact = sum(fall.fall.impact is not None for fall in falls)
    leads = [fall.lead_s for fall in falls if fall.lead_s is not None]
    if with_impact:
        metrics["before_impact"] = len(leads) / with_impact
        metrics["lead_time_s"] = float(np.median(leads)) if leads else None
    return metrics


def ratio(part: float, whole: float) -> float | None:
    """Return None where there is nothing to divide by: the sensitivity of no falls, the precision of no alarms."""
    return part / whole if whole else None


def _count_by(predictions: Sequence[RecordingPredictions], fell: np.ndarray, detected: np.ndarray, key: Any) -> dict[str, int]:
    """Return counts by what `key` gives; recordings for which it gives None (they lack the trait) are left out."""
    wrong = (one for one, fall, found in zip(predictions, fell, detected, strict=True) if not fall and found)
    return dict(Counter(name for one in wrong if (name := key(one)) is not None).most_common())
