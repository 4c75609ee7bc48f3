"""Time stamps as recorded, and the even times behind them."""

from __future__ import annotations

import numpy as np


def straighten_times(times: np.ndarray, gap: float = 0.5) -> np.ndarray:
    """Straighten the stamps of a sensor that samples evenly but reports in bursts (Fitbit, Bluetooth buffers).

    Between two gaps (steps above `gap` seconds) the samples are placed on the least-squares line of stamp against index, so a packet's
    arrival jitter disappears while drift and real interruptions stay.

    Arguments:
        times: (N,) seconds, non-decreasing.
        gap: steps longer than this, in seconds, are real interruptions.
    Returns: (N,) float64, strictly increasing.
    """
    times = np.asarray(times, dtype=np.float64)
    cuts = np.flatnonzero(np.diff(times) > gap) + 1
    pieces = []
    for piece in np.split(times, cuts):
        index = np.arange(len(piece)) - (len(piece) - 1) / 2
        spread = (index**2).sum()
        slope = (index * piece).sum() / spread if spread else 0.0
        pieces.append(piece.mean() + slope * index)
    straight = np.concatenate(pieces)
    # A short burst at a gap's edge may lean over its neighbour; order matters more than the last millisecond.
    floor = np.maximum.accumulate(straight)
    repeats = np.diff(floor, prepend=floor[0] - 1.0) <= 0
    return floor + 1e-6 * np.cumsum(repeats) if repeats.any() else floor


def rate_and_gap(times: np.ndarray) -> tuple[float, float]:
    """Return the mean sampling rate (Hz) and the longest step (s) of (N,) time stamps, N >= 2."""
    steps = np.diff(times)
    span = float(times[-1] - times[0])
    return (len(steps) / span if span > 0 else float("inf")), float(steps.max())
