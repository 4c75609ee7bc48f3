"""phyphox for Android and iOS: a zip or folder with one table a sensor, or one of them; comma, semicolon or tab, decimal point or comma.

Layout: the export sets of github.com/phyphox/phyphox-experiments, whose names are English in every language of the app. "Acceleration"
includes gravity ("Acceleration with g" in the menu), "Linear Acceleration" does not.
"""

from __future__ import annotations

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import Columns, axis_columns, readings, tables
from featherfall.recorders.recorder import SensorFile

_COLUMNS = (
    Columns("accelerometer", axis_columns("Acceleration {}", "xyz"), "m/s2"),
    Columns("linear acceleration", axis_columns("Linear Acceleration {}", "xyz"), "m/s2"),
    Columns("gyroscope", axis_columns("Gyroscope {}", "xyz"), "rad/s"),
    # Experiments that others have translated.
    Columns("accelerometer", axis_columns("Beschleunigung {}", "xyz"), "m/s2"),
    Columns("linear acceleration", axis_columns("Lineare Beschleunigung {}", "xyz"), "m/s2"),
)
_TIMES = ("Time", "Zeit")


@register("recorder", "phyphox", title="phyphox")
def phyphox(capture: Capture) -> SensorFile | None:
    """phyphox: one table a sensor; CSV with any of its separators, folder or zip."""
    series = [one for table in tables(capture) if _is_export(table) for one in readings(table, _COLUMNS, [(table.columns[0], "s")])]
    return SensorFile("phyphox", "phyphox", tuple(series), mend='record "Acceleration with g" in phyphox') if series else None


def _is_export(table: Table) -> bool:
    return bool(table.columns) and table.columns[0] in _TIMES and table.units[0] == "s"
