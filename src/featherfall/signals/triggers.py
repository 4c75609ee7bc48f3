"""Impact trigger: find peaks of acceleration."""

from __future__ import annotations

import numpy as np


def find_peaks(magnitude: np.ndarray, threshold: float, spacing: int) -> np.ndarray:
    """Return the indices where the magnitude reaches the threshold and is the highest within `spacing` samples on both sides.

    The first of equal maxima counts, so two peaks are always more than `spacing` samples apart. Whether a sample is a peak depends on its
    neighbourhood alone: a stream read live, `spacing` samples behind, finds the same peaks as the whole recording.

    Arguments:
        magnitude: (N,) float, e.g. |a| in g; NaN never triggers.
        threshold: in the same unit.
        spacing: samples, >= 1.
    Returns: (K,) int64, increasing.
    """
    found = []
    for i in np.flatnonzero(magnitude >= threshold):
        before = magnitude[max(i - spacing, 0) : i]
        after = magnitude[i + 1 : i + 1 + spacing]
        if (before.size == 0 or not (before >= magnitude[i]).any()) and (after.size == 0 or not (after > magnitude[i]).any()):
            found.append(i)
    return np.asarray(found, dtype=np.int64)
