"""Measure the change of the picture inside each person's box: people who move change it, false poses in furniture do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from featherfall.runtime.perceive.pose import Estimator, Pose

CELL_ROWS = 72  # cells along a picture's height
CHANGED = 8.0  # of 255 levels; in a still scene the mean over a cell varies by about 2


class MotionEstimator:
    """Add to an estimator's poses how much of their box has changed since the picture before (`Pose.motion`).

    The picture is divided into cells of equal size, in green alone, the channel in which cameras resolve most. The change that all cells
    share (a lamp, the camera's exposure) is subtracted.
    """

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator
        self._last: np.ndarray | None = None

    def estimate(self, image: np.ndarray) -> list[Pose]:
        """As `Estimator.estimate`."""
        poses = self._estimator.estimate(image)
        cells = coarse(image)
        if self._last is None or self._last.shape != cells.shape:
            changed = np.zeros(cells.shape, dtype=bool)
        else:
            difference = cells - self._last
            changed = np.abs(difference - np.median(difference)) > CHANGED
        self._last = cells
        return with_motion(poses, changed, image.shape[0] / cells.shape[0], image.shape[1] / cells.shape[1])

    def reset(self) -> None:
        self._estimator.reset()
        self._last = None


def coarse(image: np.ndarray) -> np.ndarray:
    """Return (h, w) float32 means of green over cells of an (H, W, 3) uint8 picture; h is about `CELL_ROWS`."""
    side = max(image.shape[0] // CELL_ROWS, 1)
    rows, columns = image.shape[0] // side, image.shape[1] // side
    # Sums of up to 257 bytes fit 16 bit: pictures of up to 18,000 lines.
    lines = np.ascontiguousarray(image[: rows * side]).reshape(rows, side, -1).sum(axis=1, dtype=np.uint16)  # all channels, in one piece
    cells = lines[:, 1 : 3 * columns * side : 3].reshape(rows, columns, side).sum(axis=2, dtype=np.uint32)
    return np.asarray(cells.astype(np.float32) / np.float32(side**2))


def with_motion(poses: Sequence[Pose], changed: np.ndarray, tall: float, wide: float) -> list[Pose]:
    """Return the poses with the share of changed cells in their boxes; cells are `tall` x `wide` pixels."""
    out = []
    for pose in poses:
        left, top, right, bottom = pose.box / np.array([wide, tall, wide, tall])
        part = changed[max(int(top), 0) : max(int(np.ceil(bottom)), 1), max(int(left), 0) : max(int(np.ceil(right)), 1)]
        out.append(replace(pose, motion=float(part.mean()) if part.size else 0.0))
    return out
