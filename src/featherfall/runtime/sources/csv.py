"""A user's own file -> Recording: a CSV at any rate and in any known unit, a film, or a still image."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.tables import dead_axes, nearest, read_columns, read_text
from featherfall.core.units import check_gravity, to_internal
from featherfall.runtime.sources.columns import Header, find_input, find_time, is_known, refuse_shared, split_unit
from featherfall.runtime.sources.timestamps import Clock, TimeUnit, guess_unit, read_dates, straighten
from featherfall.signals.picture_file import is_image_file

LONGEST = 100_000  # characters of a row that is still one of a table
LARGEST = 1e7  # no sensor gives more in any of its units


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
        units: unit by input name; without it the header's ("ax [m/s2]"), else the bundle's.
        columns: columns by input name in the order of its channels, as names or numbers counted from 1; without it found by name.
        time: the time column's name or number; without it found by name. Times are made to start at 0.
        time_unit: without it the header's, "iso" where the first time is a date, else "s".
        rate: samples per second, Hz, of a file without a time column.
        clock: "sampled" when each row has its own time; "burst" when the sensor samples evenly and reports in packets.
    Raises: `UserError` naming the file and the row or column for whatever is not the record of a living sensor.
    """
    path, units, columns = Path(path), units or {}, columns or {}
    _refuse_unknown(inputs, units, "--unit")
    _refuse_unknown(inputs, columns, "--columns")
    header, first = _header(path)
    places = {need.name: find_input(path, header, need, columns.get(need.name)) for need in inputs}
    refuse_shared(path, places, header)
    table, times = _samples(path, header, first, [i for one in places.values() for i in one], time, time_unit, rate, clock)

    streams = {}
    for need in inputs:
        values, table = table[:, : len(need.channels)], table[:, len(need.channels) :]
        streams[need.name] = _stream(path, need, values, times, _unit(path, need, header, places[need.name], units))
    return Recording(dataset="", subject="", activity="", trial=path.name, streams=streams)


def read_film(path: str | Path, inputs: Sequence[Input]) -> Recording:
    """A film (a file, or a folder of pictures) or a still (a picture file) for a bundle that sees one; nothing is decoded yet.

    Raises: `UserError` for a bundle that needs more than a film, whose other inputs no file here can give.
    """
    films = [need.name for need in inputs if need.is_film]
    if len(films) != 1 or len(inputs) != 1:
        raise UserError(f"{path}: the bundle needs {', '.join(need.name for need in inputs)} at once; evaluate it on a dataset instead")
    path = Path(path)
    return Recording("", "", "", path.name, streams={}, videos={films[0]: Video(path, images=path.is_dir() or is_image_file(path))})


def _refuse_unknown(inputs: Sequence[Input], stated: Mapping[str, object], option: str) -> None:
    names = [need.name for need in inputs]
    for name in stated:
        if name not in names:
            raise UserError(f"{option} {name}: the bundle has no input {name!r}; {nearest(name, names)}")


def _header(path: Path) -> tuple[Header, list[str]]:
    """The names (none when the file starts with numbers), and the fields of the first row of values."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = (file.readline(LONGEST) + file.readline(LONGEST)).splitlines()[:2]
    except (OSError, UnicodeDecodeError):
        lines = read_text(path).splitlines()[:2]  # raises, and says why
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


def _samples(
    path: Path,
    header: Header,
    first: list[str],
    places: list[int],
    time: str | None,
    time_unit: TimeUnit | None,
    rate: float | None,
    clock: Clock,
) -> tuple[np.ndarray, np.ndarray]:
    """(N, len(places)) values as written and (N,) seconds from 0, N >= 2."""
    named = bool(header.names)
    if rate is not None:
        if time is not None or not 0 < rate < float("inf"):
            raise UserError(f"{path}: --rate {rate:g} should be a positive number of samples per second, and stand without --time")
        table = _read(path, header, places)
        return table, np.arange(len(table)) / rate
    at, header_unit = find_time(path, header, time)
    unit = time_unit or header_unit or guess_unit(first[at])
    if unit == "iso":
        table = _read(path, header, places)
        return table, straighten(path, read_dates(path, named, at), unit, named, clock)
    table = _read(path, header, [*places, at])
    return table[:, :-1], straighten(path, table[:, -1], unit, named, clock)


def _read(path: Path, header: Header, places: list[int]) -> np.ndarray:
    """(N, len(places)) float64, N >= 2; columns go by name where names tell them apart, so that errors show them."""
    names = [header.names[i] for i in places] if header.names else []
    apart = bool(names) and all(header.names.count(name) == 1 for name in names)
    table = read_columns(path, names if apart else places, header=bool(header.names))
    if len(table) < 2:
        raise UserError(f"{path}: one sample only; at least 2 are needed")
    return table


def _unit(path: Path, need: Input, header: Header, places: Sequence[int], stated: Mapping[str, str]) -> str:
    """The header's unit, else the stated one, else the bundle's; two that contradict each other are refused."""
    units = {unit for i in places if header.names and (unit := split_unit(header.names[i])[1])}
    if need.name in stated:  # brackets may hold other things than units: "x (left)"
        units = {unit for unit in units if is_known(unit)} | {stated[need.name]}
    if len(units) > 1:
        raise UserError(f"{path}: two units for {need.name!r}: {', '.join(sorted(units))}; make header and --unit agree")
    return units.pop() if units else need.unit


def _stream(path: Path, need: Input, raw: np.ndarray, times: np.ndarray, unit: str) -> Stream:
    """One input's samples in the bundle's unit, from a sensor that lives and feels gravity."""
    sample, axis = np.unravel_index(np.abs(raw).argmax(), raw.shape)
    if abs(raw[sample, axis]) > LARGEST:
        raise UserError(
            f"{path}: sample {sample + 1}: {need.name!r} {need.channels[axis]} is {raw[sample, axis]:g}; correct or delete the row"
        )
    dead = dead_axes(raw, float(times[-1]))
    if dead:
        axes = ", ".join(need.channels[axis] for axis in dead)
        raise UserError(f"{path}: {need.name!r} never changes on {axes} (always {raw[0, dead[0]]:g}); check the sensor or --columns")
    try:
        values, inside = to_internal(raw, unit)
    except UserError as error:
        raise UserError(f"{path}: {need.name!r}: {error}") from error
    if inside != need.unit:
        raise UserError(
            f"{path}: {need.name!r} is said to be in {unit!r}, which does not measure what {need.unit!r} does; correct the unit"
        )
    if inside == "g" and values.shape[1] == 3:
        check_gravity(values, f"{path}: {need.name}", unit)
    rate = (len(times) - 1) / float(times[-1])
    return Stream(times, values, inside, rate, need.placement, tuple(need.channels))
