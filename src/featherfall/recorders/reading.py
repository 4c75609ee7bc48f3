"""The one door for files of worn sensors: opened, recognised, checked while they are read, and turned into streams.

Command line, Python, browser and the dataset `folder` read through `read_sensors`; memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Note, Recording, Stream
from featherfall.core.units import quantity
from featherfall.recorders.capture import Capture, open_capture
from featherfall.recorders.choice import choose_series, stated_series
from featherfall.recorders.dates import DayOrder
from featherfall.recorders.recognise import GENERIC, recognise
from featherfall.recorders.recorder import Block, Clock, SensorFile, Series
from featherfall.recorders.series_stream import first_gravity, read_series
from featherfall.recorders.table import Stated
from featherfall.recorders.total import with_total
from featherfall.signals.quality.gravity import GravityEvidence


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file; what is left out is found out.

    Attributes:
        columns: columns by input name in the order of its channels, as names or numbers counted from 1.
        units: unit by input name; it wins over what the file says.
        time: the time column's name or number.
        time_unit: "s", "ms", "us", "ns" or "iso".
        rate: samples per second, Hz, in place of the file's times.
        clock: "sampled" when each row has its own time; "burst" when the sensor samples evenly and reports in packets; None as the recorder
            says.
        recorder: name of the recorder that reads the file.
        counts_per_g: of an accelerometer's raw counts.
        dates: order of day and month where dates do not show it.
    """

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    time_unit: str | None = None
    rate: float | None = None
    clock: Clock | None = None
    recorder: str | None = None
    counts_per_g: float | None = None
    dates: DayOrder | None = None

    @property
    def stated(self) -> Stated:
        """What is said of the times."""
        return Stated(self.dates, self.time, self.time_unit, self.rate)


def read_sensors(path: str | Path, inputs: Sequence[Input], options: ReadOptions) -> Recording:
    """Read what a bundle's inputs need from a file, folder or zip.

    Arguments:
        inputs: each becomes a stream in its unit.
    Returns: a recording whose first note says what was recognised.
    Raises: `UserError` naming the file, and the row or column where there is one, for what cannot be a worn sensor's, for a sensor that is
        not there, and for acceleration without gravity.
    """
    path = Path(path)
    capture, found = open_recognised(path, options)
    chosen = _choose(capture, found, inputs, options.columns)
    streams: dict[str, Stream] = {}
    titles = []
    origin: float | None = None
    for need in inputs:
        series = as_stated(chosen[need.name], need, options)
        first, stream, unit = read_series(series, need, path, origin, found, asked=need.name in options.units)
        origin = first if origin is None else origin
        streams[need.name] = stream
        titles.append(f"{describe_series(series)}; {unit}; {stream.rate:.4g} Hz")
    notes = [Note("recognised", "; ".join([found.title, *dict.fromkeys(titles)])), *(Note("file", text) for text in found.notes)]
    return Recording(dataset="", subject="", activity="", trial=path.name, streams=streams, notes=tuple(notes))


def read_sensor(path: Path, need: Input, options: ReadOptions) -> tuple[float, Stream]:
    """Return the time of the first sample on the file's clock, s, and one stream, whose times begin there; raises as `read_sensors`."""
    capture, found = open_recognised(path, options)
    series = as_stated(_choose(capture, found, [need], options.columns)[need.name], need, options)
    first, stream, _ = read_series(series, need, path, None, found, asked=need.name in options.units)
    return first, stream


def look_at_gravity(path: Path, need: Input, options: ReadOptions, samples: int) -> tuple[GravityEvidence | None, str | None]:
    """Return what an accelerometer's first samples show of gravity, and their unit as far as it is stated; raises as `read_sensors`."""
    capture, found = open_recognised(path, options)
    series = as_stated(_choose(capture, found, [need], options.columns)[need.name], need, options)
    return first_gravity(series, samples), series.unit


def describe_series(series: Series) -> str:
    """Return what a series measures and where, for the line that says what was recognised."""
    what = f"{series.made_of} = total" if series.made_of else series.sensor
    return f"{what} at the {series.placement}" if series.placement else what


def _check_options(path: Path, options: ReadOptions) -> None:
    if options.rate is not None and (options.time is not None or not 0 < options.rate < float("inf")):
        raise UserError(f"{path}: --rate {options.rate:g} should be a positive number of samples per second, and stand without --time")
    if options.counts_per_g is not None and not 1 <= options.counts_per_g < 1e9:
        raise UserError(f"{path}: --counts-per-g {options.counts_per_g:g} should be the number that the sensor gives for 1 g, e.g. 16384")


def open_recognised(path: Path, options: ReadOptions) -> tuple[Capture, SensorFile]:
    """Open a file, folder or zip, and return what it is; raises `UserError` where nobody knows it, or an option cannot be."""
    _check_options(path, options)
    capture = open_capture(path, options.stated)
    # Whoever names columns speaks of a table.
    named = bool(options.columns) or options.time is not None or options.time_unit is not None
    return capture, with_total(recognise(capture, options.recorder or (GENERIC if named else None)))


def _choose(capture: Capture, found: SensorFile, inputs: Sequence[Input], columns: Mapping[str, Sequence[str]]) -> dict[str, Series]:
    """Return the series for each input."""
    stated = [need for need in inputs if need.name in columns]
    rest = [need for need in inputs if need.name not in columns]
    table = capture.table()
    if stated and table is None:
        raise UserError(f"{capture.path}: --columns is for a single table; give one of its files")
    chosen = stated_series(table, stated, columns) if table is not None else {}
    return chosen | choose_series(capture, found, rest)


def as_stated(series: Series, need: Input, options: ReadOptions) -> Series:
    """Return a series with the user's unit, counts, rate and clock."""
    if need.name in options.units:
        series = replace(series, unit=options.units[need.name], counts_per_g=None)
    if options.counts_per_g is not None and quantity(need.unit) == "acceleration":
        series = replace(series, unit="count", counts_per_g=options.counts_per_g)
    if options.rate is not None and series.rate != options.rate:
        series = replace(series, rate=options.rate, blocks=partial(_at_rate, series.blocks, options.rate))
    return series if options.clock is None else replace(series, clock=options.clock)


def _at_rate(blocks: Callable[[], Iterator[Block]], rate: float) -> Iterator[Block]:
    count = 0
    for block in blocks():
        yield replace(block, times=(count + np.arange(len(block.times))) / rate)
        count += len(block.times)
