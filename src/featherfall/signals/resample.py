"""Resample irregular samples to an even grid without aliasing."""

from __future__ import annotations

import numpy as np

from featherfall.signals.rows import median
from featherfall.signals.spool import release

_FINEST = 400  # samples of a stream to one of the grid: 20 kHz at 50 Hz; stamps that are nearer are faults, not samples
_BLOCK = 1 << 16  # steps of a long stream that are looked at together
_SAMPLED = 1 << 18  # steps from which the median of a longer stream is taken


def lowpass(values: np.ndarray, cutoff: float) -> np.ndarray:
    """Apply a windowed-sinc low-pass with zero phase; edges are held.

    Arguments:
        values: (N, C) evenly sampled.
        cutoff: in cycles per sample, 0 < cutoff < .5; -6 dB there.
    Returns: (N, C) float64. A constant stays the same constant.
    """
    half = _half_width(cutoff)
    return _filtered(np.pad(values.astype(np.float64), ((half, half), (0, 0)), mode="edge"), cutoff)


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
    return Resampler(times, values, float(grid[1] - grid[0]), gap).at(grid)


class Resampler:
    """Resamples a stream to any part of an even grid, as `resample` does to the whole of it.

    A part needs only the samples around it, so a stream of any length, e.g. one on disk, is read part by part, and a part of a grid that
    leaves out a gap allocates nothing for the gap.

    Attributes:
        gap: longer steps of the samples are gaps, s.
    """

    def __init__(self, times: np.ndarray, values: np.ndarray, step_out: float, gap: float | None = None) -> None:
        """Arguments:
        times, values, gap: as of `resample`.
        step_out: step of the grid, s.
        """
        self._times, self._values, self._step_out = times, values, step_out
        self._step = _median_step(times)
        self.gap = max(4 * self._step, 0.25) if gap is None else gap
        mean_step = max(_mean_step(times, self.gap), min(step_out / _FINEST, 1e-3))
        self._fine: tuple[float, float] | None = None  # step (s) and cutoff of the low-pass
        if step_out > 1.05 * mean_step:  # 5 %: a nominal rate that is slightly off must not blur the signal
            self._fine = mean_step, 0.45 * mean_step / step_out  # .45 leaves room for the filter's slope below the grid's Nyquist

    def at(self, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (M, C) float32 at the times of a part of the grid, (M,) increasing s, M >= 1, and (M,) bool as `resample`."""
        if self._fine is None:
            out, times, missing = self._interpolated(grid)
        else:
            out, times, missing = self._smoothed(grid, *self._fine)
        if missing.any():
            right = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
            out[missing[right] & missing[right - 1]] = np.nan
        return out.astype(np.float32), self._valid(grid, times)

    def _smoothed(self, grid: np.ndarray, step: float, cutoff: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `_interpolated`, by way of a low-pass on an even grid at the sensor's own rate, from the first sample to the last."""
        start, stop, half = float(self._times[0]), float(self._times[-1]), _half_width(cutoff)
        ends = np.array([0, np.ceil((stop + step - start) / step) - 1])
        around = np.array([np.floor((grid[0] - start) / step) - 1, np.ceil((grid[-1] - start) / step) + 1])
        first, last = np.clip(around, *ends).astype(np.int64)  # beyond the samples, the first and last values are held
        reach = np.clip([first - half, last + half], *ends).astype(np.int64)
        even, times, missing = self._interpolated(_even(start, step, reach[0], reach[1]))
        padded = np.pad(even, ((half - (first - reach[0]), half - (reach[1] - last)), (0, 0)), mode="edge")
        smooth = _filtered(padded, cutoff)
        fine = _even(start, step, first, last)
        return np.stack([np.interp(grid, fine, column) for column in smooth.T], axis=1), times, missing

    def _interpolated(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (M, C) float64 at increasing times; and the times (n,) and missing values (n, C) of the samples around."""
        low = max(int(self._times.searchsorted(at[0], side="right")) - 2, 0)
        high = min(int(self._times.searchsorted(at[-1], side="left")) + 2, len(self._times))
        low, high = min(low, len(self._times) - 2), max(high, 2)
        times, values = np.asarray(self._times[low:high]), np.asarray(self._values[low:high], dtype=np.float64)
        missing = np.isnan(values)
        if not missing.any():
            return np.stack([np.interp(at, times, column) for column in values.T], axis=1), times, missing
        low, high = self._seen(low, high)
        times, values = np.asarray(self._times[low:high]), np.asarray(self._values[low:high], dtype=np.float64)
        missing = np.isnan(values)
        columns = []
        for c in range(values.shape[1]):
            seen = ~missing[:, c]
            if not seen.any():
                columns.append(np.zeros(len(at)))
            elif seen.all():
                columns.append(np.interp(at, times, values[:, c]))
            else:
                columns.append(np.interp(at, times, np.interp(times, times[seen], values[seen, c])))
        return np.stack(columns, axis=1), times, missing

    def _seen(self, low: int, high: int) -> tuple[int, int]:
        """Return a part of the samples that begins and ends with one in which nothing is missing, or with the stream."""
        reach = 16
        while low > 0 and np.isnan(self._values[low : low + 2]).any():
            low, reach = max(low - reach, 0), 2 * reach
        reach = 16
        while high < len(self._times) and np.isnan(self._values[high - 2 : high]).any():
            high, reach = min(high + reach, len(self._times)), 2 * reach
        return low, high

    def _valid(self, grid: np.ndarray, times: np.ndarray) -> np.ndarray:
        start, stop, slack = float(self._times[0]), float(self._times[-1]), max(self._step, self._step_out)
        valid = (grid >= start - slack) & (grid <= stop + slack)
        gaps = times[1:] - times[:-1] > self.gap
        if not gaps.any():
            return np.asarray(valid)
        right = np.clip(np.searchsorted(times, grid, side="right"), 1, len(times) - 1)
        inside = (grid > start) & (grid < stop)
        return np.asarray(valid & ~(inside & gaps[right - 1]))


def even_grid(start: float, stop: float, rate: float) -> np.ndarray:
    """Return times start, start + 1/rate, ... not beyond stop; at least two."""
    return start + np.arange(grid_length(start, stop, rate)) / rate


def grid_length(start: float, stop: float, rate: float) -> int:
    """Return the number of times of `even_grid`."""
    return max(int(np.floor((stop - start) * rate + 1e-6)) + 1, 2)


def _half_width(cutoff: float) -> int:
    return int(np.ceil(4 / (2 * cutoff)))  # four zero crossings of the sinc on either side


def _filtered(padded: np.ndarray, cutoff: float) -> np.ndarray:
    """Low-pass (N + 2 half widths, C) to (N, C)."""
    half = _half_width(cutoff)
    n = np.arange(-half, half + 1)
    taps = 2 * cutoff * np.sinc(2 * cutoff * n) * np.blackman(len(n) + 2)[1:-1]
    taps /= taps.sum()
    return np.stack([np.convolve(column, taps, mode="valid") for column in padded.T], axis=1)


def _median_step(times: np.ndarray) -> float:
    """Return the median step; of a long stream, of `_SAMPLED` steps that are spread over it."""
    if len(times) <= _SAMPLED:
        return median(times[1:] - times[:-1])
    blocks = np.linspace(0, len(times) - 1024, _SAMPLED // 1024).astype(np.int64)
    steps = np.empty((len(blocks), 1023))
    for k, at in enumerate(blocks):
        steps[k] = np.diff(times[at : at + 1024])
        if k % 64 == 0:
            release(times)
    return median(steps.ravel())


def _mean_step(times: np.ndarray, gap: float) -> float:
    """Return the mean of the steps within `gap`, or of all: an interruption must not make the sensor look slow."""
    sums, count = 0.0, 0
    for at in range(0, len(times) - 1, _BLOCK):
        steps = times[at + 1 : at + _BLOCK + 1] - times[at : at + _BLOCK][: len(times) - 1 - at]
        release(times)
        close = steps[steps <= gap]
        sums, count = sums + float(close.sum()), count + len(close)
        release(times)
    return sums / count if count else float(times[-1] - times[0]) / (len(times) - 1)


def _even(start: float, step: float, first: int, last: int) -> np.ndarray:
    """Return the times first to last of an even grid, as `np.arange` gives them for the whole of it."""
    return np.asarray(start + np.arange(first, last + 1) * ((start + step) - start))
