"""Axivity AX3 and AX6: the .cwa file as it lies on the device.

Layout: cwa.h of github.com/digitalinteraction/openmovement: a header of 1024 bytes, then packets of 512 bytes with a time stamp, up to 120
samples of packed 10-bit or whole 16-bit numbers, and a checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import parse_qs

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import only_binary, whole_pieces
from featherfall.recorders.recorder import Block, Sensor, SensorFile, Series

_HEADER, _PACKET = 1024, 512  # bytes
_FIELDS = np.dtype(
    [
        *(("mark", "S2"), ("length", "<u2"), ("fraction", "<u2"), ("session", "<u4"), ("sequence", "<u4"), ("stamp", "<u4")),
        *(("light", "<u2"), ("temperature", "<u2"), ("events", "u1"), ("battery", "u1"), ("rate", "u1"), ("kind", "u1")),
        *(("offset", "<i2"), ("count", "<u2"), ("data", "u1", 480), ("checksum", "<u2")),
    ]
)
_PACKED, _SHORTS, _SIX = 0x30, 0x32, 0x62  # axes and bytes of a sample: 3 x 10 bits in 4 bytes, 3 x 2 bytes, gyroscope and acceleration


@register("recorder", "axivity-cwa", title="Axivity .cwa")
def axivity_cwa(capture: Capture) -> SensorFile | None:
    """Axivity AX3 and AX6: the .cwa file of the device."""
    name = only_binary(capture, (".cwa", ".omx"), b"MD")
    if name is None:
        return None
    header = capture.head(name, _HEADER)
    note = header[64:512].split(b"\xff")[0].split(b"\x00")[0].decode("ascii", "replace")
    placement = parse_qs(note).get("_p", [""])[0].strip()  # OMGUI's "_p=right+wrist&_sc=26"
    first = next(_packets(capture, name, [0]), None)
    if first is None or not len(first):
        raise UserError(f"{capture.path}: Axivity: holds no samples; copy it again from the device")
    kind = int(first["kind"][0])
    if kind not in (_PACKED, _SHORTS, _SIX):
        raise UserError(f"{capture.path}: Axivity: samples of an unknown kind (0x{kind:02x}); export it as CSV with OMGUI")
    names: list[tuple[Sensor, str]] = [("accelerometer", "g"), ("gyroscope", "deg/s")]
    series = []
    for sensor, unit in names if kind == _SIX else names[:1]:
        damaged = [0]
        series.append(
            Series(
                sensor,
                ("x", "y", "z"),
                unit,
                partial(_blocks, capture, name, kind, sensor, damaged),
                placement,
                remarks=partial(_remarks, damaged),
            )
        )
    return SensorFile("axivity-cwa", "Axivity AX6" if kind == _SIX else "Axivity", tuple(series))


def _blocks(capture: Capture, name: str, kind: int, sensor: str, damaged: list[int]) -> Iterator[Block]:
    """Yield the samples of some thousand packets at once; the row is the number of the sample."""
    damaged[0], row = 0, 1
    for packets in _packets(capture, name, damaged):
        usable = packets[(packets["kind"] == kind) & (packets["count"] > 0)]
        if not len(usable):
            continue
        values = _values(usable, kind, sensor)
        times, there = _times(usable, values.shape[1])
        yield Block(row, times[there], values[there])
        row += int(there.sum())


def _packets(capture: Capture, name: str, damaged: list[int]) -> Iterator[np.ndarray]:
    """Yield whole packets; `damaged` counts those whose checksum is wrong."""
    for piece in whole_pieces(capture, name, _PACKET, skip=_HEADER):
        packets = np.frombuffer(piece, dtype=_FIELDS)
        sums = np.frombuffer(piece, dtype="<u2").reshape(len(packets), -1).sum(axis=1, dtype=np.uint64) % 65_536
        good = (packets["mark"] == b"AX") & (sums == 0)
        damaged[0] += int((~good).sum())
        yield packets[good]


def _values(packets: np.ndarray, kind: int, sensor: str) -> np.ndarray:
    """Return (P, S, 3) values of P packets with room for S samples, in g or deg/s."""
    unit = 1.0 / (1 << (8 + (packets["light"].astype(np.int64) >> 13)))
    if kind == _PACKED:
        words = packets["data"].copy().view("<u4").astype(np.int64)
        axes = np.stack([(words >> shift) & 0x3FF for shift in (0, 10, 20)], axis=2)
        axes = (axes - 1024 * (axes > 511)) << (words >> 30)[:, :, None]
        return np.asarray(axes / 256)
    shorts = packets["data"].copy().view("<i2").reshape(len(packets), -1, 6 if kind == _SIX else 3).astype(np.float64)
    if sensor == "gyroscope":
        spread = 8000.0 / (1 << ((packets["light"].astype(np.int64) >> 10) & 7))
        return np.asarray(shorts[:, :, :3] * (spread / 32_768)[:, None, None])
    return np.asarray(shorts[:, :, -3:] * unit[:, None, None])


def _times(packets: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (P, room) s since 1970, and which of the places hold a sample.

    The stamp of a packet is that of one of its samples; samples fill the time to the next packet, at their nominal rate over a pause.
    """
    stamp = packets["stamp"].astype(np.int64)
    months = ((stamp >> 26) + 2000 - 1970) * 12 + ((stamp >> 22) & 15) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + ((stamp >> 17) & 31) - 1
    seconds = days * 86_400.0 + ((stamp >> 12) & 31) * 3600 + ((stamp >> 6) & 63) * 60 + (stamp & 63)
    rate = 3200.0 / (1 << (15 - (packets["rate"].astype(np.int64) & 15)))
    exact = packets["fraction"] >= 0x8000
    fraction = np.where(exact, (packets["fraction"] & 0x7FFF) / 32_768, 0.0)
    # Firmware that states the fraction has moved the offset back by it, for readers that do not know of fractions.
    at = packets["offset"] + np.where(exact, np.floor(fraction * rate), 0)
    start = seconds + fraction - at / rate
    count = np.minimum(packets["count"], room)
    step = 1 / rate
    filled = np.diff(start) / np.maximum(count[:-1], 1)
    step[:-1] = np.where(np.abs(filled * rate[:-1] - 1) < 0.1, filled, step[:-1])
    places = np.arange(room)
    return start[:, None] + places * step[:, None], places < count[:, None]


def _remarks(damaged: list[int]) -> tuple[str, ...]:
    return (f"{damaged[0]} damaged packets were left out",) if damaged[0] else ()
