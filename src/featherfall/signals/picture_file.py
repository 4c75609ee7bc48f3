"""Read one image file: its header is checked before it is decoded upright."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import read_bytes

from .picture_head import PictureHeader, read_header, strip_png
from .video_shape import MAX_PIXELS
from .video_shots import load_av

if TYPE_CHECKING:
    from av import VideoFrame

MAX_BYTES = 6 * MAX_PIXELS
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})


def is_image_file(path: Path) -> bool:
    """Return whether a path is named like an image file."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def load_picture(file: Path) -> tuple[VideoFrame, PictureHeader]:
    """Return an upright image and its header; the file's content decides its type, not its name.

    Raises: `UserError`, one line, for no picture, for one cut short or damaged, and for more than 50 million pixels (by its head).
    """
    frame, head = decode_picture(file)
    if frame is None:
        if head is None:
            raise UserError(f"{file}: not a picture (PNG, JPEG, BMP or WebP); save it as one of these or leave it out")
        raise UserError(f"{file}: damaged or cut short; copy it again or leave it out")
    assert head is not None
    return frame, head


def decode_picture(file: Path) -> tuple[VideoFrame | None, PictureHeader | None]:
    """Decode as `load_picture`, but return None for a damaged or other file; raises `UserError` for unreadable and huge ones only."""
    data = read_bytes(file, MAX_BYTES)
    if not data:
        raise UserError(f"{file}: the file is empty; copy it again or leave it out")
    return decode_bytes(data, file)


def decode_bytes(data: bytes, file: Path) -> tuple[VideoFrame | None, PictureHeader | None]:
    """Decode a file's content as `decode_picture`; `file` is named in messages."""
    av = load_av(file)
    head = read_header(data)
    if head is None:
        return None, None
    if head.width * head.height > MAX_PIXELS:
        most = f"more than {MAX_PIXELS // 1_000_000} million pixels"
        raise UserError(f"{file}: {head.width} x {head.height}, {most}; scale it down first")
    if head.kind == "webp" and head.animated:
        raise UserError(f"{file}: an animated picture; save one picture of it, or make it a film")
    pixels = strip_png(data) if head.kind == "png" and head.width else data
    if pixels is None:
        return None, head
    decoder = av.CodecContext.create(head.kind, "r")
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS), "err_detect": "explode"}  # a half picture counts as none
    try:
        frames = decoder.decode(av.Packet(pixels)) or decoder.decode(None)
    except (av.FFmpegError, OSError, ValueError):
        return None, head
    if not frames or frames[0].is_corrupt:
        return None, head
    return _upright(frames[0], head.orientation), head


def _upright(frame: VideoFrame, orientation: int) -> VideoFrame:
    """Return the frame rotated and mirrored as EXIF says (2 to 4 mirror, 5 to 8 also swap rows and columns)."""
    if orientation == 1 and not frame.rotation:
        return frame
    image: np.ndarray = frame.to_ndarray(format="rgb24")
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return type(frame).from_ndarray(np.ascontiguousarray(image), format="rgb24")
