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


class RecordingSweep:
    """One recording's alarms at any threshold. Events are made where another window stops to count, and only once.

    Attributes:
        predicted: the recording with its windows; its own threshold takes no part.
    """

    def __init__(self, predicted: RecordingPredictions, positive: int, decision: Decision, tolerance: Tolerance = USUAL) -> None:
        """Arguments:
        positive: column of the fall class in the probabilities.
        decision: for what is one event.
        tolerance: how far from a fall its alarm may be raised.
        """
        self.predicted = predicted
        self._decision, self._tolerance = decision, tolerance
        self._probability = predicted.probabilities[:, positive].astype(np.float64)
        self._values = np.unique(self._probability[~np.isnan(self._probability)])  # rising
        self._false: dict[int, int] = {}  # false alarms by the number of the lowest value that counts

    def at(self, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (T,) whether an event is raised, and (T,) false alarms, at thresholds (T,)."""
        lowest = np.searchsorted(self._values, levels)
        raised = lowest < len(self._values)
        false = np.zeros(len(levels), dtype=np.int64)
        if has_times(self.predicted.recording.fall):
            false[raised] = [self._false_from(k) for k in lowest[raised].tolist()]
        return raised, false

    def _false_from(self, k: int) -> int:
        if k not in self._false:
            one, fall = self.predicted, self.predicted.recording.fall
            decision = self._decision.model_copy(update={"threshold": float(self._values[k])})
            found = events(one.centre_s, one.end_s, self._probability, decision)
            self._false[k] = len(match_events(found, [] if fall is None else [fall], self._tolerance).false_alarms)
        return self._false[k]


def prepare(
    predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, tolerance: Tolerance = USUAL
) -> list[RecordingSweep]:
    """Return the recordings for `sweep`; arguments as `RecordingSweep`'s."""
    return [RecordingSweep(one, positive, decision, tolerance) for one in predictions]


def sweep(recordings: Sequence[RecordingSweep], thresholds: Sequence[float] | np.ndarray) -> Sweep:
    """Return what the recordings raise at each threshold. thresholds: rising."""
    levels = np.asarray(thresholds, dtype=np.float64)
    raised = np.zeros((len(recordings), len(levels)), dtype=bool)
    false = np.zeros((len(recordings), len(levels)), dtype=np.int64)
    for i, one in enumerate(recordings):
        raised[i], false[i] = one.at(levels)
    facts = [one.predicted.recording for one in recordings]
    fell = np.asarray([one.fall is not None for one in facts], dtype=bool)
    seconds = np.asarray([one.duration_s * has_times(one.fall) for one in facts])
    return Sweep(levels, fell, seconds, raised, false)
