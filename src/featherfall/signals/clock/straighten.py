"""Time stamps as recorded, and the even times behind them."""

from __future__ import annotations

import numpy as np

GAP = 0.5  # s; a longer step of a sensor that reports in bursts is an interruption
TINY = 1e-6  # s between two samples whose order is known, but not their distance


def straighten_times(times: np.ndarray, gap: float | None = None) -> np.ndarray:
    """Straighten the stamps of a sensor that samples evenly but reports in bursts (Fitbit, Bluetooth buffers).

    Between two gaps (steps above `gap` seconds) the samples are placed on the least-squares line of stamp against index, so a packet's
    arrival jitter disappears while drift and real interruptions stay.

    Arguments:
        times: (N,) seconds, non-decreasing.
        gap: steps longer than this, in seconds, are real interruptions; None takes `GAP`, or 2.5 packets where these are further apart
            (stamps in whole seconds).
    Returns: (N,) float64, strictly increasing.
    """
    times = np.asarray(times, dtype=np.float64)
    steps = np.diff(times)
    if gap is None:
        packets = steps[steps > 0]
        gap = max(GAP, 2.5 * float(np.median(packets))) if len(packets) else GAP
    pieces = np.split(times, np.flatnonzero(steps > gap) + 1)
    lines = [_line(piece) for piece in pieces]
    # A packet alone between two gaps says nothing of its samples' distance; they stand as far apart as the others.
    samples = sum(len(piece) - 1 for piece, slope in zip(pieces, lines, strict=True) if slope > 0)
    span = sum(slope * (len(piece) - 1) for piece, slope in zip(pieces, lines, strict=True))
    usual = span / samples if samples else 0.0
    straight = np.concatenate([_placed(piece, slope or usual) for piece, slope in zip(pieces, lines, strict=True)])
    return increasing(straight)


def increasing(times: np.ndarray) -> np.ndarray:
    """Return (N,) s, strictly increasing: a time that is not later than those before it stands `TINY` after the last of them.

    A short burst at a gap's edge may lean over its neighbour; order matters more than the last millisecond.
    """
    floor = np.maximum.accumulate(times)
    repeats = np.diff(floor, prepend=floor[:1] - 1.0) <= 0
    if not repeats.any():
        return np.asarray(floor)
    tiny = max(TINY, 4 * float(np.spacing(np.abs(floor).max())))  # large numbers have no smaller steps
    return np.asarray(floor + tiny * np.cumsum(repeats))


def rate_and_gap(times: np.ndarray) -> tuple[float, float]:
    """Return the mean sampling rate (Hz) and the longest step (s) of (N,) time stamps, N >= 2."""
    steps = np.diff(times)
    span = float(times[-1] - times[0])
    return (len(steps) / span if span > 0 else float("inf")), float(steps.max())


def _line(piece: np.ndarray) -> float:
    """Return the slope of the least-squares line of stamp against index, s a sample; 0 where all stamps are one."""
    index = np.arange(len(piece)) - (len(piece) - 1) / 2
    spread = float((index**2).sum())
    return float((index * piece).sum()) / spread if spread and piece[-1] > piece[0] else 0.0


def _placed(piece: np.ndarray, slope: float) -> np.ndarray:
    return np.asarray(piece.mean() + slope * (np.arange(len(piece)) - (len(piece) - 1) / 2))
