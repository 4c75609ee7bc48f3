"""Polar straps and watches through Polar Sensor Logger: a text file a stream, semicolons.

Layout: files of the app in public repositories: `Polar_H10_12345678_20260610_211541_ACC.txt` with `Phone timestamp;sensor timestamp [ns];
X [mg];Y [mg];Z [mg]`; GYRO in dps; ECG, PPG, PPI and HR with other columns.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.names import shown
from featherfall.recorders.readings import header_unit, tables
from featherfall.recorders.recorder import Sensor, SensorFile

_XYZ = ("X", "Y", "Z")
_UNITS: dict[str | None, Sensor] = {"mg": "accelerometer", "g": "accelerometer", "deg/s": "gyroscope", "dps": "gyroscope"}


@register("recorder", "polar", title="Polar Sensor Logger")
def polar(capture: Capture) -> SensorFile | None:
    """Polar Sensor Logger: the ACC file of a strap or watch, alone or beside its other files."""
    found = [table for table in tables(capture) if table.has("Phone timestamp")]
    series = []
    for table in found:
        sensor = _UNITS.get(header_unit(table, "X")) if table.has(*_XYZ) else None
        if sensor:
            times = ("sensor timestamp", "ns") if table.has("sensor timestamp") else ("Phone timestamp", "date")
            one = table.series(sensor, _XYZ, time=times[0], time_unit=times[1], placement=_placement(table))
            series.append(replace(one, unit="deg/s") if sensor == "gyroscope" else one)
    if found and not series:
        raise UserError(
            f"{capture.path}: Polar Sensor Logger: {', '.join(map(shown, found[0].columns[1:5]))}, not acceleration; "
            "give the file that ends with _ACC.txt"
        )
    return SensorFile("polar", "Polar Sensor Logger", tuple(series)) if series else None


def _placement(table: Table) -> str:
    name = PurePosixPath(table.name).name.lower()
    return "chest" if "_h10" in name or "_h9" in name else ""
