"""UMAFall: lines with `%`, among them where each sensor was worn, then rows of all sensors mixed, ended by a semicolon.

Layout: files of the dataset as several public readers describe them: `%C4:BE:84:70:0E:80; 3; WRIST; SensorTag`, `% TimeStamp; Sample No;
X-Axis; Y-Axis; Z-Axis; Sensor Type; Sensor ID;`; milliseconds; sensor type 0 is acceleration in g, 1 the gyroscope in deg/s, 2 the
magnetometer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import changed, one_table
from featherfall.recorders.recorder import Block, Sensor, SensorFile, Series

_HEADER = re.compile(r"%\s*TimeStamp;\s*Sample No;\s*X-Axis;\s*Y-Axis;\s*Z-Axis;\s*Sensor[ _]Type;\s*Sensor[ _]ID", re.IGNORECASE)
_WORN = re.compile(r"%[^;]*;\s*(\d+)\s*;\s*([A-Z]+)\s*;")
_SENSORS: dict[int, tuple[Sensor, str]] = {0: ("accelerometer", "g"), 1: ("gyroscope", "deg/s")}
_PLACES = {"rightpocket": "right pocket", "leftpocket": "left pocket"}


@register("recorder", "umafall", title="UMAFall")
def umafall(capture: Capture) -> SensorFile | None:
    """UMAFall: one file with five worn sensors."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    return SensorFile("umafall", "UMAFall", tuple(_series(table))) if any(_HEADER.match(line) for line in table.lines[:100]) else None


def _series(table: Table) -> list[Series]:
    worn = {int(found[1]): found[2].lower() for line in table.lines[:100] if (found := _WORN.match(line))}
    mixed = table.series("accelerometer", (2, 3, 4, 5, 6), "g", time=0, time_unit="ms", channels=("x", "y", "z", "type", "id"))
    first = next(iter(mixed.blocks()), None)
    codes = first.values[:, 3:] if first else np.empty((0, 2))
    there = sorted({(int(kind), int(place)) for kind, place in codes[np.isfinite(codes).all(axis=1)]})
    series = []
    for kind, place in there:
        if kind in _SENSORS:
            sensor, unit = _SENSORS[kind]
            name = worn.get(place, f"sensor {place}")
            series.append(
                changed(mixed, _only(kind, place), sensor=sensor, unit=unit, channels=("x", "y", "z"), placement=_PLACES.get(name, name))
            )
    return series


def _only(kind: int, place: int) -> Callable[[Block], Block]:
    """Return the change that leaves the rows of one sensor."""

    def change(block: Block) -> Block:
        mine = (block.values[:, 3] == kind) & (block.values[:, 4] == place)
        return Block(block.row, block.times[mine], block.values[mine, :3])

    return change
