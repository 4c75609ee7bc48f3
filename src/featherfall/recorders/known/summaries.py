"""Exports of health and sports apps, which keep steps, heart rate and tracks but no acceleration: refused, with what to record with.

Layout: Apple Health (export.xml), Samsung Health (`com.samsung.shealth...`), Fitbit and Google Takeout (JSON with "dateTime" and
"value"), Garmin Connect, Polar Flow and others (tables of activities), GPX, TCX and KML.
"""

from __future__ import annotations

import re

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.names import shown
from featherfall.recorders.recorder import SensorFile

_RECORD = "record with Sensor Logger, SensorLog, phyphox or another app that saves the raw accelerometer"
_HEADS: tuple[tuple[bytes, str], ...] = (
    (rb"<HealthData|<!DOCTYPE HealthData", "Apple Health"),
    (rb"\A\W*com\.samsung\.(s?health)", "Samsung Health"),
    (rb'\A\W*[\[{]\W*"dateTime"\s*:.{0,60}"value"', "Fitbit"),
    (rb"<gpx[ >]|<TrainingCenterDatabase|<kml[ >]", "a GPS track"),
)
_COLUMNS = re.compile(
    r"(total )?steps?|step ?count|heart ?rate( \(?bpm\)?)?|(avg )?hr|bpm|calories( burned)?|activity type|latitude|(total )?distance.*",
    re.IGNORECASE,
)


@register("recorder", "summaries", title="health and sports apps (refused)", rank=8)
def summaries(capture: Capture) -> SensorFile | None:
    """Steps, heart rate or tracks of health and sports apps: refused, because they hold no acceleration."""
    head = capture.head(size=4096)
    apple = [name for name in capture.names if name.endswith("apple_health_export/export.xml")]
    source = "Apple Health" if apple else next((name for mark, name in _HEADS if re.search(mark, head, re.DOTALL)), None)
    if source is None:
        table = capture.table()
        # Recorders with lines above their header name themselves there.
        if table is None or table.preamble or not any(_COLUMNS.fullmatch(name.strip()) for name in table.columns):
            return None
        if table.has("Phone timestamp") or any(
            re.search(r"acc|grav|(^|[ _])[xyz]([ _]|$)|a[xyz]$", name, re.IGNORECASE) for name in table.columns
        ):
            return None
        source = f"columns {', '.join(map(shown, table.columns[:4]))}"
    raise UserError(f"{capture.path}: {source}: no acceleration in it; {_RECORD}")
