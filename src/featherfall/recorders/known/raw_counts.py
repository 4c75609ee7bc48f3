"""Counts of an accelerometer's converter in a table, as sketches for Arduino, ESP32 and others print them: `millis,ax,ay,az`."""

from __future__ import annotations

import re

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.counts import as_counts
from featherfall.recorders.known.table import sensor_columns
from featherfall.recorders.readings import tables
from featherfall.recorders.recorder import SensorFile

_WHOLE = re.compile(r"[-+]?\d{1,7}(\.0*)?")


@register("recorder", "raw-counts", title="raw counts", rank=1)
def raw_counts(capture: Capture) -> SensorFile | None:
    """Raw counts of a converter (Arduino, ESP32, ...): the counts of a g are found at rest, or asked for."""
    found, notes = [], []
    for table in tables(capture):
        if sum(_WHOLE.fullmatch(cell) is not None for cell in table.first) < 3:
            continue
        for series in sensor_columns(table):
            counted = as_counts(series) if series.sensor == "accelerometer" and series.unit is None else None
            if counted:
                found.append(counted[0])
                notes.append(counted[1])
    return SensorFile("raw-counts", "raw counts", tuple(found), tuple(dict.fromkeys(notes))) if found else None
