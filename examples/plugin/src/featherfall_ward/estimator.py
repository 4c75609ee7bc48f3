"""A pose estimator without a network: whoever differs from the first picture is one person, with joints at a body's usual proportions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.core.registry import register
from featherfall.core.skeletons import COCO_17
from featherfall.runtime.perceive.pose import Pose, make_pose

DIFFERENT = 40  # of 255 levels: far more than a camera's noise
LEAST = 0.002  # of the picture, that must differ
# Height of a joint in the body, 0 the head's top, 1 the soles (Winter, Biomechanics and Motor Control of Human Movement, 2009).
HEIGHTS = {"eye": 0.06, "ear": 0.07, "nose": 0.08, "shoulder": 0.18, "elbow": 0.37, "wrist": 0.51, "hip": 0.47, "knee": 0.71, "ankle": 0.96}


class Silhouette:
    """Follow one person in front of a still background."""

    def __init__(self) -> None:
        self.reset()

    def estimate(self, image: np.ndarray) -> list[Pose]:
        """Return one pose, or none, of a picture (H, W, 3) uint8 RGB. The first picture is the background."""
        if self._background is None:
            self._background = image.astype(np.int16)
        changed = np.abs(image - self._background).max(axis=2) > DIFFERENT
        if changed.mean() < LEAST:
            return []
        down, right = np.nonzero(changed)
        (top, left), (bottom, edge) = (down.min(), right.min()), (down.max(), right.max())
        upright = bottom - top >= edge - left
        shares = np.array([next(height for part, height in HEIGHTS.items() if part in joint) for joint in COCO_17])
        middle = np.full(len(shares), (left + edge) / 2 if upright else (top + bottom) / 2)
        along = top + shares * (bottom - top) if upright else left + shares * (edge - left)
        joints = np.stack([middle, along] if upright else [along, middle], axis=1)
        return [make_pose(joints.astype(np.float32), np.full(len(shares), 0.5, np.float32))]

    def reset(self) -> None:
        """Forget the background: the next picture is of another film."""
        self._background: np.ndarray | None = None


@register("estimator", "silhouette")
def open_silhouette(weights: str | Path | None, folder: str | Path | None, threads: int) -> Silhouette:
    """One person in front of a still background; needs no weights."""
    return Silhouette()
