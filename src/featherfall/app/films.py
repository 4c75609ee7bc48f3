"""Films at the door of the app: how long they may be, and the copy that the browser plays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.app.analysis import Progress
from featherfall.core.errors import UserError
from featherfall.signals.video_file import open_video as open_file

SIDE = 960  # pixels: the longer side of the page's copy
MINUTES = 15.0  # a film may last, unless the app was started with more


@dataclass(frozen=True)
class Screen:
    """The size of the page's copy of a film of (high, wide) pixels: even sides, at most `SIDE`, never larger than the film."""

    high: int
    wide: int

    @property
    def scale(self) -> float:
        """Of the film's pixels."""
        return min(1.0, SIDE / max(self.high, self.wide))

    @property
    def height(self) -> int:
        """Pixels."""
        return max(2, round(self.high * self.scale) // 2 * 2)

    @property
    def width(self) -> int:
        """Pixels."""
        return max(2, round(self.wide * self.scale) // 2 * 2)


@dataclass(frozen=True)
class Length:
    """How long a film says it is, s; 0 where it does not say. most: minutes that are looked at."""

    name: str
    seconds: float
    most: float

    def at(self, time: float, progress: Progress, what: str) -> None:
        """So far. Raises: `UserError` where a film that did not say is too long after all; `Cancelled`."""
        if time > 60 * self.most:
            raise UserError(too_long(self.name, f"more than {self.most:g} minutes", self.most))
        share = time / self.seconds if self.seconds else 0.5
        progress.at(0.9 * share, f"{what}: {time:.0f} s of {self.seconds:.0f} s" if self.seconds else f"{what}: {time:.0f} s")


def open_film(path: Path, name: str, most: float | None = None) -> Length:
    """How long a film is, before it is looked at.

    Arguments:
        most: minutes; None takes $FEATHERFALL_APP_MINUTES, else `MINUTES`.
    Raises: `UserError` for what is no film, or too long.
    """
    most = float(os.environ.get("FEATHERFALL_APP_MINUTES", MINUTES)) if most is None else most
    with open_file(path) as (container, stream):
        ticks = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        seconds = max(ticks, (container.duration or 0) / 1e6)
    if seconds > 60 * most:
        raise UserError(too_long(name, lasting(seconds), most))
    return Length(name, seconds, most)


def lasting(seconds: float) -> str:
    """ "3 h 0 min", "16 min"."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def too_long(name: str, long: str, most: float) -> str:
    """One line."""
    return f"{name}: {long} long; this page looks at {most:g} minutes at most. Cut it, or use the command line: featherfall predict"


def fitted(image: np.ndarray, private: bool) -> np.ndarray:
    """A picture (H, W, 3) uint8 at the size of the page's copy; black where `private`."""
    screen = Screen(*image.shape[:2])
    if private:
        return np.zeros((screen.height, screen.width, 3), np.uint8)
    if image.shape[:2] == (screen.height, screen.width):
        return image
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((screen.width, screen.height), Image.Resampling.BILINEAR, reducing_gap=2.0))
