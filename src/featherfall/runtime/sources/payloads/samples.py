"""featherfall's own payload, for devices that people build: JSON with a list of samples.

    {"samples": [[t, x, y, z], ...]}                      t in s
    {"samples": [[x, y, z], ...], "rate": 50}             without times

Optional keys: "device", "unit" ("g", "mg", "m/s2"), "time" (s since 1970, of the first sample, where there are no times), "gyroscope"
(as "samples", in deg/s), "battery" (0 to 1), "worn".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.units import quantity
from featherfall.recorders.recorder import Sensor
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.payloads.payload import decode_message, device_name, mapping, number, numbers


@register("payload", "samples", title="featherfall's own")
def samples(body: bytes, topic: str) -> Iterator[Packet]:
    """featherfall's own JSON: {"samples": [[t, x, y, z], ...]}, or without t and with "rate"."""
    message = mapping(decode_message(body))
    unit = message.get("unit")
    if unit is not None and (not isinstance(unit, str) or quantity(unit) != "acceleration"):
        raise UserError(f"unit {unit!r} measures no acceleration")
    readings = [_reading(message, "samples", "accelerometer", unit)]
    readings += [_reading(message, "gyroscope", "gyroscope", "deg/s")] if "gyroscope" in message else []
    battery, worn = message.get("battery"), message.get("worn")
    yield Packet(
        device_name(message.get("device"), topic),
        tuple(readings),
        None if battery is None else min(max(number(battery, "battery"), 0.0), 1.0),
        worn if isinstance(worn, bool) else None,
    )


def _reading(message: Mapping[str, Any], key: str, sensor: Sensor, unit: str | None) -> Reading:
    if key not in message:
        raise UserError(f"the message has no {key!r}")
    rows = message[key]
    width = len(rows[0]) if isinstance(rows, list) and rows and isinstance(rows[0], list) else 3
    if width not in (3, 4):
        raise UserError(f"{key!r} is not a list of [t, x, y, z], or of [x, y, z] with a rate")
    table = numbers(rows, repr(key), width).reshape(-1, width)
    if width == 4:
        return Reading(sensor, table[:, 0], table[:, 1:], unit)
    rate = number(message.get("rate"), "rate")
    if "time" in message and rate > 0:
        return Reading(sensor, number(message["time"], "time") + np.arange(len(table)) / rate, table, unit)
    return Reading(sensor, None, table, unit, rate)
