"""MobiFall and MobiAct: text with `#` lines and `@DATA`, one file a sensor; or MobiAct's annotated table.

Layout: readme of the datasets and files as public readers quote them: `#Acceleration force along the x y z axes (including gravity).`,
`#timestamp(ns),x,y,z(m/s^2)`, `@DATA`, `184458554000, 1.2641385, -1.7525556, 9.490616`; annotated:
`timestamp,rel_time,acc_x,acc_y,acc_z,gyro_x, gyro_y,gyro_z,azimuth,pitch,roll,label`. The phone was in a trouser pocket.
"""

from __future__ import annotations

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import Columns, axis_columns, readings, tables
from featherfall.recorders.recorder import SensorFile, Series

_COLUMNS = (Columns("accelerometer", axis_columns("acc_{}", "xyz"), "m/s2"), Columns("gyroscope", axis_columns("gyro_{}", "xyz"), "rad/s"))


@register("recorder", "mobifall", title="MobiFall")
def mobifall(capture: Capture) -> SensorFile | None:
    """MobiFall and MobiAct: `@DATA` files, one a sensor, and annotated tables."""
    series = [one for table in tables(capture) for one in _series(table)]
    return SensorFile("mobifall", "MobiFall", tuple(series)) if series else None


def _series(table: Table) -> tuple[Series, ...]:
    if table.has("timestamp", "rel_time", "azimuth", "pitch", "roll"):
        return readings(table, _COLUMNS, [("timestamp", "ns")], placement="pocket")
    head = [line.lower() for line in table.lines[:40]]
    if not any(line.startswith("@data") for line in head) or not any(line.startswith("#timestamp(ns)") for line in head):
        return ()
    if head[0].startswith("#acceleration"):
        return (table.series("accelerometer", (1, 2, 3), "m/s2", time=0, time_unit="ns", placement="pocket"),)
    if head[0].startswith(("#rate of rotation", "#rotation rate", "#gyroscope", "#angular")):
        return (table.series("gyroscope", (1, 2, 3), "rad/s", time=0, time_unit="ns", placement="pocket"),)
    return ()
