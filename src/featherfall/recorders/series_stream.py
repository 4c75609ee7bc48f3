"""Read a series to a stream: times made increasing, corrupt samples left out, unit and gravity judged, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Note, Stream
from featherfall.core.units import GRAVITY_UNITS, quantity, to_internal
from featherfall.recorders.names import is_known
from featherfall.recorders.recorder import Block, SensorFile, Series
from featherfall.recorders.times import odd_rate
from featherfall.recorders.turned import Turned
from featherfall.signals.clock.rows import RowClock, TimedRows
from featherfall.signals.quality.check import CheckWords, SensorCheck
from featherfall.signals.quality.gravity import GravityEvidence, GravityMeter, judge
from featherfall.signals.rows import finite_rows
from featherfall.signals.spool import Spool

_PEEK = 200_000  # samples by which an unstated unit is found: an hour at 50 Hz
_STAMPS = 1 << 16  # by which the rate is measured


def read_series(series: Series, need: Input, path: Path, origin: float | None, found: SensorFile, asked: bool) -> tuple[float, Stream, str]:
    """Return the stream of an input.

    Arguments:
        need: its unit is the stream's.
        origin: time of the recording's start on the file's clock, s; None takes the first sample.
        found: the file's, for messages.
        asked: whether the user has stated the unit.
    Returns: the time of the first sample on the file's clock, the stream, and the unit of the file in words.
    Raises: `UserError`.
    """
    unit, shown = _unit_of(series, need, path, asked)
    reader = _StreamReader(replace(series, unit=unit), need, path, found, origin)
    reader.read(series.blocks())
    stream, start = reader.finish()
    return start, stream, shown


class _StreamReader:
    """Takes the blocks of a series whose unit is known, and gives the stream."""

    def __init__(self, series: Series, need: Input, path: Path, found: SensorFile, origin: float | None) -> None:
        words = CheckWords(
            file=str(path),
            sensor=need.name,
            state_unit=f"--unit {need.name}={{unit}}",
            missing=found.mend or "give the raw accelerometer, not linear acceleration",
        )
        self._series, self._need, self._path = series, need, path
        self._unit = series.unit or need.unit
        self._check = SensorCheck(self._unit, words, need.channels, series.counts_per_g)
        self._clock = RowClock(str(path), burst=series.clock == "burst")
        self._times, self._values = Spool(np.float64), Spool(np.float32, len(need.channels))
        self._low, self._high = np.full(len(need.channels), np.inf), np.full(len(need.channels), -np.inf)
        self._start, self._last, self._count = origin, 0.0, 0

    def read(self, blocks: Iterator[Block]) -> None:
        """Take all rows; those in falling order of time are kept until the last is there, and taken from it to the first."""
        first = next(blocks, None)
        if first is None:
            return
        if not _falls(first.times):
            for block in chain([first], blocks):
                self._add(block.times, block.values, block.row + np.arange(len(block.times)))
            return
        self._clock.notes.add("falling", first.row)
        turned = Turned(first.values.shape[1])
        for block in chain([first], blocks):
            turned.add(block)
        for times, values, rows in turned.blocks():
            self._add(times, values, rows)

    def _add(self, times: np.ndarray, values: np.ndarray, rows: np.ndarray) -> None:
        whole = finite_rows(values)
        for part in self._clock.add(times[whole], values[whole], rows[whole]):
            self._take(part)

    def finish(self) -> tuple[Stream, float]:
        """Return the stream, and its start on the file's clock, s."""
        need = self._need
        for part in self._clock.finish():
            self._take(part)
        if self._count < 2 or self._start is None:
            raise UserError(f"{self._path}: {self._count} sample(s) of {need.name!r}; at least 2 are needed")
        self._refuse_dead()
        times, values, notes = self._check.finish()
        self._keep(times, values)
        stamps = self._times.array()
        if not (np.diff(stamps[:_STAMPS]) > 0).any():
            raise UserError(f"{self._path}: the times of {need.name!r} stand still; check the time column and its unit")
        _refuse_odd_rate(self._path, stamps)
        rate = usual_rate(stamps)
        lines = (*self._series.remarks(), *self._clock.notes.lines())
        placement = self._series.placement or need.placement
        channels = tuple(need.channels)
        every = (*(Note("file", text) for text in lines), *notes)
        begins = tuple(time - self._start for time in self._clock.notes.begins)
        return Stream(stamps, self._values.array(), need.unit, rate, placement, channels, notes=every, begins=begins), self._start

    def _take(self, part: TimedRows) -> None:
        times, values = part.times, part.values
        self._start = float(times[0]) if self._start is None else self._start
        self._last, self._count = float(times[-1]), self._count + len(times)
        self._low, self._high = np.minimum(self._low, values.min(axis=0)), np.maximum(self._high, values.max(axis=0))
        self._keep(*self._check.add(times, values, part.rows))

    def _keep(self, times: np.ndarray, values: np.ndarray) -> None:
        assert self._start is not None
        self._times.add(times - self._start)
        if self._unit == "count":
            self._values.add(values / (self._series.counts_per_g or 1.0))
        else:
            self._values.add(to_internal(values, self._unit)[0])

    def _refuse_dead(self) -> None:
        """Refuse a sensor that never changes, and axes of a moving one; within a second, a coarse one may be constant by chance.

        Other columns, such as those of joints, may be constant as long as not all are.
        """
        still = self._low == self._high
        moving = quantity(self._need.unit) in ("acceleration", "angular velocity", "magnetic field")
        if still.all() or (moving and still.any() and self._last - (self._start or 0.0) > 1):
            axes = ", ".join(channel for channel, dead in zip(self._need.channels, still, strict=True) if dead)
            raise UserError(
                f"{self._path}: {self._need.name!r} never changes on {axes} (always {self._low[still][0]:g}); "
                "check the sensor or the columns"
            )


def _falls(times: np.ndarray) -> bool:
    """Return whether (N,) stamps are in falling order."""
    steps = np.diff(times[np.isfinite(times)])
    return bool(len(steps) > 1 and (steps < 0).any() and (steps <= 0).mean() > 0.9)


def _unit_of(series: Series, need: Input, path: Path, asked: bool) -> tuple[str, str]:
    """Return the unit of a series' numbers, and how to say it; an unstated one of an accelerometer is found by its gravity."""
    unit = series.unit
    gravity = need.unit == "g" and len(need.channels) == 3
    if gravity and not asked and unit is not None and unit != "count" and not is_known(unit):
        unit = None  # brackets may hold other things than units: "x (left)"
    if unit is None and gravity:
        unit = _unit_by_gravity(series, need, path)
        if unit is not None:
            return unit, f"{unit} by its gravity"
    if unit is None:
        return need.unit, f"{need.unit}, as the model takes it"
    if unit == "count":
        if need.unit != "g":
            raise UserError(f"{path}: {need.name!r} is in raw counts; only an accelerometer's can be converted")
        counts = series.counts_per_g
        return unit, f"{counts:g} counts a g" if counts else "counts"
    try:
        measured = quantity(unit)
    except UserError as error:
        raise UserError(f"{path}: {need.name!r}: {error}") from error
    if measured != quantity(need.unit):
        raise UserError(f"{path}: {need.name!r} is stated in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
    return unit, unit


def first_gravity(series: Series, samples: int = _PEEK) -> GravityEvidence | None:
    """Return what the first samples of an accelerometer show of gravity, in the numbers of the file; None for too few."""
    meter, seen = GravityMeter(), 0
    for block in series.blocks():
        meter.add(block.times, block.values)
        seen += len(block.times)
        if seen >= samples:
            break
    return meter.evidence()


def _unit_by_gravity(series: Series, need: Input, path: Path) -> str | None:
    """Return the unit in which gravity is 1 g; None where the unit of the model is to be judged.

    Raises: `UserError` where nothing shows gravity: a guess could take acceleration without gravity for falls.
    """
    evidence = first_gravity(series)
    verdict = judge(evidence, None)
    if verdict.kind == "other unit":
        return verdict.unit
    if verdict.kind == "unknown" and evidence is not None and judge(evidence, need.unit).kind not in ("missing", "counts"):
        # No unit is named here: one in which the numbers look like gravity would let acceleration without gravity in another unit pass.
        raise UserError(
            f"{path}: {need.name}: nothing says the unit, and neither a quiet stretch nor a steady direction shows gravity, without "
            "which movement reads as falls; if gravity is included, state the unit that the device's documentation gives: "
            f"--unit {need.name}=UNIT ({', '.join(GRAVITY_UNITS)})"
        )
    return None


def usual_rate(times: np.ndarray) -> float:
    """Return the samples per second outside gaps, Hz, of (N,) increasing s, N >= 2; of a long recording, by its beginning."""
    steps = np.diff(times[:_STAMPS])
    steps = steps[steps > 0]
    return 1 / float(steps[steps <= 4 * np.median(steps)].mean())


def _refuse_odd_rate(path: Path, times: np.ndarray) -> None:
    """Refuse a rate that no worn sensor has: the times are in another unit."""
    rate = odd_rate(times[:_STAMPS])
    if rate is not None:
        raise UserError(f"{path}: {rate:.3g} samples per second, which no worn sensor gives; check the time column and its unit")
