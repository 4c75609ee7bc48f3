"""Pinhole cameras in a room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..world.scene import Scene


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with square pixels and no distortion.

    Attributes:
        position: (3,) m in the world.
        target: (3,) m, the point that appears in the picture's middle; must differ from `position`.
        field: vertical field of view in rad, above 0 and below pi.
        roll: rad, the camera's turn about its line of sight, clockwise as seen from behind it (the picture turns the other way).
    """

    position: tuple[float, float, float]
    target: tuple[float, float, float]
    field: float = 0.95
    roll: float = 0.0

    @property
    def axes(self) -> np.ndarray:
        """(3, 3) rows: the image's right, its downward and the viewing direction, as unit vectors of the world."""
        forward = np.subtract(self.target, self.position)
        forward = forward / np.linalg.norm(forward)
        up = (0.0, 0.0, 1.0) if abs(forward[2]) < 0.9999 else (1.0, 0.0, 0.0)  # straight up or down: x is the picture's up
        right = np.cross(forward, up)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        cosine, sine = np.cos(self.roll), np.sin(self.roll)
        return np.stack([cosine * right + sine * down, cosine * down - sine * right, forward])

    def focal(self, height: int) -> float:
        """Return the focal length in pixels of an image `height` pixels high."""
        return height / 2 / float(np.tan(self.field / 2))

    def project(self, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Project points (..., 3) m into an image of `size` (width, height) pixels.

        Returns pixels (..., 2), (right, down) from the picture's upper left corner (a pixel's centre is at +0.5), and depths (...)
        in m along the viewing direction; what has a depth of zero or less lies behind the camera and its pixels mean nothing.
        """
        width, height = size
        seen = (np.asarray(points) - np.asarray(self.position)) @ self.axes.T
        depth = seen[..., 2]
        pixels = self.focal(height) * seen[..., :2] / np.where(depth == 0, 1e-12, depth)[..., None] + (width / 2, height / 2)
        return pixels, depth

    def rays(self, size: tuple[int, int]) -> np.ndarray:
        """Return directions (height, width, 3) through the pixels' centres, scaled to a depth of 1 m."""
        width, height = size
        right, down = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
        focal = self.focal(height)
        rays: np.ndarray = np.stack([right / focal, down / focal, np.ones_like(right)], axis=-1) @ self.axes
        return rays


def camera_ring(scene: Scene, rng: np.random.Generator | None = None, count: int = 8) -> list[Camera]:
    """Return `count` cameras along the walls and in the corners, 1.4 to 2.6 m high, that look at the room's middle.

    Like C1 .. C8 of AI Hub's set 71641: the first looks along -x, the next ones follow counter-clockwise as seen from above, high and low
    by turns. With `rng` heights, bearings and targets vary a little. The field of view shows 1.6 m around the middle, however far it is.
    """
    middle = np.array([sum(scene.x) / 2, sum(scene.y) / 2])
    reach = np.array([scene.x[1] - scene.x[0], scene.y[1] - scene.y[0]]) / 2 - 0.12  # a hand's breadth off the wall
    cameras = []
    for index in range(count):
        bearing, height, target = 2 * np.pi * index / count, (1.75, 2.45)[index % 2], np.array([*middle, 0.8])
        if rng is not None:
            bearing += rng.uniform(-0.12, 0.12) * min(8 / count, 1)
            height += rng.uniform(-0.35, 0.15)
            target = target + rng.uniform(-0.1, 0.1, 3)
        direction = np.array([np.cos(bearing), np.sin(bearing)])
        distance = np.min(reach / np.maximum(np.abs(direction), 1e-9))
        position = np.array([*(middle + distance * direction), height])
        field = 2 * np.arcsin(min(1.6 / float(np.linalg.norm(position - target)), 0.6))
        cameras.append(Camera(tuple(map(float, position)), tuple(map(float, target)), float(field)))  # type: ignore[arg-type]
    return cameras
