"""People in a picture as 17 joints, and the protocol of what finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

_UPPER = 7  # the first joints: face and shoulders
_SHOULDER_JOINTS, _HIP_JOINTS = [5, 6], [11, 12]  # of `core.skeletons.COCO_17`
FAINT = 0.1  # joints with a lower score do not locate the person


@dataclass(frozen=True, eq=False)
class Pose:
    """One person in one picture; `make_pose` makes it from joints and scores.

    Attributes:
        joints: (17, 2) float32, (right, down) in pixels from the picture's upper left corner (a pixel's centre is at +.5), in the order of
            `core.skeletons.COCO_17`. Joints out of sight are guesses with low scores.
        scores: (17,) float32, 0..1.
        box: (4,) float32, left, top, right, bottom of the joints that are seen, pixels.
        motion: share of the box in which the picture has changed since the last one, 0..1 (`runtime.perceive.motion`); 1 where that was
            not measured.
    """

    joints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    motion: float = 1.0

    @property
    def score(self) -> float:
        """Mean of the joints' scores: about .7 for standing people, .2 to .4 for lying ones, below .2 for most objects."""
        return float(self.scores.mean())

    @property
    def middle(self) -> np.ndarray:
        """(2,) position of the person, pixels: the mean of the joints, weighted by their scores."""
        return np.asarray(np.average(self.joints, axis=0, weights=self.scores + 1e-3))

    @property
    def size(self) -> float:
        """The box's diagonal, pixels, at least 1; of all measures of a pose it changes least in a fall."""
        return max(float(np.hypot(*(self.box[2:] - self.box[:2]))), 1.0)


def make_pose(joints: np.ndarray, scores: np.ndarray) -> Pose:
    """Return a pose with its box: of the joints with a score above .1, of all where fewer than three have that."""
    joints, scores = np.asarray(joints, dtype=np.float32), np.asarray(scores, dtype=np.float32)
    seen = joints[scores > FAINT] if (scores > FAINT).sum() >= 3 else joints
    return Pose(joints, scores, np.concatenate([seen.min(axis=0), seen.max(axis=0)]))


def apart(a: Pose, b: Pose) -> float:
    """Return the distance of two poses: the mean distance of corresponding joints, in sizes of the larger person; 0 = the same.

    Joints are weighted by the product of their scores. Two estimates of one person are about .05 apart, people side by side .3 or more.
    """
    weight = a.scores * b.scores + 1e-4
    distance = np.hypot(*(a.joints - b.joints).T)
    return float((distance * weight).sum() / weight.sum() / max(a.size, b.size))


def rise(before: Pose, after: Pose) -> float:
    """Return how far head and shoulders moved up, pixels; negative for down.

    People fall faster than they get up: a pose that rises at once is of another person, or a mixture (MoveNet mixes people who overlap).
    """
    weight = before.scores[:_UPPER] * after.scores[:_UPPER] + 1e-4
    return float(((before.joints[:_UPPER, 1] - after.joints[:_UPPER, 1]) * weight).sum() / weight.sum())


def upright_trunk(pose: Pose) -> bool:
    """Return whether shoulders and hips are seen, and the shoulders are above the hips: by at least as much as beside them."""
    seen = pose.scores > FAINT
    if not (seen[_SHOULDER_JOINTS].all() and seen[_HIP_JOINTS].all()):
        return False
    right, down = pose.joints[_HIP_JOINTS].mean(axis=0) - pose.joints[_SHOULDER_JOINTS].mean(axis=0)
    return bool(down > abs(right))


class Estimator(Protocol):
    """Find the people of one film, picture by picture; an estimator may look where it found them last."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        """Return the people in a picture, (H, W, 3) uint8 RGB: none, one or several."""

    def reset(self) -> None:
        """Forget the people seen so far: the next picture is of another film."""


def check_picture(image: np.ndarray) -> tuple[int, int]:
    """Return height and width of an (H, W, 3) uint8 picture; raises `ValueError` for anything else."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"a picture should be (H, W, 3) uint8 RGB, not {image.shape} {image.dtype}")
    return image.shape[0], image.shape[1]
