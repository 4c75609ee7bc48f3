"""Write drawn pictures as a film (mp4) with their true times."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write
from featherfall.core.registry import register
from featherfall.runtime.sinks.sink import Sink

_TICKS = 90_000  # a second


@contextlib.contextmanager
def film_writer(path: str | Path) -> Iterator[Callable[[float, np.ndarray], None]]:
    """Open a film (mp4, H.264, yuv420p) for writing; it is written whole or not at all.

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
        stream.options = {"crf": "21", "preset": "veryfast", "threads": "1"}  # one thread: reproducible bytes
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


@register("sink", "film")
class FilmSink(Sink):
    """An mp4 of the drawn pictures, written whole, or not at all if watching fails."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._stack = contextlib.ExitStack()

    def open(self) -> None:
        """Start the film; raises `UserError` as `film_writer`."""
        self._add = self._stack.enter_context(film_writer(self._path))

    def frame(self, time: float, picture: np.ndarray) -> None:
        """Add a picture."""
        self._add(time, picture)

    def close(self) -> None:
        """Write the film; raises `UserError` if there was no picture."""
        self._stack.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)
