"""Sensor Logger for Android and iOS, with its watch companions: a folder or zip with one file a sensor, or one JSON file.

Layout and units: UNITS.md and README.md of github.com/tszheichoi/awesome-sensor-logger. "Accelerometer" is without gravity on both systems;
gravity is in "Gravity", and their sum in "TotalAcceleration", which only Android has. "WristMotion" is the watch: g, or m/s2 where the
setting "Standardise Units & Frames" is on.

"Orientation" has a quaternion. Under Android it is that of the rotation vector, from the device's frame to that of the Earth, z up
(developer.android.com, `SensorManager.getQuaternionFromVector`), so that gravity follows from it where no gravity was recorded. Under iOS
signs of acceleration are the opposite (COORDINATES.md), and no document says what "Standardise Units & Frames" makes of the quaternion, so
that it is not used there. "Metadata" says which system it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.names import shown
from featherfall.recorders.readings import at_rest, axis_columns, document, from_arrays, near, tables
from featherfall.recorders.recorder import Sensor, SensorFile, Series

_MEND = (
    "give the folder or zip of the recording, in which Gravity.csv or TotalAcceleration.csv is, or of an Android phone Orientation.csv and "
    "Metadata.csv, not Accelerometer.csv alone"
)
_TIMES = ("time", "seconds_elapsed")
_MOTION, _GRAVITY, _ROTATION = axis_columns("acceleration{}"), axis_columns("gravity{}"), axis_columns("rotationRate{}")
_MOST_METADATA = 1 << 16  # bytes; it has two lines
_XYZ = axis_columns("{}", "xyz")
_WXYZ = axis_columns("q{}", "wxyz")
_ORIENTATIONS = ("orientation", "gameorientation")  # the better one first; gravity needs no north, which the second lacks
# Ends of file names, the longest first, so that "AccelerometerUncalibrated" is not taken for "Accelerometer".
_KINDS: tuple[tuple[str, Sensor | None, str | None], ...] = (
    ("accelerometeruncalibrated", "accelerometer", None),
    ("gyroscopeuncalibrated", None, None),
    ("magnetometeruncalibrated", None, None),
    ("totalacceleration", "accelerometer", "m/s2"),
    ("accelerometer", "linear acceleration", "m/s2"),
    ("gravity", "gravity", "m/s2"),
    ("gyroscope", "gyroscope", "rad/s"),
    ("magnetometer", "magnetometer", "uT"),
)


@dataclass(frozen=True)
class _Part:
    """A file of the recording, or the objects of one sensor in the JSON export. stem: its name in lower case, letters only."""

    stem: str
    has: Callable[..., bool]
    read: Callable[[Sensor, tuple[str, ...], str | None, str], Series]


@register("recorder", "sensor-logger", title="Sensor Logger")
def sensor_logger(capture: Capture) -> SensorFile | None:
    """Sensor Logger, phone and watch: one file a sensor in a folder or zip; or JSON."""
    found = [series for part in (*_of_tables(capture), *_of_json(capture)) for series in _series(part)]
    if any(series.sensor == "orientation" for series in found):
        found = _with_orientation(found, _platform(capture))
    if not found:
        return None
    watch = any(series.placement for series in found)
    phone = any(not series.placement for series in found)
    device = "phone and watch" if watch and phone else "watch" if watch else "phone"
    return SensorFile("sensor-logger", f"Sensor Logger, {device}", tuple(_best(found)), mend=_MEND)


def _of_tables(capture: Capture) -> Iterator[_Part]:
    found = [table for table in tables(capture) if table.has(*_TIMES)]
    sessions = sorted({str(PurePosixPath(table.name).parent) for table in found})
    if len(sessions) > 1:
        raise UserError(f"{capture.path}: {len(sessions)} recordings of Sensor Logger; give one of them, e.g. {shown(sessions[-1])}")
    for table in found:
        yield _Part(_stem(PurePosixPath(table.name).stem), table.has, partial(_read_table, table))


def _read_table(table: Table, sensor: Sensor, names: tuple[str, ...], unit: str | None, placement: str) -> Series:
    return table.series(sensor, names, unit, time="time", time_unit="ns", channels=_channels(names), placement=placement)


def _of_json(capture: Capture) -> Iterator[_Part]:
    rows = document(capture, '"seconds_elapsed"')
    sensors: dict[str, list[dict[str, object]]] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("sensor"), str) and "time" in row:
            sensors.setdefault(row["sensor"], []).append(row)
    for name, group in sensors.items():
        yield _Part(_stem(name), partial(_has, group[0]), partial(_read_json, group, str(capture.path)))


def _has(row: dict[str, object], *names: str) -> bool:
    return all(name in row for name in names)


def _read_json(
    group: list[dict[str, object]], where: str, sensor: Sensor, names: tuple[str, ...], unit: str | None, placement: str
) -> Series:
    values = [[row.get(name) for name in names] for row in group]
    times = [_seconds(row["time"]) for row in group]
    return from_arrays(sensor, times, values, unit, where, channels=_channels(names), placement=placement)


def _channels(names: tuple[str, ...]) -> tuple[str, ...]:
    return ("w", "x", "y", "z") if len(names) == 4 else ("x", "y", "z")


def _platform(capture: Capture) -> str:
    """Return the system that the recording's metadata name, in lower case; "" where they do not."""
    rows = document(capture, '"seconds_elapsed"')
    stated = [row for row in rows if isinstance(row, dict) and row.get("sensor") == "Metadata"] if isinstance(rows, list) else []
    for name in capture.names:
        if _stem(PurePosixPath(name).stem) == "metadata" and name.lower().endswith(".csv"):
            stated += csv.DictReader(capture.text(name, _MOST_METADATA).splitlines()[:2])
    return str(stated[0].get("platform", "")).strip().lower() if stated else ""


def _with_orientation(found: list[Series], platform: str) -> list[Series]:
    """Return the series with the best orientation of an Android phone, or with none."""
    turned = [series for series in found if series.sensor == "orientation"] if platform == "android" else []
    return [series for series in found if series.sensor != "orientation"] + turned[:1]


def _series(part: _Part) -> list[Series]:
    if part.has(*_MOTION) and "headphone" not in part.stem:
        gravity = part.read("gravity", _GRAVITY, None, "wrist") if part.has(*_GRAVITY) else None
        unit = "m/s2" if gravity and near(at_rest(gravity), STANDARD_GRAVITY) else "g"
        motion = [part.read("linear acceleration", _MOTION, unit, "wrist")]
        motion += [replace(gravity, unit=unit)] if gravity else []
        return motion + ([part.read("gyroscope", _ROTATION, "rad/s", "wrist")] if part.has(*_ROTATION) else [])
    if part.stem in _ORIENTATIONS and part.has(*_WXYZ):
        return [part.read("orientation", _WXYZ, "quaternion", "")]
    if not part.has(*_XYZ):
        return []
    kind = next((kind for kind in _KINDS if part.stem.endswith(kind[0])), ("", "linear acceleration", "m/s2"))
    if kind[1] is None:
        return []
    series = part.read(kind[1], _XYZ, kind[2], "wrist" if "watch" in part.stem or "wrist" in part.stem else "")
    if kind[1] not in ("accelerometer", "linear acceleration"):
        return [series]
    # A renamed file, an "uncalibrated" one and old versions do not say whether gravity is in it, or the unit: a sensor at rest does.
    rest, quiet = at_rest(series), at_rest(series, quiet=True)
    if near(rest, STANDARD_GRAVITY):
        return [replace(series, sensor="accelerometer", unit="m/s2")]
    if near(quiet, 1.0) and part.stem != "accelerometer":
        return [replace(series, sensor="accelerometer", unit="g")]
    if kind[1] == "accelerometer" and kind[2] is None:
        return [replace(series, unit="g" if near(rest, 1.0, 0.5) else "m/s2")]
    return [series] if kind[0] or (rest is not None and rest < 0.5 * STANDARD_GRAVITY) else []


def _best(found: list[Series]) -> Iterator[Series]:
    """Leave out what says the same again: acceleration and gravity apart where their sum is there, the uncalibrated one where it is not."""
    for series in found:
        beside = [other for other in found if other.placement == series.placement]
        total = [other for other in beside if other.sensor == "accelerometer"]
        if series.sensor in ("linear acceleration", "gravity") and total:
            continue
        if series.sensor == "accelerometer" and series is not total[0]:
            continue
        yield series


def _seconds(text: object) -> float:
    """Return nanoseconds since 1970, as JSON has them, in seconds; NaN for anything else."""
    try:
        return float(str(text)) / 1e9
    except ValueError:
        return float("nan")


def _stem(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
