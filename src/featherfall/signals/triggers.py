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
    if not (magnitude >= threshold).any():
        return np.zeros(0, dtype=np.int64)
    count = len(magnitude)
    spacing = min(spacing, count)
    padded = np.full(count + 2 * spacing, -np.inf, magnitude.dtype)
    known = padded[spacing : spacing + count]
    known[:] = np.where(np.isnan(magnitude), -np.inf, magnitude)
    highest = _highest_from(padded, spacing)
    before, after = highest[:count], highest[spacing + 1 :]  # of the `spacing` samples before and after each
    return np.flatnonzero((magnitude >= threshold) & (known > before) & (known >= after))


def _highest_from(values: np.ndarray, width: int) -> np.ndarray:
    """Return for each place the maximum of the `width` values from there, by doubling; (N,) -> (N - width + 1,)."""
    reach = 1
    while reach < width:
        step = min(reach, width - reach)
        values = np.maximum(values[:-step], values[step:])
        reach += step
    return values
