"""A random camera in the person's room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PinholeCamera:
    """A pinhole camera with square pixels.

    Attributes:
        position: (3,) m, z up.
        axes: (3, 3) rows: the picture's right, its downward and the viewing direction.
        focal: focal length in picture heights.
        width: the picture's width in its heights.
    """

    position: np.ndarray
    axes: np.ndarray
    focal: float
    width: float

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project points (..., 3) m into the image.

        Returns: (..., 2) right and down in picture heights from the upper left corner, and (...) depth in m. Points nearer than 0.2 m, or
        behind the camera, are moved to that depth.
        """
        seen = (points - self.position) @ self.axes.T
        depth = np.maximum(seen[..., 2], 0.2)
        return self.focal * seen[..., :2] / depth[..., None] + (self.width / 2, 0.5), depth


def draw_camera(middles: np.ndarray, rng: np.random.Generator) -> PinholeCamera:
    """Draw a camera somewhere around the person.

    0.8 to 2.8 m high, 2 to 7 m away, at any bearing; 45 to 100 degrees wide; 4:3 or 16:9; rolled by some degrees. It is aimed roughly at
    where the person is at one moment, so a person who walks on may leave the image.

    Arguments:
        middles: (T, 3) m where the person's middle is.
    """
    width = 4 / 3 if rng.random() < 0.5 else 16 / 9
    field = np.radians(rng.uniform(45, 100))
    focal = width / 2 / np.tan(field / 2)
    # Nearer for wide lenses: a standing person fills at least 0.2 of the image's height.
    distance = min(rng.uniform(2.0, 7.0), 1.7 * focal / 0.2)
    bearing = rng.uniform(-np.pi, np.pi)
    # Half-way between where the person is on average and at one moment.
    person = (middles.mean(axis=0) + middles[rng.integers(len(middles))]) / 2
    position = np.array([*(person[:2] + distance * np.array([np.cos(bearing), np.sin(bearing)])), rng.uniform(0.8, 2.8)])
    off = rng.normal(0, 0.12 if rng.random() < 0.75 else 0.35, 2) * distance / focal * (width / 2, 0.5)
    target = np.array([person[0] - off[0] * np.sin(bearing), person[1] + off[0] * np.cos(bearing), 0.8 + off[1]])
    return PinholeCamera(position, _axes(target - position, np.radians(rng.normal(0, 2.5))), float(focal), width)


def _axes(direction: np.ndarray, roll: float) -> np.ndarray:
    ahead = direction / np.linalg.norm(direction)
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    return np.stack([np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, ahead])
