"""ActiGraph: the .gt3x file as it is downloaded, a zip with info.txt and log.bin.

Layout: github.com/actigraph/GT3X-File-Format: records with a second's samples each, type 0 with 12 bits a value in the order y, x, z,
type 26 with 16 bits in the order x, y, z, and a checksum; the scale and the rate are in info.txt. Files of firmware 2.5 and older are
packed otherwise and refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import partial

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.recorder import Block, SensorFile, Series

_LOG, _INFO, _OLD = "log.bin", "info.txt", "activity.bin"
_SEPARATOR, _PACKED, _SHORTS = 0x1E, 0, 26
_HEAD = struct.Struct("<BBIH")  # separator, type, seconds since 1970, bytes
_SAMPLES = (_PACKED, _SHORTS)
_LARGEST = 1 << 12  # bytes of a second of samples; 100 Hz are 600
_TRIES = 10_000  # places where a record does not begin, after which a file is given up
_SECONDS = 600  # of a block
# Counts of a g where info.txt does not state them, by the beginning of the serial number (GT3X+ and wGT3X+; all newer ones have 256).
_OLD_SCALES = {"NEO": 341.0, "CLE": 341.0, "MRA": 341.0}


@register("recorder", "actigraph-gt3x", title="ActiGraph .gt3x")
def actigraph_gt3x(capture: Capture) -> SensorFile | None:
    """ActiGraph: the .gt3x file of ActiLife or CentrePoint."""
    if _INFO not in capture.names or not {_LOG, _OLD} & set(capture.names):
        return None
    if _LOG not in capture.names:
        raise UserError(f"{capture.path}: ActiGraph: a .gt3x file of old firmware; export it as raw CSV with ActiLife")
    info = dict(re.findall(r"^\s*([^:\n]+?)\s*:\s*(.*?)\s*$", capture.text(_INFO, limit=1 << 16), re.MULTILINE))
    scale = _number(info.get("Acceleration Scale")) or _OLD_SCALES.get(info.get("Serial Number", "")[:3], 256.0)
    damaged = [0]
    blocks = partial(_blocks, capture, scale, damaged)
    if next(blocks(), None) is None:
        raise UserError(f"{capture.path}: ActiGraph: holds no samples; download it again from the device")
    placement = " ".join(f"{info.get('Side', '')} {info.get('Limb', '')}".lower().split())
    series = Series("accelerometer", ("x", "y", "z"), "g", blocks, placement, remarks=partial(_remarks, damaged))
    device = info.get("Device Type", "")
    return SensorFile("actigraph-gt3x", f"ActiGraph {device}" if device.isalnum() else "ActiGraph", (series,))


def _blocks(capture: Capture, scale: float, damaged: list[int]) -> Iterator[Block]:
    damaged[0], row = 0, 1
    times: list[np.ndarray] = []
    values: list[np.ndarray] = []
    for kind, second, payload in _records(capture, damaged):
        samples = _twelve_bits(payload) if kind == _PACKED else np.frombuffer(payload[: len(payload) // 6 * 6], "<i2").reshape(-1, 3)
        if len(samples):  # none while the device sleeps
            times.append(second + np.arange(len(samples)) / len(samples))
            values.append(samples / scale)
        if len(times) >= _SECONDS:
            yield Block(row, np.concatenate(times), np.concatenate(values))
            row += sum(map(len, times))
            times, values = [], []
    if times:
        yield Block(row, np.concatenate(times), np.concatenate(values))


def _records(capture: Capture, damaged: list[int]) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, seconds since 1970 and payload of records of samples; `damaged` counts the places where the checksum is wrong."""
    rest, lost, tries = b"", False, 0
    for piece in capture.members[_LOG].pieces():
        data, at = rest + piece, 0
        while len(data) - at >= _HEAD.size:
            separator, kind, second, size = _HEAD.unpack_from(data, at)
            if separator != _SEPARATOR:  # zeros may stand between records
                found = data.find(_SEPARATOR, at)
                at = len(data) if found < 0 else found
                continue
            end = at + _HEAD.size + size
            if end + 1 > len(data):
                break
            record = np.frombuffer(data, np.uint8, end - at, at)
            if (size > _LARGEST and kind in _SAMPLES) or ~int(np.bitwise_xor.reduce(record)) & 0xFF != data[end]:
                damaged[0] += not lost
                lost, tries, at = True, tries + 1, at + 1  # the size may be wrong: the next record may begin within
                if tries > _TRIES:
                    raise UserError(f"{capture.path}: ActiGraph: damaged; download it again from the device")
                continue
            lost = False
            if kind in _SAMPLES:
                yield kind, second, data[at + _HEAD.size : end]
            at = end + 1
        rest = data[at:]


def _twelve_bits(payload: bytes) -> np.ndarray:
    """Return (N, 3) x, y, z of values of 12 bits in the order y, x, z."""
    data = np.frombuffer(payload, np.uint8).astype(np.int64)
    data = data[: len(data) // 3 * 3].reshape(-1, 3)
    pairs = np.stack([data[:, 0] << 4 | data[:, 1] >> 4, (data[:, 1] & 15) << 8 | data[:, 2]], axis=1).ravel()
    pairs -= 4096 * (pairs > 2047)
    return pairs[: len(pairs) // 3 * 3].reshape(-1, 3)[:, [1, 0, 2]]


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < 1e6 else None


def _remarks(damaged: list[int]) -> tuple[str, ...]:
    return (f"{damaged[0]} damaged records were left out",) if damaged[0] else ()
