"""Find corrupt samples of a worn sensor: single values that stand out of calm, and marks such as 9999, block by block.

A real impact is never alone: what is hit also moves before or after. Over 3,236 recordings of 8 public datasets, of every peak of 2.5 g or
more that lasts at most 3 samples, the samples within half a second deviate by at least .18 of it (.24 where somebody falls). The corrupt
ones that Berkeley-MHAD has (57 g of sensors that end at 2 g) lie below .1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featherfall.core.units import GRAVITY_UNITS
from featherfall.signals.rows import largest_magnitudes, row_lengths

AROUND = 0.5  # s before and after a sample that is compared with it
NEIGHBOURS = 5  # samples on each side, at least
LONGEST = 3  # samples; what lasts longer is no single glitch
JUMP = 2.5  # g; smaller ones make no fall
ALONE = 0.1  # deviation of the neighbours as a share of the sample's
BEYOND = 200.0  # g; more than any worn sensor measures, so a mark for "missing" or a broken row, whatever stands beside it
LIMITS = {"deg/s": 10_000.0, "rad/s": 175.0}  # worn gyroscopes end at 4,000 deg/s
NAMED = 5  # samples named in notes; more are counted


@dataclass(frozen=True)
class CorruptSample:
    """row: as an editor counts, or the sample's number from 1. channel: position of the worst value in the row."""

    row: int
    channel: int
    value: float


class CorruptFilter:
    """Take samples block by block and give them back without the corrupt ones, which are gaps then.

    Attributes:
        found: the first `NAMED` corrupt samples. count: of all.
    """

    def __init__(self, unit: str, counts_per_g: float | None = None) -> None:
        """unit: of the samples; single glitches are looked for in acceleration only, marks in angular velocity too."""
        self.found: list[CorruptSample] = []
        self.count = 0
        self._one_g = counts_per_g if unit == "count" else GRAVITY_UNITS.get(unit)
        self._acceleration = unit == "count" or self._one_g is not None
        self._limit = LIMITS.get(unit, float("inf"))
        self._times, self._rows = np.zeros(0), np.zeros(0, np.int64)
        self._values: np.ndarray | None = None
        self._done = 0  # of the samples held, those given back already: they are neighbours of the next ones

    def add(self, times: np.ndarray, values: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take (N,) s, (N, C) finite values and their (N,) rows; returns times and values of those samples that are decided."""
        self._values = values if self._values is None else np.concatenate([self._values, values])
        self._times = np.concatenate([self._times, times])
        self._rows = np.concatenate([self._rows, rows])
        late = int(np.searchsorted(self._times, self._times[-1] - AROUND)) if len(times) else 0
        return self._give(min(late, len(self._times) - NEIGHBOURS - LONGEST))

    def flush(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples that are left."""
        return self._give(len(self._times))

    def _give(self, stop: int) -> tuple[np.ndarray, np.ndarray]:
        if self._values is None or stop <= self._done:
            return np.zeros(0), np.zeros((0, 0 if self._values is None else self._values.shape[1]))
        bad = self._bad()
        part = slice(self._done, stop)
        for at in np.flatnonzero(bad[part]) + self._done:
            self.count += 1
            if len(self.found) < NAMED:
                channel = int(np.abs(self._values[at] - np.median(self._values, axis=0)).argmax())
                self.found.append(CorruptSample(int(self._rows[at]), channel, float(self._values[at, channel])))
        keep = np.flatnonzero(~bad[part]) + self._done
        times, values = self._times[keep], self._values[keep]
        first = min(int(np.searchsorted(self._times, self._times[stop - 1] - 2 * AROUND)), stop - 2 * NEIGHBOURS - 2 * LONGEST)
        first = max(first, 0)
        self._times, self._values, self._rows = self._times[first:], self._values[first:], self._rows[first:]
        self._done = stop - first
        return times, values

    def _bad(self) -> np.ndarray:
        assert self._values is not None
        if self._acceleration:
            return corrupt_samples(self._times, self._values, self._one_g)
        return largest_magnitudes(self._values) > self._limit


def corrupt_samples(times: np.ndarray, values: np.ndarray, one_g: float | None = None) -> np.ndarray:
    """Return which samples of an accelerometer are corrupt.

    Arguments:
        times: (N,) s. values: (N, 3), finite. one_g: gravity in the values' unit, where it is known.
    Returns: (N,) bool.
    """
    if len(values) < 2 or (one_g and _is_calm(values, one_g)):
        return np.zeros(len(values), bool)
    # A wrong unit must not make every sample corrupt, and acceleration without gravity has a small median.
    scale = max(float(np.median(row_lengths(values))), one_g or 0.0, float(np.finfo(np.float64).tiny))
    bad = largest_magnitudes(values) > BEYOND * scale
    rest = np.flatnonzero(~bad)
    for first, last in _glitches(values[rest], scale):
        if _alone(times[rest], values[rest], first, last, JUMP * scale):
            bad[rest[first : last + 1]] = True
    return bad


def _is_calm(values: np.ndarray, one_g: float) -> bool:
    """Return whether no value and no step is large enough for a corrupt sample, as in nearly all windows of live samples."""
    columns = np.ascontiguousarray(values.T)  # what lies together is reduced several times as fast
    return bool(np.abs(np.diff(columns)).max() <= 0.5 * JUMP * one_g and np.abs(columns).max() <= BEYOND * one_g)


def _glitches(values: np.ndarray, scale: float) -> list[tuple[int, int]]:
    """Return first and last index of runs of 1 to `LONGEST` samples between two steps up and down, whose closest neighbours are calm."""
    steps = largest_magnitudes(np.diff(values, axis=0))
    high = 0.5 * JUMP * scale  # of one axis: a jump of JUMP in space is at least .58 of it on one axis
    found = []
    up = np.flatnonzero(steps > high) + 1  # first sample after a step
    edges = np.unique(np.concatenate([[0], up])) if len(up) else up  # the first sample has nothing before it
    for length in range(1, LONGEST + 1):
        after = edges + length
        ends = (after == len(values)) | (steps[np.minimum(after, len(values) - 1) - 1] > high)
        for first in edges[ends & (after <= len(values))]:
            height = max(steps[first - 1] if first else 0.0, steps[first + length - 1] if first + length < len(values) else 0.0)
            before, behind = steps[max(first - 3, 0) : max(first - 1, 0)], steps[first + length : first + length + 2]
            if max(before.max(initial=0.0), behind.max(initial=0.0)) <= 2 * ALONE * height:
                found.append((int(first), int(first) + length - 1))
    return found


def _alone(times: np.ndarray, values: np.ndarray, first: int, last: int, jump: float) -> bool:
    low = max(min(int(np.searchsorted(times, times[first] - AROUND)), first - NEIGHBOURS), 0)
    high = max(int(np.searchsorted(times, times[last] + AROUND, side="right")), last + 1 + NEIGHBOURS)
    around = np.concatenate([values[low:first], values[last + 1 : high]])
    if len(around) < 2 * NEIGHBOURS:
        return False
    middle = np.median(around, axis=0)
    height = float(np.linalg.norm(values[first : last + 1] - middle, axis=1).min())
    return height >= jump and float(np.linalg.norm(around - middle, axis=1).max()) < ALONE * height
