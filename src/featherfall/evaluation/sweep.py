"""What recordings raise at many thresholds at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.manifest import Decision
from featherfall.evaluation.events import USUAL, Tolerance, has_times, match_events
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.runtime.decide.events import events


@dataclass(frozen=True, eq=False)
class Sweep:
    """R recordings at T thresholds.

    Attributes:
        thresholds: (T,) rising.
        fell: (R,) bool: whether a recording holds a fall.
        seconds: (R,) of each recording in which a false alarm can be told from a fall; 0 where the fall has no times (see `fall_metrics`).
        raised: (R, T) bool: whether at least one event is raised.
        false_alarms: (R, T) events that are no fall's; 0 where that cannot be told.
    """

    thresholds: np.ndarray
    fell: np.ndarray
    seconds: np.ndarray
    raised: np.ndarray
    false_alarms: np.ndarray

    def found(self) -> np.ndarray:
        """Return (T,) the recordings of falls in which an event is raised."""
        return np.asarray(self.raised[self.fell].sum(axis=0))

    def alarmed(self) -> np.ndarray:
        """Return (T,) the recordings without a fall in which an event is raised."""
        return np.asarray(self.raised[~self.fell].sum(axis=0))


def sweep(
    predictions: Sequence[RecordingPredictions],
    positive: int,
    decision: Decision,
    thresholds: Sequence[float],
    tolerance: Tolerance = USUAL,
) -> Sweep:
    """Return what the recordings raise at each threshold; their own thresholds and the decision's take no part.

    Arguments:
        positive: column of the fall class in the probabilities.
        decision: for what is one event.
        thresholds: rising.
        tolerance: how far from a fall its alarm may be raised.
    """
    levels = np.asarray(thresholds, dtype=np.float64)
    raised = np.zeros((len(predictions), len(levels)), dtype=bool)
    false = np.zeros((len(predictions), len(levels)), dtype=np.int64)
    for i, one in enumerate(predictions):
        raised[i], false[i] = _sweep_one(one, positive, decision, levels, tolerance)
    fell = np.asarray([one.recording.fall is not None for one in predictions], dtype=bool)
    seconds = np.asarray([one.recording.duration_s * has_times(one.recording.fall) for one in predictions])
    return Sweep(levels, fell, seconds, raised, false)


def _sweep_one(
    one: RecordingPredictions, positive: int, decision: Decision, levels: np.ndarray, tolerance: Tolerance
) -> tuple[np.ndarray, np.ndarray]:
    """Return (T,) whether an event is raised, and (T,) false alarms. Events are only made where another window stops to count."""
    probability = one.probabilities[:, positive].astype(np.float64)
    values = np.unique(probability[probability >= levels[0]])  # rising; a window with no number is in no comparison
    raised, false = np.zeros(len(levels), dtype=bool), np.zeros(len(levels), dtype=np.int64)
    lowest = np.searchsorted(values, levels)  # the lowest value that counts at each threshold
    fall = one.recording.fall
    for k in np.unique(lowest[lowest < len(values)]):
        same = lowest == k
        raised[same] = True
        if has_times(fall):
            found = events(one.centre_s, one.end_s, probability, decision.model_copy(update={"threshold": float(values[k])}))
            false[same] = len(match_events(found, [] if fall is None else [fall], tolerance).false_alarms)
    return raised, false
