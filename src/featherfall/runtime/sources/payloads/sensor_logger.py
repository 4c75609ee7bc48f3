"""Sensor Logger for Android and iOS: HTTP push and MQTT, which have one layout.

Layout: PUSHING.md, UNITS.md and COORDINATES.md of github.com/tszheichoi/awesome-sensor-logger: {"messageId", "sessionId", "deviceId",
"payload": [{"name", "time" (ns since 1970), "values": {...}}, ...]}. "accelerometer" is without gravity on both systems; "wrist motion",
an Apple Watch, has "accelerationX" and "gravityX" apart, in g.

Under iOS, and on its watch, signs are the opposite of Android's: a device on its back shows -1 g on z. Bundles take Android's, which is
what an accelerometer measures, so those of iOS are turned: of the watch by its name, of a phone with the payload `sensor-logger-ios`, as
no message says which system it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.recorder import Sensor
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.payloads.payload import decode_message, device_name, listed, mapping

_NAMES: dict[str, tuple[Sensor, str]] = {
    "accelerometer": ("linear acceleration", "m/s2"),
    "totalacceleration": ("accelerometer", "m/s2"),
    "gravity": ("gravity", "m/s2"),
    "gyroscope": ("gyroscope", "rad/s"),
}
_WRIST = "wristmotion"


@register("payload", "sensor-logger", title="Sensor Logger")
def sensor_logger_message(body: bytes, topic: str) -> Iterator[Packet]:
    """Sensor Logger, HTTP push or MQTT: an Android phone or any watch; switch on Accelerometer and Gravity."""
    yield _packet(body, topic, ios=False)


@register("payload", "sensor-logger-ios", title="Sensor Logger for iOS")
def sensor_logger_ios_message(body: bytes, topic: str) -> Iterator[Packet]:
    """Sensor Logger on an iPhone, whose signs are the opposite; switch on Accelerometer and Gravity."""
    yield _packet(body, topic, ios=True)


def _packet(body: bytes, topic: str, ios: bool) -> Packet:
    message = mapping(decode_message(body))
    if "payload" not in message:
        raise UserError('the message has no "payload"')
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in listed(message["payload"], "payload"):
        name = re.sub(r"[^a-z]", "", str(mapping(row, "a row of the payload").get("name", "")).lower())
        rows.setdefault(name, []).append(row)
    if _WRIST in rows:  # worn at the wrist: better than the phone beside it
        found = _wrist(rows[_WRIST])
    else:
        found = []
        for name, (sensor, unit) in _NAMES.items():
            one = _reading(rows.get(name, ()), sensor, "", unit, axes="xyz", turned=ios and sensor != "gyroscope")
            found += [] if one is None else [one]
    return Packet(device_name(message.get("deviceId"), topic), tuple(found), _battery(rows.get("battery", ())))


def _reading(rows: Any, sensor: Sensor, start: str, unit: str, axes: str, turned: bool) -> Reading | None:
    """Return the samples of rows that have the three axes; None without any."""
    names = [f"{start}{axis}" for axis in axes]
    times, values = [], []
    for row in rows:
        inside = row.get("values", row)
        if isinstance(inside, dict) and all(isinstance(inside.get(name), int | float) for name in names):
            stamp = row.get("time")
            if isinstance(stamp, bool) or not isinstance(stamp, int | float):
                raise UserError(f"a row of {row.get('name')!r} has no time")
            times.append(stamp)
            values.append([inside[name] for name in names])
    if not times:
        return None
    try:
        stamps, table = np.array(times, np.float64) / 1e9, np.array(values, np.float64)
    except OverflowError:
        raise UserError("a number of the payload is not finite") from None
    keep = np.isfinite(stamps) & np.isfinite(table).all(axis=1) & (np.abs(table) < 1e12).all(axis=1)
    order = np.argsort(stamps[keep], kind="stable")
    table = table[keep][order]
    return Reading(sensor, stamps[keep][order], -table if turned and sensor != "gyroscope" else table, unit)


def _wrist(rows: Any) -> list[Reading]:
    """Return the watch's sensors: in g with iOS' signs; or, by "Standardise Units & Frames", in m/s2 with Android's, as gravity shows."""
    gravity = _reading(rows, "gravity", "gravity", "g", axes="XYZ", turned=True)
    size = float(np.median(np.linalg.norm(gravity.values, axis=1))) if gravity is not None and len(gravity.values) else 1.0
    standard = 0.9 * STANDARD_GRAVITY < size < 1.1 * STANDARD_GRAVITY
    unit = "m/s2" if standard else "g"
    parts: tuple[tuple[Sensor, str, str], ...] = (
        ("linear acceleration", "acceleration", unit),
        ("gravity", "gravity", unit),
        ("gyroscope", "rotationRate", "rad/s"),
    )
    found = (_reading(rows, *part, axes="XYZ", turned=not standard) for part in parts)
    return [one for one in found if one is not None]


def _battery(rows: Any) -> float | None:
    levels = [row.get("values", row).get("batteryLevel") for row in rows if isinstance(row.get("values", row), dict)]
    known = [float(level) for level in levels if isinstance(level, int | float) and 0 <= level <= 1]
    return known[-1] if known else None
