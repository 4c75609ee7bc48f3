"""Choose the series of a file that a model's inputs need: by the kind of sensor, and by where it was worn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.placement import place_of, same_place
from featherfall.core.text import printable
from featherfall.core.units import quantity
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.known.table import time_columns
from featherfall.recorders.names import Header, match_channels
from featherfall.recorders.recognise import GENERIC
from featherfall.recorders.recorder import Block, Sensor, SensorFile, Series

_SENSORS: dict[str, Sensor] = {
    "acceleration": "accelerometer",
    "angular velocity": "gyroscope",
    "magnetic field": "magnetometer",
    "orientation": "orientation",
}


def choose_series(capture: Capture, found: SensorFile, inputs: Sequence[Input]) -> dict[str, Series]:
    """Return the series of each input.

    Raises: `UserError` where the file lacks an input, or has several that fit.
    """
    chosen = {need.name: _choose(capture, found, need) for need in inputs}
    for first in inputs:
        for second in inputs:
            if first is not second and chosen[first.name] is chosen[second.name]:
                raise UserError(
                    f"{capture.path}: one sensor is taken for both {first.name!r} and {second.name!r}; state each with --columns"
                )
    return chosen


def stated_series(table: Table, inputs: Sequence[Input], columns: Mapping[str, Sequence[str]]) -> dict[str, Series]:
    """Return series of the columns that the user states for inputs; raises `UserError` for a column that is not there."""
    places: dict[str, list[int]] = {}
    for need in inputs:
        places[need.name] = _stated_places(table, need, columns[need.name])
    refuse_shared(table.where, places, table.header)
    return {need.name: _of_columns(table, need, places[need.name]) for need in inputs}


def refuse_shared(where: str, found: Mapping[str, Sequence[int]], header: Header, hint: str = "state each with --columns") -> None:
    """Raise `UserError` if a column is found for two inputs, e.g. for two accelerometers whose columns have the same names."""
    owner: dict[int, str] = {}
    for name, columns in found.items():
        for i in columns:
            if i in owner:
                column = header.names[i] if header.names else str(i + 1)
                raise UserError(f"{where}: column {printable(column)!r} is taken for both {owner[i]!r} and {name!r}; {hint}")
            owner[i] = name


def _choose(capture: Capture, found: SensorFile, need: Input) -> Series:
    sensor = _SENSORS.get(quantity(need.unit))
    fitting = [one for one in found.series if one.sensor == sensor and set(need.channels) <= set(one.channels)]
    wanted = need.placement or place_of(need.name.rpartition("_")[0])
    if len(fitting) > 1:
        fitting = [one for one in fitting if same_place(one.placement, wanted)] or fitting
    if len(fitting) == 1:
        return _in_order(fitting[0], need.channels)
    named = _by_name(capture, found, need)
    if named is not None:
        return named
    if not fitting:
        raise UserError(_lacks(capture, found, need, sensor))
    places = ", ".join(printable(one.placement) or "a place it does not name" for one in fitting)
    raise UserError(
        f"{capture.path}: {len(fitting)} sensors fit {need.name!r}, worn at: {places}; "
        f"state the columns of one with --columns {need.name}={_example(need)}, or give the file of one"
    )


def _by_name(capture: Capture, found: SensorFile, need: Input) -> Series | None:
    """Return the columns of a table that are named as the input and its channels, such as those of joints; None where there are none."""
    table = capture.table()
    if table is None or found.recorder != GENERIC or not table.columns:
        return None
    places = match_channels(table.header, need.name, need.channels)
    return None if places is None else _of_columns(table, need, places)


def _of_columns(table: Table, need: Input, places: Sequence[int]) -> Series:
    time = () if table.stated.rate else time_columns(table)
    sensor = _SENSORS.get(quantity(need.unit), "accelerometer")
    channels = tuple(need.channels)
    if not time and not table.stated.rate:
        raise UserError(_without_time(table))
    units = {unit for place in places if (unit := table.units[place])}
    if len(units) > 1:
        names = ", ".join(sorted(map(printable, units)))
        raise UserError(f"{table.where}: two units for {need.name!r}: {names}; state the right one with --unit {need.name}=UNIT")
    times: dict[str, Any] = {"time": time or None, "time_unit": table.stated.time_unit, "rate": table.stated.rate}
    return table.series(sensor, places, next(iter(units), None), channels=channels, **times)


def _stated_places(table: Table, need: Input, stated: Sequence[str]) -> list[int]:
    if len(stated) != len(need.channels):
        raise UserError(
            f"{table.where}: --columns gives {len(stated)} column(s) for {need.name!r}, which has {len(need.channels)}: "
            f"{', '.join(need.channels)}"
        )
    places = []
    for column in stated:
        at = table.header.position(column)
        if at is None:
            raise UserError(f"{table.where}: no column {column!r} for {need.name!r}; the file has {table.header}")
        places.append(at)
    return places


def _in_order(series: Series, channels: Sequence[str]) -> Series:
    """Return a series with these of its channels, in this order."""
    if tuple(channels) == series.channels:
        return series
    order = np.array([series.channels.index(channel) for channel in channels])
    return replace(
        series,
        channels=tuple(channels),
        blocks=lambda: (Block(block.row, block.times, block.values[:, order]) for block in series.blocks()),
    )


def _lacks(capture: Capture, found: SensorFile, need: Input, sensor: str | None) -> str:
    table = capture.table()
    has = ", ".join(dict.fromkeys(one.sensor for one in found.series)) or "no sensor"
    start = f"{capture.path}: no columns found for {need.name!r} ({', '.join(need.channels)})"
    if any(one.sensor == "linear acceleration" for one in found.series) and sensor == "accelerometer":
        mend = found.mend or "give the raw accelerometer, or the gravity too"
        return f"{capture.path}: {found.title}: acceleration without gravity, in which a fall cannot be told; {mend}"
    if table is not None and found.recorder == GENERIC:
        if not time_columns(table) and not table.stated.rate:
            start, more = f"{start}, nor their times", " and --time NAME, or --rate HZ"
        else:
            more = ""
        return f"{start}; the file has {table.header}; state them with --columns {need.name}={_example(need)}{more}"
    return f"{start}; {found.title} gives {has}; choose another model, or record that sensor too"


def _without_time(table: Table) -> str:
    return f"{table.where}: no time column found; the file has {table.header}; state it with --time NAME, or give the rate with --rate HZ"


def _example(need: Input) -> str:
    return ",".join("NAME" for _ in need.channels)
