"""Posture of a person from one pose and the person's usual size."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import numpy as np

from featherfall.core.skeletons import COCO_17
from featherfall.runtime.perceive.pose import FAINT, Pose

_NAMES = list(COCO_17)
_SHOULDERS = [_NAMES.index("left shoulder"), _NAMES.index("right shoulder")]
_HIPS = [_NAMES.index("left hip"), _NAMES.index("right hip")]
_LEGS = [_NAMES.index(f"{side} {joint}") for side in ("left", "right") for joint in ("knee", "ankle")]

# Shares of the person's size, which is about the standing height. They follow from the proportions of a body. Height of the box: .95
# standing, .75 on a chair, .5 sitting on the floor. Hips over the feet: .5 standing or bending down, .25 on a chair, .1 lying. The
# thresholds lie between these; checked on simulated films only (docs/explanation/camera.md, "Posture").
FLAT = 0.45  # height of the box
LOW = 0.62  # height of the box
HIPS_UP = 0.38  # hips over the feet
MIN_TRUNK = 0.12  # length; a shorter trunk (.3 in the image plane) points at the camera and has no direction
LEVEL = 55.0  # degrees from upright; a person who bends down leans as far, but has the hips high
SIZE_PERCENTILE = 85  # high, because half-hidden bodies give poses that are too small, and few poses are too large


class Posture(enum.StrEnum):
    """lying: the trunk is level or the whole body is near the floor; low: sits or crouches on the floor; upright: stands, walks, sits on a
    chair, bends down; unknown: too few joints are seen."""

    lying = "lying"
    low = "low"
    upright = "upright"
    unknown = "unknown"

    @property
    def is_down(self) -> bool:
        """Whether the person is near the floor: lying or low."""
        return self in (Posture.lying, Posture.low)


def usual_size(sizes: Sequence[float]) -> float:
    """Return a person's size over some seconds: the 85th percentile of box diagonals, which hardly change when one falls; same unit."""
    return float(np.percentile(sizes, SIZE_PERCENTILE))


def posture(pose: Pose, size: float) -> Posture:
    """Return the posture of a pose.

    Heights are measured along the picture's vertical, so the camera should not be tilted sideways by more than about 20 degrees; from a
    camera that looks down steeply everyone appears low. Only joints with a score above .1 count.

    - upright: the hips are .38 sizes or more over the legs' lowest joint, as when one stands or bends down. Otherwise:
    - lying: the trunk leans by 55 degrees or more (shoulders over hips, from the vertical: 0 upright, 90 level, 180 upside down), or
      the legs are seen and the box is lower than .45 sizes;
    - low: the legs are seen and the box is lower than .62 sizes;
    - upright: the trunk is seen.

    Arguments:
        size: pixels, `usual_size` of the person before.
    """
    seen = pose.scores > FAINT
    shoulders, hips, legs = ([joint for joint in part if seen[joint]] for part in (_SHOULDERS, _HIPS, _LEGS))
    if legs and hips and float(pose.joints[legs, 1].max() - pose.joints[hips, 1].mean()) >= HIPS_UP * size:
        return Posture.upright
    if shoulders and hips:
        trunk = pose.joints[hips].mean(axis=0) - pose.joints[shoulders].mean(axis=0)
        lean = float(np.degrees(np.arctan2(abs(trunk[0]), trunk[1])))
        if lean >= LEVEL and np.hypot(*trunk) > MIN_TRUNK * size:
            return Posture.lying
    height = float(pose.box[3] - pose.box[1]) / size
    if legs and height < LOW:
        return Posture.lying if height < FLAT else Posture.low
    return Posture.upright if shoulders and hips else Posture.unknown
