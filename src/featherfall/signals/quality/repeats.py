"""Find stretches in which a worn sensor, or one of its axes, repeats the same value: a lost connection, or a broken sensor; by blocks.

A sensor that lies still may repeat its value honestly: coarse ones do, and ActiGraph's stops measuring. It comes to rest before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featherfall.signals.rows import all_columns

FROZEN = 3.0  # s in which nothing changes although the sensor moved just before
BEFORE = 16  # samples that tell whether it moved
UNREST = 0.03  # g; standard deviation of an axis in them
STUCK = 5.0  # s in which one axis does not change although others do
MOVED = 0.3  # g by which the others change meanwhile
FINE = 0.05  # g; coarser sensors repeat values whether they move or not
NAMED = 3  # stretches named; more are counted


@dataclass(frozen=True)
class RepeatedRun:
    """A stretch of repeated values.

    Attributes:
        axis: that repeats; None for all of them.
        row: of the first sample.
        seconds, samples: its length.
        moved: how far the axis that moves most goes meanwhile.
    """

    axis: int | None
    row: int
    seconds: float
    samples: int
    moved: float


@dataclass
class _Open:
    """A run of equal values that may go on in the next block. low, high: of all axes since it began; unrest: before it, as `UNREST`."""

    start: float
    row: int
    samples: int
    low: np.ndarray
    high: np.ndarray
    unrest: float


@dataclass(frozen=True, eq=False)
class _Samples:
    """A block, and what is known of the samples before each of it."""

    times: np.ndarray
    values: np.ndarray
    rows: np.ndarray
    known: np.ndarray


class RepeatMeter:
    """Watch for repeated values; memory is constant."""

    def __init__(self, one_g: float = 1.0) -> None:
        """one_g: gravity in the values' unit."""
        self._one_g = one_g
        self._open: dict[int | None, _Open] = {}
        self._found: dict[bool, list[RepeatedRun]] = {True: [], False: []}  # by whether all axes repeat
        self._finest = np.inf  # smallest change between two samples: the resolution
        self._before = np.zeros((0, 3))
        self._last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def add(self, times: np.ndarray, values: np.ndarray, rows: np.ndarray) -> None:
        """Take (N,) s, (N, 3) values and their (N,) rows."""
        if not len(times):
            return
        if self._last is not None:
            times, values, rows = (np.concatenate(pair) for pair in zip(self._last, (times, values, rows), strict=True))
        self._last = times[-1:], values[-1:], rows[-1:]
        known = np.concatenate([self._before, values[:-1]])  # the samples before each of `values`
        self._before = known[-BEFORE:]
        steps = np.abs(np.diff(values, axis=0))
        same = steps == 0
        self._finest = min(self._finest, float(steps.min(initial=np.inf, where=~same)))
        columns: list[tuple[int | None, np.ndarray]] = [(None, all_columns(same)), *enumerate(same.T)]
        for axis, column in columns:
            self._runs(axis, column, _Samples(times, values, rows, known))

    def stretches(self) -> list[RepeatedRun]:
        """Return the first stretches that a sensor at rest does not explain, at most `NAMED` of either kind."""
        for axis, run in self._open.items():
            self._judge(axis, run, float("nan") if self._last is None else float(self._last[0][-1]))
        self._open = {}
        return self._found[True] + self._found[False] if self._finest <= FINE * self._one_g else []

    def _runs(self, axis: int | None, column: np.ndarray, samples: _Samples) -> None:
        times, values, rows, known = samples.times, samples.values, samples.rows, samples.known
        edges = np.diff(column.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)  # first and last sample of each run
        before = self._open.pop(axis, None)
        if before is not None and not (len(starts) and starts[0] == 0):
            self._judge(axis, before, float(times[0]))
        long = (times[ends] - times[starts] >= 1) | (starts == 0) | (ends == len(column))
        for start, end in zip(starts[long], ends[long], strict=True):
            part = values[start : end + 1]
            at = start + len(known) - len(values) + 1
            unrest = float(known[max(at - BEFORE, 0) : at].std(axis=0).max()) if at > 1 else 0.0
            run = _Open(float(times[start]), int(rows[start]), int(end - start), part.min(axis=0), part.max(axis=0), unrest)
            if start == 0 and before is not None:
                low, high = np.minimum(before.low, run.low), np.maximum(before.high, run.high)
                run = _Open(before.start, before.row, before.samples + run.samples, low, high, before.unrest)
            if end == len(column):
                self._open[axis] = run
            else:
                self._judge(axis, run, float(times[end]))

    def _judge(self, axis: int | None, run: _Open, end: float) -> None:
        found = RepeatedRun(axis, run.row, end - run.start, run.samples, float((run.high - run.low).max()))
        if axis is None and (found.seconds < FROZEN or run.unrest < UNREST * self._one_g):
            return
        if axis is not None and (found.seconds < STUCK or found.moved < MOVED * self._one_g):
            return
        self._found[axis is None] = [*self._found[axis is None], found][:NAMED]
