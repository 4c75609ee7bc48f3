"""Pictures out to an mp4, with their true times."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write

_TICKS = 90_000  # a second


@contextlib.contextmanager
def film_writer(path: str | Path) -> Iterator[Callable[[float, np.ndarray], None]]:
    """A film (mp4, H.264, yuv420p) that is written whole or not at all.

    Yields `add(time, picture)`: s, increasing; (H, W, 3) uint8 RGB, all of one size with even sides. The first picture is the film's start.
    Raises: `UserError` where PyAV is not installed, nothing was added, or the folder cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise UserError(f"{path}: films are written as mp4; give a name that ends in .mp4")
    try:
        import av
    except ImportError:
        raise UserError(f"{path}: writing a film needs PyAV; install it: pip install 'featherfall[camera]'") from None
    with atomic_write(path) as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, _TICKS)
        stream.options = {"crf": "21", "preset": "veryfast", "threads": "1"}  # one thread: the same bytes every time
        first: list[float] = []

        def add(time: float, picture: np.ndarray) -> None:
            if not first:
                first.append(time)
                stream.height, stream.width = picture.shape[:2]
                stream.codec_context.time_base = Fraction(1, _TICKS)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round((time - first[0]) * _TICKS), Fraction(1, _TICKS)
            container.mux(stream.encode(frame))

        yield add
        if not first:
            raise UserError(f"{path}: no pictures to write")
        container.mux(stream.encode())
