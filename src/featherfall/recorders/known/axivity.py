"""Axivity AX3 and AX6 as text: CSV of OMGUI and omconvert, usually without a header.

Layout: documentation of github.com/digitalinteraction/openmovement: `2015-06-22 00:56:03.711,0.0258,0.0290,1.0013`, for the AX6 three more
columns in deg/s; optional header `Time,Accel-X (g), Accel-Y (g), Accel-Z (g)[, Gyro-X (d/s), ...]`.
"""

from __future__ import annotations

import re

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import Columns, at_rest, axis_columns, near, one_table, readings
from featherfall.recorders.recorder import SensorFile, Series

_COLUMNS = (Columns("accelerometer", axis_columns("Accel-{}"), "g"), Columns("gyroscope", axis_columns("Gyro-{}"), "deg/s"))
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


@register("recorder", "axivity", title="Axivity", rank=1)
def axivity(capture: Capture) -> SensorFile | None:
    """Axivity AX3 and AX6: CSV of OMGUI or omconvert, with or without a header."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    if any(name.lower().startswith("mean svm") for name in table.columns):
        raise UserError(f"{table.where}: Axivity: means per epoch (SVM), not acceleration; in OMGUI choose Export, Raw CSV")
    series = readings(table, _COLUMNS, [("Time", None)]) or _without_header(table)
    return SensorFile("axivity", "Axivity AX6" if len(series) > 1 else "Axivity", series) if series else None


def _without_header(table: Table) -> tuple[Series, ...]:
    # Any logger may write such rows: what is claimed is the width of OMGUI's, its form of dates, and gravity in g at rest.
    if table.columns or len(table.first) not in (4, 7) or not _DATE.fullmatch(table.first[0]):
        return ()
    accelerometer = table.series("accelerometer", (1, 2, 3), "g", time=0, time_unit="date")
    if not near(at_rest(accelerometer, quiet=True), 1.0):
        return ()
    # cwa-convert may put light, temperature and battery there, which are never negative.
    turns = len(table.first) == 7 and any(cell.startswith("-") for at in (4, 5, 6) for cell in table.cells(at))
    more = (table.series("gyroscope", (4, 5, 6), "deg/s", time=0, time_unit="date"),) if turns else ()
    return (accelerometer, *more)
