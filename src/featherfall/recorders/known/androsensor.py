"""AndroSensor for Android: one table with all sensors, below a line `sep=;`; the text is UTF-8 or Windows-1252.

Layout: exports in public repositories: `ACCELEROMETER X (m/s²);...;GRAVITY X (m/s²);...;LINEAR ACCELERATION X (m/s²);...;
Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS`; also with commas and `TIME SINCE START (ms)`.
"""

from __future__ import annotations

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import Columns, axis_columns, one_table, readings
from featherfall.recorders.recorder import SensorFile

_COLUMNS = (
    Columns("accelerometer", axis_columns("ACCELEROMETER {}"), "m/s2"),
    Columns("gravity", axis_columns("GRAVITY {}"), "m/s2"),
    Columns("linear acceleration", axis_columns("LINEAR ACCELERATION {}"), "m/s2"),
    Columns("gyroscope", axis_columns("GYROSCOPE {}"), "rad/s"),
)
_TIMES = (
    ("Time since start in ms", "ms"),
    ("TIME SINCE START", "ms"),
    ("YYYY-MO-DD HH-MI-SS_SSS", "date"),
    ("DATE", "date"),
)


@register("recorder", "androsensor", title="AndroSensor")
def androsensor(capture: Capture) -> SensorFile | None:
    """AndroSensor: one table with all sensors, semicolons or commas."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    shouted = any(name.startswith(("ACCELEROMETER X", "LINEAR ACCELERATION X")) for name in table.columns)
    series = readings(table, _COLUMNS, _TIMES) if shouted else ()
    mend = "record Accelerometer too, in the settings of AndroSensor"
    return SensorFile("androsensor", "AndroSensor", series, mend=mend) if series else None
