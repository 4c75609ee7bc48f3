"""MetaWear and MetaMotion (MbientLab), recorded with MetaBase: a CSV file a sensor.

Layout: files of MetaBase in public repositories: `epoc (ms),timestamp (+0000),elapsed (s),x-axis (g),y-axis (g),z-axis (g)`, also spelled
`epoch (ms)`; the gyroscope's file has deg/s; the file names end with the sensor.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import at_rest, axis_columns, header_unit, tables
from featherfall.recorders.recorder import SensorFile, Series

_XYZ = axis_columns("{}-axis", "xyz")


@register("recorder", "metawear", title="MetaWear")
def metawear(capture: Capture) -> SensorFile | None:
    """MetaWear and MetaMotion by MbientLab: CSV files of MetaBase."""
    series = [one for table in tables(capture) for one in _series(table)]
    return (
        SensorFile("metawear", "MetaWear", tuple(series), mend="give the file of Accelerometer, not of LinearAcceleration")
        if series
        else None
    )


def _series(table: Table) -> tuple[Series, ...]:
    clock = next((name for name in ("epoc", "epoch") if table.has(name, *_XYZ)), None)
    unit = header_unit(table, "x-axis")
    if clock is None or unit not in ("g", "m/s2", "deg/s", "rad/s"):
        return ()
    if unit in ("deg/s", "rad/s"):
        return (table.series("gyroscope", _XYZ, time=clock, time_unit="ms"),)
    series = table.series("accelerometer", _XYZ, time=clock, time_unit="ms")
    name = PurePosixPath(table.name).stem.lower()
    if "gravity" in name:
        return (replace(series, sensor="gravity"),)
    # Sensor fusion writes acceleration without gravity in the same columns.
    rest = at_rest(series)
    still = rest is not None and rest < (0.3 if unit == "g" else 3.0)
    return (replace(series, sensor="linear acceleration"),) if "linear" in name or still else (series,)
