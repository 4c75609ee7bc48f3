"""GENEActiv: the .bin file as it is extracted, text with the samples in hexadecimal.

Layout: "Decoding .bin files" in the GENEActiv instructions: a header with the gain and offset of each axis, then pages that begin with
"Recorded Data" and end with 300 samples of 48 bits: 12 for x, y and z each, 10 for light, 2 more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.text import printable
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import only_binary, seconds
from featherfall.recorders.recorder import Block, SensorFile, Series

_MARK = b"Device Identity"
_HEAD = 1 << 13  # bytes; the header has 59 lines
_PAGES = 100  # of a block
_DIGITS = 12  # of a sample


@register("recorder", "geneactiv-bin", title="GENEActiv .bin")
def geneactiv_bin(capture: Capture) -> SensorFile | None:
    """GENEActiv: the .bin file of the device."""
    name = only_binary(capture, (".bin",), _MARK)
    if name is None:
        return None
    head = capture.head(name, _HEAD).decode("latin-1").partition("Recorded Data")[0]
    fields = {key.strip().lower(): value.strip() for key, value in re.findall(r"^([^:\r\n]+):([^\r\n]*)", head, re.MULTILINE)}
    try:
        gain, offset = (np.array([float(fields[f"{axis} {what}"]) for axis in "xyz"]) for what in ("gain", "offset"))
    except (KeyError, ValueError) as error:
        raise UserError(f"{capture.path}: GENEActiv: the header lacks the calibration; extract it again from the device") from error
    if not (gain > 0).all():
        raise UserError(f"{capture.path}: GENEActiv: the calibration in the header is not usable; extract it again from the device")
    damaged = [0]
    blocks = partial(_blocks, capture, name, gain, offset, damaged)
    if next(blocks(), None) is None:
        raise UserError(f"{capture.path}: GENEActiv: holds no samples; extract it again from the device")
    placement = printable(fields.get("device location code", "")).lower()[:40]
    series = Series("accelerometer", ("x", "y", "z"), "g", blocks, placement, remarks=partial(_remarks, damaged))
    return SensorFile("geneactiv-bin", "GENEActiv", (series,))


def _blocks(capture: Capture, name: str, gain: np.ndarray, offset: np.ndarray, damaged: list[int]) -> Iterator[Block]:
    damaged[0], row = 0, 1
    times: list[np.ndarray] = []
    values: list[np.ndarray] = []
    for start, rate, samples in _pages(capture, name, damaged):
        times.append(start + np.arange(len(samples)) / rate)
        values.append((samples * 100 - offset) / gain)
        if len(times) >= _PAGES:
            yield Block(row, np.concatenate(times), np.concatenate(values))
            row += sum(map(len, times))
            times, values = [], []
    if times:
        yield Block(row, np.concatenate(times), np.concatenate(values))


def _pages(capture: Capture, name: str, damaged: list[int]) -> Iterator[tuple[float, float, np.ndarray]]:
    """Yield start (s since 1970), rate (Hz) and raw samples (N, 3) of whole pages; `damaged` counts the others."""
    start, rate, in_page = None, None, False
    for line in _lines(capture, name):
        if line.startswith(b"Recorded Data"):
            start, rate, in_page = None, None, True
        elif not in_page:
            continue
        elif line.startswith(b"Page Time:"):
            text, _, fraction = line[10:].decode("latin-1").strip().rpartition(":")
            whole = seconds(text, "%Y-%m-%d %H:%M:%S")
            start = None if whole is None or not fraction.isdecimal() else whole + int(fraction[:6]) / 10 ** len(fraction[:6])
        elif line.startswith(b"Measurement Frequency:"):
            found = re.search(rb"\d+(?:[.,]\d+)?", line)
            rate = float(found[0].replace(b",", b".")) if found else None
        elif re.fullmatch(rb"[0-9A-Fa-f]{12,}\s*", line):
            samples = _samples(line.strip())
            if start is None or not rate or samples is None:
                damaged[0] += 1
            else:
                yield start, rate, samples
            in_page = False


def _lines(capture: Capture, name: str) -> Iterator[bytes]:
    rest = b""
    for piece in capture.members[name].pieces():
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > 1 << 16:  # a page has 3,600 digits
            rest = b""
    yield rest


def _samples(digits: bytes) -> np.ndarray | None:
    """Return (N, 3) of 48 bits each, 12 an axis; None for a page cut short."""
    if len(digits) % _DIGITS:
        return None
    data = np.frombuffer(bytes.fromhex(digits.decode("ascii")), np.uint8).astype(np.int64).reshape(-1, 6)
    x, y = data[:, 0] << 4 | data[:, 1] >> 4, (data[:, 1] & 15) << 8 | data[:, 2]
    axes = np.stack([x, y, data[:, 3] << 4 | data[:, 4] >> 4], axis=1)
    return np.asarray(axes - 4096 * (axes > 2047))


def _remarks(damaged: list[int]) -> tuple[str, ...]:
    return (f"{damaged[0]} damaged pages were left out",) if damaged[0] else ()
