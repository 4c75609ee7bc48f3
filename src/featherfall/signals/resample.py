"""Resample irregular samples to an even grid without aliasing."""

from __future__ import annotations

import numpy as np


def lowpass(values: np.ndarray, cutoff: float) -> np.ndarray:
    """Apply a windowed-sinc low-pass with zero phase; edges are held.

    Arguments:
        values: (N, C) evenly sampled.
        cutoff: in cycles per sample, 0 < cutoff < .5; -6 dB there.
    Returns: (N, C) float64. A constant stays the same constant.
    """
    half = int(np.ceil(4 / (2 * cutoff)))  # four zero crossings of the sinc on either side
    n = np.arange(-half, half + 1)
    taps = 2 * cutoff * np.sinc(2 * cutoff * n) * np.blackman(len(n) + 2)[1:-1]
    taps /= taps.sum()
    padded = np.pad(values.astype(np.float64), ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, taps, mode="valid") for column in padded.T], axis=1)


def resample(times: np.ndarray, values: np.ndarray, grid: np.ndarray, gap: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Resample values to the times of an even grid.

    When the grid is coarser than the samples, the signal is first low-passed below the grid's Nyquist frequency (anti-aliasing), then
    interpolated linearly. Outside the samples the first and last values are held. NaN values (missing joints) are
    bridged, and the grid points whose both neighbours are missing stay NaN.

    Arguments:
        times: (N,) seconds, strictly increasing, N >= 2.
        values: (N, C) float.
        grid: (M,) evenly spaced seconds, M >= 2.
        gap: steps of `times` longer than this (seconds) are gaps; default: four nominal steps, at least .25 s.
    Returns: (M, C) float32, and (M,) bool: False inside a gap and outside the samples (beyond one step).
    """
    steps = np.diff(times)
    step = float(np.median(steps))
    step_out = float(grid[1] - grid[0])
    gap = max(4 * step, 0.25) if gap is None else gap

    missing = np.isnan(values)
    filled = values.astype(np.float64)
    for c in np.flatnonzero(missing.any(axis=0)):
        seen = ~missing[:, c]
        filled[:, c] = np.interp(times, times[seen], filled[seen, c]) if seen.any() else 0.0

    close = steps[steps <= gap]  # an interruption must not make the sensor look slow
    mean_step = float(close.mean() if len(close) else steps.mean())
    if step_out > 1.05 * mean_step:  # 5 %: a nominal rate that is slightly off must not blur the signal
        # Low-pass on an even grid at the sensor's own rate; 0.45 of the coarse rate leaves room for the filter's slope below its Nyquist.
        fine = np.arange(times[0], times[-1] + mean_step, mean_step)
        even = np.stack([np.interp(fine, times, column) for column in filled.T], axis=1)
        smooth = lowpass(even, 0.45 * mean_step / step_out)
        out = np.stack([np.interp(grid, fine, column) for column in smooth.T], axis=1)
    else:
        out = np.stack([np.interp(grid, times, column) for column in filled.T], axis=1)

    if missing.any():
        right = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
        out[missing[right] & missing[right - 1]] = np.nan

    slack = max(step, step_out)
    valid = (grid >= times[0] - slack) & (grid <= times[-1] + slack)
    right = np.clip(np.searchsorted(times, grid, side="right"), 1, len(times) - 1)
    inside = (grid > times[0]) & (grid < times[-1])
    valid &= ~(inside & (steps[right - 1] > gap))
    return out.astype(np.float32), valid


def even_grid(start: float, stop: float, rate: float) -> np.ndarray:
    """Return times start, start + 1/rate, ... not beyond stop; at least two."""
    count = max(int(np.floor((stop - start) * rate + 1e-6)) + 1, 2)
    return start + np.arange(count) / rate
