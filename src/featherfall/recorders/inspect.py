"""Say what a sensor file holds: what it was recognised as, and of each sensor the unit, the rate, the gaps and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import INTERNAL_UNITS, quantity
from featherfall.recorders.choice import choose_series
from featherfall.recorders.reading import ReadOptions, as_stated, open_recognised
from featherfall.recorders.recorder import SensorFile, Series
from featherfall.recorders.series_stream import read_series
from featherfall.signals.clock.rows import RowClock

_GAP = 0.5  # s; a longer step is an interruption, as in `datasets.inspect`


@dataclass(frozen=True)
class SensorFacts:
    """One sensor of a file.

    Attributes:
        unit: of the file, in words; "" where nothing says.
        rate: samples per second outside gaps, Hz. seconds: from the first to the last sample.
        gaps: steps of time above half a second. longest_gap_s: of them; 0 without any.
        notes: on how it was read.
    """

    sensor: str
    placement: str
    unit: str
    rate: float
    samples: int
    seconds: float
    gaps: int
    longest_gap_s: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FileFacts:
    """A file's facts. recorder, title: who wrote it; problems: a line for each sensor that cannot be used, with the mend."""

    file: str
    recorder: str
    title: str
    sensors: tuple[SensorFacts, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def inspect_file(path: str | Path, options: ReadOptions) -> FileFacts:
    """Read every sensor of a file, folder or zip.

    Raises: `UserError` where it is not recognised.
    """
    path = Path(path)
    capture, found = open_recognised(path, options)
    sensors: list[SensorFacts] = []
    problems: list[str] = []
    for series in found.series:
        try:
            sensors.append(_accelerometer(series, path, found, options) if series.sensor == "accelerometer" else _other(series, path))
        except UserError as error:
            problems.append(str(error))
    if not any(series.sensor == "accelerometer" for series in found.series):
        try:  # gravity and acceleration without it make one
            series = choose_series(capture, found, [_need("accelerometer", ("x", "y", "z"), "g")])["accelerometer"]
            sensors.append(_accelerometer(series, path, found, options))
        except UserError as error:
            problems.append(str(error))
    return FileFacts(str(path), found.recorder, found.title, tuple(sensors), found.notes, tuple(problems))


def _accelerometer(series: Series, path: Path, found: SensorFile, options: ReadOptions) -> SensorFacts:
    need = _need("accelerometer", series.channels, "g")
    _, stream, unit = read_series(as_stated(series, need, options), need, path, None, found, asked="accelerometer" in options.units)
    notes = tuple(note.text for note in stream.notes)
    steps = np.diff(stream.times)
    return _facts(series, unit, steps, len(stream.times), stream.rate, notes)


def _other(series: Series, path: Path) -> SensorFacts:
    """Return the facts of a sensor that no gravity can be told by."""
    clock = RowClock(str(path), burst=series.clock == "burst")
    kept: list[np.ndarray] = []
    for block in series.blocks():
        whole = np.isfinite(block.values).all(axis=1)
        kept += [part.times for part in clock.add(block.times[whole], block.values[whole], block.row + np.flatnonzero(whole))]
    kept += [part.times for part in clock.finish()]
    times = np.concatenate(kept) if kept else np.zeros(0)
    if len(times) < 2:
        raise UserError(f"{path}: {series.sensor}: {len(times)} sample(s)")
    steps = np.diff(times)
    rate = 1 / float(steps[steps <= 4 * np.median(steps)].mean())
    return _facts(series, series.unit or "", steps, len(times), rate, (*series.remarks(), *clock.notes.lines()))


def _facts(series: Series, unit: str, steps: np.ndarray, samples: int, rate: float, notes: Sequence[str]) -> SensorFacts:
    gaps = steps[steps > max(_GAP, 4 / rate)]
    return SensorFacts(
        sensor=series.sensor,
        placement=series.placement,
        unit=unit,
        rate=round(rate, 2),
        samples=samples,
        seconds=round(float(steps.sum()), 3),
        gaps=len(gaps),
        longest_gap_s=round(float(gaps.max(initial=0.0)), 3),
        notes=tuple(notes),
    )


def _need(name: str, channels: Sequence[str], unit: str) -> Input:
    return Input(name=name, unit=INTERNAL_UNITS[quantity(unit)], channels=list(channels))
