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
from featherfall.recorders.series_stream import read_series, usual_rate
from featherfall.signals.clock.rows import RowClock
from featherfall.signals.spool import Spool, release

_BLOCK = 1 << 16  # samples looked at together
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
    return _facts(series, unit, stream.times, [note.text for note in stream.notes])


def _other(series: Series, path: Path) -> SensorFacts:
    """Return the facts of a sensor that no gravity can be told by."""
    clock = RowClock(str(path), burst=series.clock == "burst")
    times = Spool(np.float64)
    for block in series.blocks():
        whole = np.isfinite(block.values).all(axis=1)
        for part in clock.add(block.times[whole], block.values[whole], block.row + np.flatnonzero(whole)):
            times.add(part.times)
    for part in clock.finish():
        times.add(part.times)
    if len(times) < 2:
        raise UserError(f"{path}: {series.sensor}: {len(times)} sample(s); at least 2 are needed")
    return _facts(series, series.unit or "", times.array(), [*series.remarks(), *clock.notes.lines()])


def _facts(series: Series, unit: str, times: np.ndarray, notes: Sequence[str]) -> SensorFacts:
    rate = usual_rate(times)
    count, longest = 0, 0.0
    for at in range(0, len(times) - 1, _BLOCK):  # memory does not grow with the file
        steps = np.diff(times[at : at + _BLOCK + 1])
        release(times)
        gaps = steps[steps > max(_GAP, 4 / rate)]
        count, longest = count + len(gaps), max(longest, float(gaps.max(initial=0.0)))
    return SensorFacts(
        sensor=series.sensor,
        placement=series.placement,
        unit=unit,
        rate=round(rate, 2),
        samples=len(times),
        seconds=round(float(times[-1] - times[0]), 3),
        gaps=count,
        longest_gap_s=round(longest, 3),
        notes=tuple(notes),
    )


def _need(name: str, channels: Sequence[str], unit: str) -> Input:
    return Input(name=name, unit=INTERNAL_UNITS[quantity(unit)], channels=list(channels))
