"""Zones of a camera's picture in which people lie: beds and sofas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.text import shortened

_FEWEST = 3  # corners
_MOST = 64  # corners: enough for any furniture, and a bound on what a point costs


@dataclass(frozen=True)
class Zone:
    """A polygon of the picture.

    Attributes:
        corners: (right, down) of each, in shares of the picture's width and height, 0..1, in order around it.
    """

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Raises `UserError` for too few or too many corners, and for corners outside the picture."""
        if not _FEWEST <= len(self.corners) <= _MOST:
            raise UserError(f"a zone of {len(self.corners)} corners; give {_FEWEST} to {_MOST}")
        if not all(0 <= value <= 1 for corner in self.corners for value in corner):
            raise UserError("a zone's corner lies outside the picture; give shares of its width and height, 0 to 1")

    @classmethod
    def parse(cls, text: str) -> Zone:
        """Return the zone of "0.1,0.5 0.4,0.5 0.4,0.9": right and down of each corner; raises `UserError`."""
        try:
            corners = tuple((float(right), float(down)) for right, down in (one.split(",") for one in text.split()))
        except ValueError:
            raise UserError(f"{shortened(repr(text), 60)} is no zone; give its corners, e.g. '0.1,0.5 0.4,0.5 0.4,0.9 0.1,0.9'") from None
        return cls(corners)

    def holds(self, point: np.ndarray, height: int, width: int) -> bool:
        """Return whether a point lies in the zone: a ray to the right crosses its sides an odd number of times.

        Arguments:
            point: (2,) right, down, pixels.
            height, width: of the picture, pixels.
        """
        right, down = point[0] / width, point[1] / height
        inside = False
        for (x0, y0), (x1, y1) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            if (y0 > down) != (y1 > down) and right < x0 + (down - y0) / (y1 - y0) * (x1 - x0):
                inside = not inside
        return inside


def in_a_zone(zones: Sequence[Zone], point: np.ndarray, height: int, width: int) -> bool:
    """Return whether a point (right, down, pixels) lies in any of the zones."""
    return any(zone.holds(point, height, width) for zone in zones)
