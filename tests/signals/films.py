"""Real films, made here with PyAV."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.signals.video import Frame, read_frames

av = pytest.importorskip("av", reason="films are read with PyAV: pip install 'featherfall[video]'")

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 180, 30), (30, 30, 200), (230, 230, 230)
STEP = 7  # gray levels from one frame of a film to the next


def levels(count: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Plain gray pictures that tell their number."""
    return [np.full((height, width, 3), 10 + STEP * i % 240, np.uint8) for i in range(count)]


def number(frame: Frame) -> int:
    return round((float(frame.image.mean()) - 10) / STEP)


def quadrants(width: int = 64, height: int = 48) -> np.ndarray:
    """Red, green above blue, white."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = RED, GREEN
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = BLUE, WHITE
    return picture


def film(
    path: Path,
    pictures: Sequence[np.ndarray],
    codec: str = "libx264",
    pixels: str = "yuv420p",
    stamps: Sequence[int] | None = None,
    base: Fraction = Fraction(1, 1000),
    matrix: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    rate: int = 10,
    **stream_settings: Any,
) -> Path:
    """Encode pictures; `stamps` in units of `base` make it a film of variable rate."""
    av.logging.set_level(None)
    try:
        av.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        pytest.skip(f"this build of FFmpeg has no encoder {codec}")
    with av.open(str(path), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.options = pixels, {"x265-params": "log-level=none"} if codec == "libx265" else dict(options or {})
        for name, value in stream_settings.items():
            setattr(stream, name, value)
        if stamps is not None:
            stream.codec_context.time_base = stream.time_base = base
        if matrix is not None:
            stream.set_display_matrix(matrix)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = stamps[i], base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def picture(path: Path, image: np.ndarray) -> Path:
    """One PNG or JPEG file."""
    codec, pixels = ("png", "rgb24") if path.suffix == ".png" else ("mjpeg", "yuvj420p")
    encoder = av.CodecContext.create(codec, "w")
    encoder.height, encoder.width, encoder.pix_fmt, encoder.time_base = *image.shape[:2], pixels, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixels)
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))
    return path


def times(frames: Sequence[Frame]) -> list[float]:
    return [round(frame.time, 6) for frame in frames]


def near(colour: np.ndarray, wanted: tuple[int, ...], within: int = 12) -> bool:
    return bool(np.abs(colour.astype(int) - wanted).max() <= within)


def refused(video: Video, match: str, **settings: Any) -> None:
    """Exactly one line, naming the file."""
    with pytest.raises(UserError, match=match) as caught:
        list(read_frames(video, **settings))
    assert "\n" not in str(caught.value) and str(video.path) in str(caught.value) and ";" in str(caught.value)


def wanted(film_times: Sequence[float], rate: float) -> list[int]:
    """The definition, slowly: of each step of 1 / rate the first frame that comes no more than .3 steps before its instant."""
    end = film_times[-1] + 1 / rate
    instants = itertools.takewhile(lambda t: t <= end, (film_times[0] + k / rate for k in itertools.count()))
    spans = [(t - 0.3 / rate - 1e-7, t + 0.7 / rate - 1e-7) for t in instants]
    firsts = [next((i for i, time in enumerate(film_times) if low <= time < high), None) for low, high in spans]
    return [first for first in firsts if first is not None]
