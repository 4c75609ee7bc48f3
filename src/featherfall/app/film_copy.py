"""Uploaded films: the limit of their length, and the copy that the browser plays."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from featherfall.app.analysis import TaskProgress
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.signals.video_file import open_video

_MAX_SIDE = 960  # pixels of the copy's longer side: a panel of the page is not wider on common screens
MAX_MINUTES = 15.0  # limit of a film's length, unless the app was started with another


@dataclass(frozen=True)
class CopySize:
    """Size of the page's copy of a film of (film_height, film_width) pixels: even sides, never larger than the film."""

    film_height: int
    film_width: int

    @property
    def scale(self) -> float:
        """Return the copy's pixels per pixel of the film."""
        return min(1.0, _MAX_SIDE / max(self.film_height, self.film_width))

    @property
    def height(self) -> int:
        """Return the copy's height in pixels."""
        return max(2, round(self.film_height * self.scale) // 2 * 2)

    @property
    def width(self) -> int:
        """Return the copy's width in pixels."""
        return max(2, round(self.film_width * self.scale) // 2 * 2)


@dataclass(frozen=True)
class FilmLength:
    """Length of a film in s by its header, 0 where the header has none, and the limit in minutes."""

    name: str
    seconds: float
    max_minutes: float

    def report(self, time: float, progress: TaskProgress, what: str) -> None:
        """Report how far the film is read, s. Raises: `UserError` where it proves too long only now; `Cancelled`."""
        if time > 60 * self.max_minutes:
            raise UserError(_too_long(self.name, f"more than {self.max_minutes:g} minutes", self.max_minutes))
        share = time / self.seconds if self.seconds else 0.5
        progress.report(0.9 * share, f"{what}: {time:.0f} s of {self.seconds:.0f} s" if self.seconds else f"{what}: {time:.0f} s")


def check_length(video: Video, name: str, max_minutes: float | None = None) -> FilmLength:
    """Return a film's length by its header.

    Arguments:
        max_minutes: None takes $FEATHERFALL_APP_MINUTES, else `MAX_MINUTES`.
    Raises: `UserError` for a file that is no film, or too long.
    """
    limit = float(os.environ.get("FEATHERFALL_APP_MINUTES", MAX_MINUTES)) if max_minutes is None else max_minutes
    with open_video(video) as (container, stream):
        by_stream = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        seconds = max(by_stream, (container.duration or 0) / 1e6)
    if seconds > 60 * limit:
        raise UserError(_too_long(name, duration_text(seconds), limit))
    return FilmLength(name, seconds, limit)


def duration_text(seconds: float) -> str:
    """Format a duration: "3 h 0 min", "16 min"."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _too_long(name: str, length: str, max_minutes: float) -> str:
    return f"{name}: {length} long; this page accepts {max_minutes:g} minutes at most. Cut it, or use the command line: featherfall predict"


def resize_for_page(image: np.ndarray, private: bool = False) -> np.ndarray:
    """Return an image (H, W, 3) uint8 in the size of the page's copy; black where `private`."""
    size = CopySize(*image.shape[:2])
    if private:
        return np.zeros((size.height, size.width, 3), np.uint8)
    if image.shape[:2] == (size.height, size.width):
        return image
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((size.width, size.height), Image.Resampling.BILINEAR, reducing_gap=2.0))
