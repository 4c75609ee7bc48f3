"""Recordings with a model's predictions of their windows: the input of every metric of windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.clips.store import ClipStore, RecordingFacts
from featherfall.core.manifest import Decision


@dataclass(frozen=True, eq=False)
class RecordingPredictions:
    """One recording and its K predicted windows (none where nothing triggered).

    Attributes:
        centre_s, end_s: (K,) seconds.
        probabilities: (K, classes), each row sums to 1.
        labels: (K,) true class of each window; negative where it has none (away from the fall of a fall recording).
        threshold: at which this recording is decided, chosen without it; None for that of the decision.
    """

    recording: RecordingFacts
    centre_s: np.ndarray
    end_s: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray
    threshold: float | None = None

    def decided_by(self, decision: Decision) -> Decision:
        """Return the decision with this recording's own threshold, where it has one."""
        return decision if self.threshold is None else decision.model_copy(update={"threshold": self.threshold})


def clip_predictions(store: ClipStore, recordings: np.ndarray, probabilities: np.ndarray, labels: np.ndarray) -> list[RecordingPredictions]:
    """Group clip probabilities by recording, in order of time.

    Arguments:
        recordings: indices of the recordings; those without clips are kept: a fall that triggers nothing is missed.
        probabilities: (clips of these recordings in the store's order, classes).
        labels: (N,) class of every clip of the store.
    """
    index = store.clips_of(recordings)
    assert len(index) == len(probabilities)
    owner = store.recording[index]
    out = []
    for recording in recordings:
        rows = np.flatnonzero(owner == recording)
        rows = rows[np.argsort(store.centre_s[index[rows]], kind="stable")]
        clips = index[rows]
        out.append(
            RecordingPredictions(store.recordings[recording], store.centre_s[clips], store.end_s[clips], probabilities[rows], labels[clips])
        )
    return out


def pooled(predictions: Sequence[RecordingPredictions]) -> tuple[np.ndarray, np.ndarray]:
    """Return all windows that have a true class: (M, classes) probabilities and (M,) labels."""
    probabilities = np.concatenate([one.probabilities for one in predictions])
    labels = np.concatenate([one.labels for one in predictions])
    return probabilities[labels >= 0], labels[labels >= 0]
