"""Any table with one row a sample: its columns are found by their names, or by their order where it has no header.

It is asked last: what a program of its own recorder has written, that recorder reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.placement import place_of
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.dates import Pattern, understand
from featherfall.recorders.layout import split_row
from featherfall.recorders.names import find_triples, match_times, plain_name, sensor_of_word
from featherfall.recorders.recorder import Sensor, SensorFile, Series
from featherfall.recorders.rows import number_of

_DISTINCT = 0.5  # share of the first rows with a stamp of their own; a date without a time has one for all
_WORN = ("wrist", "waist", "chest", "ankle", "thigh", "pocket", "head", "neck", "foot", "hip", "belt", "watch", "arm", "shin")

# Of a column that says whose each row is; a column of labels may hold words like "acceleration", too.
_SENSOR_NAMES = ("sensor", "sensortype", "sensorname", "type", "name", "source", "stream", "kind", "channel")


@register("recorder", "table", title="table", rank=9)
def generic_table(capture: Capture) -> SensorFile | None:
    """Any table with one row a sample: columns by their names, or time, x, y, z without a header."""
    tables = list(_tables(capture))
    series = tuple(one for table in tables for one in sensor_columns(table))
    if not tables or (not series and len(capture.names) > 1):
        return None
    notes = ("columns without names are taken as x, y, z",) if series and not all(table.columns for table in tables) else ()
    return SensorFile("table", "table", series, notes)


def sensor_columns(table: Table) -> Iterator[Series]:
    """Yield the sensors that a table's columns hold, by their names; nothing where neither its times nor its rate are known."""
    rate = table.stated.rate
    time = () if rate else time_columns(table)
    if not time and not rate:
        return
    times: dict[str, Any] = {"time": time or None, "time_unit": table.stated.time_unit, "rate": rate}
    if not table.columns:
        columns = [i for i, kind in enumerate(table.layout.kinds) if kind == "number" and i not in time]
        if len(columns) == 3 and not _has_unread_header(table):
            yield table.series("accelerometer", columns, **times)
        return
    mixed = _sensor_column(table)
    if mixed is not None:
        yield from _mixed_sensors(table, mixed, times)
        return
    for one in find_triples(table.columns, table.units):
        if one.sensor in get_args(Sensor):
            sensor: Sensor = one.sensor  # type: ignore[assignment]
            yield table.series(sensor, one.places, one.unit, placement=_placement(one.base), **times)


def _sensor_column(table: Table) -> int | None:
    """Return the column that names the sensor of each row; None for a table of one sensor, or with a column for each axis of each."""
    for at, (name, kind) in enumerate(zip(table.columns, table.layout.kinds, strict=False)):
        called = plain_name(name) in _SENSOR_NAMES and kind == "text"
        if called and any(sensor_of_word(word)[0] for word in set(table.cells(at, 100))):
            return at
    return None


def _mixed_sensors(table: Table, at: int, times: dict[str, Any]) -> Iterator[Series]:
    """Yield the sensors of a table whose rows are one sensor's each, in the same columns."""
    triple = next((one for one in find_triples(table.columns, (None,) * len(table.columns)) if one.sensor == "accelerometer"), None)
    words = dict.fromkeys(word.lower() for word in table.cells(at, 3000))
    for word in words if triple else ():
        sensor, unit = sensor_of_word(word)
        if triple and sensor in get_args(Sensor):
            kind: Sensor = sensor  # type: ignore[assignment]
            yield table.series(kind, triple.places, unit, placement=_placement(word), only=(at, word), **times)


def time_columns(table: Table) -> tuple[int, ...]:
    """Return the column of time stamps, or those of dates and of times of day; none where the table has no times.

    Raises: `UserError` where the stated one is not there.
    """
    if table.stated.time is not None:
        at = table.header.position(table.stated.time)
        if at is None:
            raise UserError(f"{table.where}: no time column {table.stated.time!r}; the file has {table.header}")
        return (at,)
    kinds = table.layout.kinds
    named = match_times(table.header) if table.columns else []
    dated = [i for i, kind in enumerate(kinds) if kind == "date"]
    if not table.columns and not dated and len(kinds) > 3 and _increases(table, 0):
        dated = [0]
    known = list(dict.fromkeys([*(i for i in named if kinds[i] in ("number", "date")), *dated]))
    if not known:
        return ()
    shares = {i: _distinct(table, i) for i in known}
    good = next((i for i in known if shares[i] >= _DISTINCT), None)
    clock = max(known, key=lambda i: shares[i]) if good is None else good
    if kinds[clock] == "date" and not _has_day(table, clock):
        day = next((i for i in dated if i != clock and _has_day(table, i) and not _has_clock(table, i)), None)
        if day is not None:
            return (day, clock)
    return (clock,)


def _tables(capture: Capture) -> Iterator[Table]:
    for name in capture.names:
        table = capture.table(name)
        if table is not None:
            yield table


def _has_unread_header(table: Table) -> bool:
    """Return whether the line above the rows may name the columns, though not one a column: then their order is not known."""
    above = next((line for line in reversed(table.preamble) if line.strip()), "")
    return len(split_row(above, table.delimiter)) > 1 and any(char.isalpha() for char in above)


def _placement(base: str) -> str:
    word = next((word for word in _WORN if word in base), "")
    return place_of(word) if word else ""


def _distinct(table: Table, at: int) -> float:
    cells = [cell for cell in table.cells(at) if cell]
    return len(set(cells)) / len(cells) if cells else 0.0


def _increases(table: Table, at: int) -> bool:
    found = [number_of(cell, ".") for cell in table.cells(at)]
    numbers = [one for one in found if one is not None and np.isfinite(one)]
    return len(numbers) > 2 and bool((np.diff(numbers) >= 0).all()) and numbers[-1] > numbers[0]


def _has_day(table: Table, at: int) -> bool:
    pattern = _pattern(table, at)
    return pattern is not None and "y" in pattern.slices


def _has_clock(table: Table, at: int) -> bool:
    pattern = _pattern(table, at)
    return pattern is not None and "M" in pattern.slices


def _pattern(table: Table, at: int) -> Pattern | None:
    return next((pattern for cell in table.cells(at, 5) if (pattern := understand(cell))), None)
