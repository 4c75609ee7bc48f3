"""Metrics of judged recordings. Rates are fractions of 1; the positive class is named, never numbered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from featherfall.core.manifest import Decision
from featherfall.evaluation.calibration import brier, ece
from featherfall.evaluation.events import has_times, match
from featherfall.evaluation.predictions import RecordingPredictions, pooled
from featherfall.runtime.decide.events import events

Metrics = dict[str, float]


def activity_metrics(judged: Sequence[RecordingPredictions], classes: Sequence[str]) -> Metrics:
    """accuracy and macro_f1 over recordings (class of the highest mean log-probability of its windows), ece and brier over windows."""
    order = {name: i for i, name in enumerate(classes)}
    truth = np.asarray([order[one.recording.activity] for one in judged])
    said = np.asarray([_activity_of(one) for one in judged])
    probabilities, labels = pooled(judged)
    return {
        "accuracy": float((said == truth).mean()),
        "macro_f1": macro_f1(truth, said),
        "ece": ece(probabilities, labels),
        "brier": brier(probabilities, labels),
    }


def confusions(judged: Sequence[RecordingPredictions], classes: Sequence[str]) -> list[tuple[str, str, int]]:
    """(what it was, what was said, how often) of the recordings that were mistaken, most frequent first."""
    said = ((one.recording.activity, _activity_of(one)) for one in judged)
    wrong = Counter((truth, classes[label]) for truth, label in said if label >= 0 and classes[label] != truth)
    return [(truth, label, count) for (truth, label), count in wrong.most_common()]


def _activity_of(one: RecordingPredictions) -> int:
    if not len(one.probabilities):
        return -1
    return int(np.log(np.maximum(one.probabilities.astype(np.float64), 1e-12)).mean(axis=0).argmax())


def macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    """Mean over the classes that occur in `truth` of 2 TP / (2 TP + FP + FN)."""
    scores = []
    for label in np.unique(truth):
        hits = ((truth == label) & (said == label)).sum()
        scores.append(2 * hits / ((truth == label).sum() + (said == label).sum()))
    return float(np.mean(scores))


def fall_metrics(judged: Sequence[RecordingPredictions], positive: int, decision: Decision) -> tuple[Metrics, dict[str, Any]]:
    """Trial-level and event-level metrics of fall detection, and the counts behind them.

    Trial level: a recording counts as detected when at least one event is raised in it; a fall that triggered nothing is missed. Event
    level only where the falls' times are annotated.

    Arguments:
        positive: column of the fall class in the probabilities.
    """
    raised = [events(one.centre_s, one.end_s, one.probabilities[:, positive], decision) for one in judged]
    fell = np.asarray([one.recording.fall is not None for one in judged])
    detected = np.asarray([len(found) > 0 for found in raised])
    hits, alarms, misses, quiet = (
        int((fell & detected).sum()),
        int((~fell & detected).sum()),
        int((fell & ~detected).sum()),
        int((~fell & ~detected).sum()),
    )
    metrics = {
        "accuracy": (hits + quiet) / len(judged),
        "sensitivity": _ratio(hits, hits + misses),
        "precision": _ratio(hits, hits + alarms),
        "f1": _ratio(2 * hits, 2 * hits + alarms + misses),
        "specificity": _ratio(quiet, quiet + alarms),
        "non_fall_precision": _ratio(quiet, quiet + misses),
    }
    metrics["macro_f1"] = macro_f1(fell.astype(int), detected.astype(int))
    probabilities, labels = pooled(judged)
    if len(labels):
        metrics |= {"ece": ece(probabilities, labels), "brier": brier(probabilities, labels)}
    counts: dict[str, Any] = {
        "recordings": len(judged),
        "falls": int(fell.sum()),
        "missed": misses,
        "false_alarms": alarms,
        "untriggered_falls": sum(1 for one in judged if one.recording.fall is not None and not len(one.centre_s)),
        "false_alarms_by_activity": _count_by(judged, fell, detected, lambda one: one.recording.activity),
        "false_alarms_by_subject": _count_by(judged, fell, detected, lambda one: one.recording.subject),
        "missed_by_activity": _count_by(judged, ~fell, ~detected, lambda one: one.recording.activity),
    }
    counts["operating_points"] = operating_points(judged, positive, decision)
    for trait in sorted({name for one in judged for name in one.recording.traits}):
        counts[f"false_alarms_by_{trait}"] = _count_by(judged, fell, detected, lambda one, trait=trait: one.recording.traits.get(trait))
    if all(has_times(one.recording.fall) for one in judged):
        metrics |= _event_metrics(judged, raised, counts)
    return metrics, counts


def operating_points(judged: Sequence[RecordingPredictions], positive: int, decision: Decision) -> list[dict[str, float]]:
    """Sensitivity, precision and F1 at thresholds .1 to .9: on a validation part, the way to choose `decision.threshold`."""
    points = []
    for threshold in np.arange(1, 10) / 10:
        moved = decision.model_copy(update={"threshold": float(threshold)})
        found = np.asarray([bool(events(one.centre_s, one.end_s, one.probabilities[:, positive], moved)) for one in judged])
        fell = np.asarray([one.recording.fall is not None for one in judged])
        hits, alarms, misses = int((fell & found).sum()), int((~fell & found).sum()), int((fell & ~found).sum())
        points.append(
            {
                "threshold": float(threshold),
                "sensitivity": _ratio(hits, hits + misses),
                "precision": _ratio(hits, hits + alarms),
                "f1": _ratio(2 * hits, 2 * hits + alarms + misses),
                "false_alarms": alarms,
            }
        )
    return points


def _event_metrics(judged: Sequence[RecordingPredictions], raised: Sequence[Sequence[Any]], counts: dict[str, Any]) -> Metrics:
    matches = [match(found, one.recording.fall) for one, found in zip(judged, raised, strict=True)]
    falls = sum(one.recording.fall is not None for one in judged)
    hits = sum(one.hit for one in matches)
    false = sum(one.false_alarms for one in matches)
    hours = sum(one.recording.duration_s for one in judged) / 3600
    counts |= {"hours": hours, "false_events": false}
    delays = [one.delay_s for one in matches if one.delay_s is not None]
    metrics = {
        "event_sensitivity": _ratio(hits, falls),
        "event_precision": _ratio(hits, hits + false),
        "event_f1": _ratio(2 * hits, 2 * hits + false + (falls - hits)),
        "false_alarms_per_hour": false / hours if hours else 0.0,
    }
    if delays:
        metrics["detection_delay_s"] = float(np.median(delays))
    return metrics


def _ratio(part: float, whole: float) -> float:
    """0 where there is nothing to divide by: no detection at all is no precision."""
    return part / whole if whole else 0.0


def _count_by(judged: Sequence[RecordingPredictions], fell: np.ndarray, detected: np.ndarray, key: Any) -> dict[str, int]:
    """Counts by what `key` gives; recordings for which it gives None (they lack the trait) are left out."""
    wrong = (one for one, fall, found in zip(judged, fell, detected, strict=True) if not fall and found)
    return dict(Counter(name for one in wrong if (name := key(one)) is not None).most_common())
