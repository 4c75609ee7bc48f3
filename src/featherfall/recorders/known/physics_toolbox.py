"""Physics Toolbox Sensor Suite (Vieyra): one table; comma or semicolon; times in seconds or as time of day.

Layout: exports in public repositories, e.g. `time,gFx,gFy,gFz,TgF` (G-force meter), `time,ax,ay,az,aT` (linear accelerometer) and
`time,gFx,gFy,gFz,ax,ay,az,wx,wy,wz,...` (multi record). G-force includes gravity and is in g, the linear accelerometer in m/s2.
"""

from __future__ import annotations

from dataclasses import replace

from featherfall.core.registry import register
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import Columns, at_rest, axis_columns, near, readings, tables
from featherfall.recorders.recorder import SensorFile, Series

_COLUMNS = (
    Columns("accelerometer", axis_columns("gF{}", "xyz"), "g"),
    Columns("linear acceleration", axis_columns("a{}", "xyz"), "m/s2"),
    Columns("gyroscope", axis_columns("w{}", "xyz"), "rad/s"),
)
_TOTALS = ("aT", "atotal", "TgF", "gFTotal")  # what sets the app apart from other tables with ax, ay, az


@register("recorder", "physics-toolbox", title="Physics Toolbox")
def physics_toolbox(capture: Capture) -> SensorFile | None:
    """Physics Toolbox Sensor Suite: G-force meter, linear accelerometer and multi record."""
    found = [table for table in tables(capture) if _is_export(table)]
    series = tuple(_with_gravity(one) for table in found for one in readings(table, _COLUMNS, [("time", None)]))
    return SensorFile("physics-toolbox", "Physics Toolbox", series, mend="record the G-Force Meter of the app") if series else None


def _is_export(table: Table) -> bool:
    if table.has("time", "gFx", "gFy", "gFz"):
        return True
    return table.has("time", "ax", "ay", "az") and any(table.has(total) for total in _TOTALS)


def _with_gravity(series: Series) -> Series:
    """The app's plain accelerometer has the columns of its linear one: a sensor at rest shows which it is."""
    if series.sensor == "linear acceleration" and near(at_rest(series), STANDARD_GRAVITY):
        return replace(series, sensor="accelerometer")
    return series
