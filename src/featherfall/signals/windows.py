"""Fixed-length windows of an even signal."""

from __future__ import annotations

import numpy as np


def sliding_starts(count: int, length: int, stride: int, first: int = 0, after: int | None = None) -> np.ndarray:
    """Return the first indices of windows that tile `count` samples; one (padded) window for a signal shorter than a window.

    The last window ends with the signal, so that nothing at the end is missed.

    Arguments:
        first, after: only windows that start at `first` or later, before `after`.
    """
    last = max(count - length, 0)
    after = last + 1 if after is None else min(after, last + 1)
    starts = np.arange(-(-first // stride) * stride, after, stride)
    return np.append(starts, last) if first <= last < after and last % stride else starts


def take_windows(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return windows of `length` samples; where a window reaches beyond the signal, the edge value is held.

    Arguments:
        values: (N, ...) any dtype, N >= 1.
        starts: (K,) int, may be negative or reach beyond N.
    Returns: (K, length, ...) a copy.
    """
    index = np.minimum(np.maximum(starts[:, None] + np.arange(length), 0), len(values) - 1)
    return values[index]
