"""OpenSeizureDetector's Garmin, PineTime and Bangle.js watches: the JSON that they post to the phone app, five seconds at 25 Hz, in mg.

Layout: SdDataSource of github.com/OpenSeizureDetector/Android_Pebble_SD: {"dataType": "raw", "data": [magnitudes],
"data3D": [x, y, z, ...], "HR": ..., "battery": ...} and {"dataType": "settings", ...}, which holds the battery and the version.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.payloads.payload import decode_message, device_name, mapping, number, numbers

_RATE = 25.0  # Hz


@register("payload", "openseizuredetector", title="OpenSeizureDetector")
def openseizuredetector_message(body: bytes, topic: str) -> Iterator[Packet]:
    """OpenSeizureDetector: {"dataType": "raw", "data3D": [x, y, z, ...]}, in mg at 25 Hz."""
    message = mapping(decode_message(body))
    device = device_name(message.get("watchPartNo") or message.get("watchId"), topic)
    battery = message.get("battery")
    charge = None if battery is None else min(max(number(battery, "battery") / 100, 0.0), 1.0)
    kind = message.get("dataType")
    if kind == "settings":
        yield Packet(device, battery=charge)
        return
    if kind != "raw":
        raise UserError(f'dataType is {str(kind)[:40]!r}, not "raw"')
    if "data3D" not in message:
        raise UserError("the magnitude alone, not three axes; use a watch app that sends 3D data")
    flat = numbers(message["data3D"], "data3D")
    if len(flat) % 3:
        raise UserError(f"data3D has {len(flat)} numbers, which are not three a sample")
    values = flat.reshape(-1, 3)
    used = np.flatnonzero(values.any(axis=1))  # zeros fill a message up
    values = values[: used[-1] + 1] if len(used) else values[:0]
    yield Packet(device, (Reading("accelerometer", None, values, "mg", _RATE),), charge)
