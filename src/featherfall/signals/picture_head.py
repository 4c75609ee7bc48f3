"""Read the header of an image file without decoding it: PNG, JPEG, BMP, WebP."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_START_OF_FRAME = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_NO_LENGTH = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a length
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class PictureHeader:
    """The header of an image file.

    Attributes:
        kind: FFmpeg's decoder: "png", "mjpeg" (JPEG), "bmp", "webp".
        width, height: pixels as stored; 0 where the head is cut short.
        orientation: EXIF's, 1 to 8; 1 is upright, 2 mirrored, 3 upside down, 6 to be turned clockwise, 8 counter-clockwise ...
        animated: several pictures in one file.
    """

    kind: str
    width: int = 0
    height: int = 0
    orientation: int = 1
    animated: bool = False


def read_header(data: bytes) -> PictureHeader | None:
    """Return the header of a whole file's bytes by its content, not its name; None for anything but the four types."""
    for magic, read in ((b"\x89PNG\r\n\x1a\n", _png), (b"\xff\xd8", _jpeg), (b"BM", _bmp), (b"RIFF", _webp)):
        if data.startswith(magic) and (read is not _webp or data[8:12] == b"WEBP"):
            try:
                return read(data)
            except (struct.error, IndexError):
                return PictureHeader({_png: "png", _jpeg: "mjpeg", _bmp: "bmp", _webp: "webp"}[read])
    return None


def strip_png(data: bytes) -> bytes | None:
    """Return a PNG without optional chunks; None where it holds more data than its size can use, or is cut short within its head.

    Compressed text and colour profiles of a small file may unpack to gigabytes, and so may the pixels of a tiny picture.
    """
    if len(data) < 26:
        return None
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    kept = [data[:8]]
    pixels = 0
    for name, at, end in _png_chunks(data):
        pixels += (end - at) * (name == b"IDAT")
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(data[at:end])
    whole = height * (1 + width * bits * {2: 3, 4: 2, 6: 4}.get(colour, 1) / 8)
    return None if pixels > 1.1 * whole + 10_000 else b"".join(kept)


def _png(data: bytes) -> PictureHeader:
    width, height = struct.unpack_from(">II", data, 16)
    orientation, animated = 1, False
    for name, at, end in _png_chunks(data):
        if name == b"eXIf":
            orientation = _exif(data[at + 8 : end - 4])
        animated |= name == b"acTL"
    return PictureHeader("png", width, height, orientation, animated)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and end of each chunk, including length, name and checksum; the last may be truncated."""
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], at, at + 12 + length
        at += 12 + length


def _jpeg(data: bytes) -> PictureHeader:
    width = height = 0
    orientation, at = 1, 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF or marker in _NO_LENGTH:  # fill bytes
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _exif(data[at + 10 : at + 2 + length])
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
        if marker == 0xDA:
            break
        at += 2 + length
    return PictureHeader("mjpeg", width, height, orientation)


def _bmp(data: bytes) -> PictureHeader:
    (size,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", data, 18)
    return PictureHeader("bmp", abs(width), abs(height))  # a height below 0: rows from the top


def _webp(data: bytes) -> PictureHeader:
    width = height = 0
    orientation, animated = 1, False
    for name, body in _chunks(data):
        if name == b"VP8X":
            animated = bool(body[0] & 2)
            width, height = (1 + int.from_bytes(body[at : at + 3], "little") for at in (4, 7))
        elif name == b"VP8 ":
            sides = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
            width, height = map(max, zip((width, height), sides, strict=True))
        elif name == b"VP8L":
            (bits,) = struct.unpack_from("<I", body, 1)
            width, height = max(width, 1 + (bits & 0x3FFF)), max(height, 1 + (bits >> 14 & 0x3FFF))
        elif name == b"EXIF":
            orientation = _exif(body.removeprefix(b"Exif\0\0"))
    return PictureHeader("webp", width, height, orientation, animated)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _exif(tiff: bytes) -> int:
    """Return the orientation in a TIFF block (Exif 2.32, 4.6.4); 1 where it has none or an invalid one."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if tag == _ORIENTATION and kind == 3:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
