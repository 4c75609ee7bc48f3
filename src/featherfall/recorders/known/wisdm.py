"""WISDM: rows `user,activity,time,x,y,z;` without a header, in m/s2.

Layout: readme of WISDM v1.1 and of the "Smartphone and Smartwatch Activity and Biometrics Dataset" (UCI 507), whose files are named
`data_1600_accel_watch.txt`; nanoseconds; the gyroscope's files differ by their names alone.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import tables
from featherfall.recorders.recorder import Sensor, SensorFile, Series

_ROW = re.compile(r"\d+,[A-Za-z]+,\d+,(-?\d+(\.\d+)?(E-?\d+)?,){2}-?\d+(\.\d+)?(E-?\d+)?,?;?", re.IGNORECASE)
_ROWS = 5  # that must match


@register("recorder", "wisdm", title="WISDM")
def wisdm(capture: Capture) -> SensorFile | None:
    """WISDM: user, activity, time, x, y, z, ended by a semicolon; phone or watch."""
    series: list[Series] = []
    for table in tables(capture):
        if len(table.lines) >= _ROWS and all(_ROW.fullmatch(line.strip()) for line in table.lines[:_ROWS]):
            name = PurePosixPath(table.name).name.lower()
            placement = "wrist" if "watch" in name else "pocket"
            sensor: Sensor = "gyroscope" if "gyro" in name else "accelerometer"
            unit = "rad/s" if sensor == "gyroscope" else "m/s2"
            series.append(table.series(sensor, (3, 4, 5), unit, time=2, time_unit="ns", placement=placement))
    return SensorFile("wisdm", "WISDM", tuple(series)) if series else None
