"""Bangle.js: CSV of its app Acceleration Logger, in counts of 1/8192 g.

Layout: apps/accellog of github.com/espruino/BangleApps: `Time (ms),X,Y,Z`, 12.5 Hz unless set otherwise.
"""

from __future__ import annotations

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import at_rest, near, one_table
from featherfall.recorders.recorder import SensorFile

_COUNTS = 8192.0
_COLUMNS = (("Time", "X", "Y", "Z"), ("Time", "X", "Y", "Z", "Total"))


@register("recorder", "bangle", title="Bangle.js")
def bangle(capture: Capture) -> SensorFile | None:
    """Bangle.js: CSV of the app Acceleration Logger."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    """Return the accelerometer of a Bangle.js log; None for another program's table. Its names are common: gravity in its counts is not."""
    if table.columns not in _COLUMNS or table.units[0] != "ms":
        return None
    series = table.series("accelerometer", ("X", "Y", "Z"), "count", time="Time", time_unit="ms", placement="wrist", counts_per_g=_COUNTS)
    return SensorFile("bangle", "Bangle.js", (series,)) if near(at_rest(series), _COUNTS) else None
