"""OpenSeizureDetector's watches: what they post to the phone app, five seconds at 25 Hz, in mg.

Layout: GarminSDDataHandler and GarminSDComms of github.com/OpenSeizureDetector/Garmin_SD, SdWebServer and SdDataSource of its
Android_Pebble_SD. A watch posts to /data and /settings the object itself, or a form whose field `dataObj` it is:
{dataType:'raw',data3D:[x,y,z,...],HR:70,O2sat:0,Mute:false} and {dataType:'settings',battery:80.0,watchPartNo:006-B3225-00,...}. That is
JSON as Android's JSONObject reads it: names without quotes, texts in single ones or in none. JSON proper is taken, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.payloads.payload import MOST_BYTES, decode_message, device_name, mapping, number, numbers

_RATE = 25.0  # Hz
_FIELD = "dataObj"
# A text in quotes; a name before a colon; a value without quotes that is neither a number, nor true, false, null. Bounded, so
# that no message takes long.
_TOKEN = re.compile(
    r""""[^"]{0,200}+"|'(?P<text>[^'"\\]{0,200}+)'|(?<!\w)(?P<name>[A-Za-z_]\w{0,40}+)(?=[ ]?:)"""
    r"""|(?<=:)[ ]?(?P<bare>(?!(?:true|false|null|-?\d+(?:\.\d+)?)[ ]?[,}])[\w.+-]{1,80}+)(?=[ ]?[,}])"""
)


@register("payload", "openseizuredetector", title="OpenSeizureDetector")
def openseizuredetector_message(body: bytes, topic: str) -> Iterator[Packet]:
    """OpenSeizureDetector: {"dataType": "raw", "data3D": [x, y, z, ...]}, in mg at 25 Hz."""
    message = mapping(decode_message(_as_json(body)))
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


def _as_json(body: bytes) -> bytes:
    """Return the object of a message, as JSON proper where its names have no quotes."""
    if body.startswith(f"{_FIELD}=".encode()):
        body = unquote_to_bytes(body.partition(b"=")[2].partition(b"&")[0].replace(b"+", b" "))
    if b'"' in body[:20] or len(body) > MOST_BYTES:
        return body
    return _TOKEN.sub(
        lambda found: f'"{found[found.lastgroup]}"' if found.lastgroup else found[0], body.decode("utf-8", "replace")
    ).encode()
