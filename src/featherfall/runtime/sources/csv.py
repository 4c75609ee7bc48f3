"""Read a user's own CSV, at any rate and in any known unit."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.core.tables import read_columns, read_text
from featherfall.recorders.names import Header
from featherfall.runtime.sources.columns import find_input, find_time, refuse_shared
from featherfall.runtime.sources.source import Recorded
from featherfall.runtime.sources.streams import by_input, sensor_stream, unit_of
from featherfall.runtime.sources.timestamps import Clock, TimeUnit, guess_unit, read_dates, straighten

MAX_LINE = 100_000  # characters; a longer row is not one of a table of sensor samples


@dataclass(frozen=True)
class CsvOptions:
    """How to read a CSV; what is left out is found by the header's names.

    Attributes:
        columns: columns by input name in the order of its channels, as names or numbers counted from 1.
        units: unit by input name; without it the header's ("ax [m/s2]"), else the bundle's.
        time: the time column's name or number. Times are made to start at 0.
        time_unit: without it the header's, "iso" where the first time is a date, else "s".
        rate: samples per second, Hz, of a file without a time column.
        clock: "sampled" when each row has its own time; "burst" when the sensor samples evenly and reports in packets.
    """

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    time_unit: TimeUnit | None = None
    rate: float | None = None
    clock: Clock = "sampled"


@register("source", "csv", gives="samples", suffixes=[".csv", ".txt"])
def open_csv(path: str | Path, manifest: Manifest, **options: Any) -> Recorded:
    """A comma-separated file with one row per sample.

    Arguments:
        options: the fields of `CsvOptions`; `unit` for `units`; a bundle with one input needs no dictionary of units or columns.
    """
    if "unit" in options:
        options["units"] = options.pop("unit")
    for name in ("units", "columns"):
        if not isinstance(options.get(name, {}), Mapping):
            options[name] = by_input(name, options[name], manifest.inputs)
    return Recorded(str(path), read_table(path, manifest.inputs, CsvOptions(**options)))


def read_csv(
    path: str | Path,
    inputs: Sequence[Input],
    *,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    time: str | None = None,
    time_unit: TimeUnit | None = None,
    rate: float | None = None,
    clock: Clock = "sampled",
) -> Recording:
    """Read what a bundle's inputs need from one comma-separated file.

    Arguments:
        inputs: the manifest's inputs; each becomes a stream in the manifest's unit.
        units, columns, time, time_unit, rate, clock: see `CsvOptions`.
    Raises: `UserError` naming the file and the row or column for data that cannot be a worn sensor's.
    """
    return read_table(path, inputs, CsvOptions(columns or {}, units or {}, time, time_unit, rate, clock))


def read_table(path: str | Path, inputs: Sequence[Input], options: CsvOptions) -> Recording:
    """As `read_csv`."""
    path = Path(path)
    by_input("--unit", options.units, inputs)
    by_input("--columns", options.columns, inputs)
    header, first = _header(path)
    places = {need.name: find_input(path, header, need, options.columns.get(need.name)) for need in inputs}
    refuse_shared(path, places, header)
    table, times = _samples(path, header, first, [i for one in places.values() for i in one], options)

    streams = {}
    for need in inputs:
        values, table = table[:, : len(need.channels)], table[:, len(need.channels) :]
        names = [header.names[i] for i in places[need.name]] if header.names else []
        streams[need.name] = sensor_stream(str(path), need, values, times, unit_of(str(path), need, names, options.units))
    return Recording(dataset="", subject="", activity="", trial=path.name, streams=streams)


def _header(path: Path) -> tuple[Header, list[str]]:
    """Return the names (none when the file starts with numbers), and the fields of the first row of values."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = (file.readline(MAX_LINE) + file.readline(MAX_LINE)).splitlines()[:2]
    except (OSError, UnicodeDecodeError):
        lines = read_text(path).splitlines()[:2]  # raises with the reason
    rows = [[field.strip() for field in row] for line in lines for row in csv.reader([line])]
    if not rows or not any(rows[0]):
        raise UserError(f"{path}: row 1 is empty; it should name the columns, or hold the first sample")
    if len(rows[0]) == 1 and any(mark in rows[0][0] for mark in ";\t"):
        raise UserError(f"{path}: row 1: the columns must be separated by commas")
    numbers = all(_is_number(field) for field in rows[0])
    first = rows[0] if numbers else rows[-1]
    return Header(() if numbers else tuple(rows[0]), len(rows[0])), first + [""] * (len(rows[0]) - len(first))


def _is_number(field: str) -> bool:
    try:
        return bool(np.isfinite(float(field)))
    except ValueError:
        return False


def _samples(path: Path, header: Header, first: list[str], places: list[int], options: CsvOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, len(places)) values as written and (N,) seconds from 0, N >= 2."""
    named, rate = bool(header.names), options.rate
    if rate is not None:
        if options.time is not None or not 0 < rate < float("inf"):
            raise UserError(f"{path}: --rate {rate:g} should be a positive number of samples per second, and stand without --time")
        table = _read(path, header, places)
        return table, np.arange(len(table)) / rate
    at, header_unit = find_time(path, header, options.time)
    unit = options.time_unit or header_unit or guess_unit(first[at])
    if unit == "iso":
        table = _read(path, header, places)
        return table, straighten(path, read_dates(path, named, at), unit, named, options.clock)
    table = _read(path, header, [*places, at])
    return table[:, :-1], straighten(path, table[:, -1], unit, named, options.clock)


def _read(path: Path, header: Header, places: list[int]) -> np.ndarray:
    """Return (N, len(places)) float64, N >= 2; columns are read by name where names are unique, so that errors show them."""
    names = [header.names[i] for i in places] if header.names else []
    apart = bool(names) and all(header.names.count(name) == 1 for name in names)
    table = read_columns(path, names if apart else places, header=bool(header.names))
    if len(table) < 2:
        raise UserError(f"{path}: one sample only; at least 2 are needed")
    return table
