"""Postures that the puppet moves through. Angles in rad by hinge; a hinge without its side means both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..world.body import SEGMENT_NAMES, Body


@dataclass(frozen=True)
class BodyPosture:
    """A posture of the body.

    Attributes:
        angles: hinge name -> rad; hinges not named are 0. The legs' count only when the feet are not planted.
        height: the pelvis' origin over the ground under the feet, fraction of stature; with free feet the body is laid on the surface.
        forward: the pelvis ahead of the middle of the planted feet, fraction of stature.
        pitch: the pelvis' tilt, forward is positive; -pi/2 is on the back, pi/2 on the front.
        twist: its turn about its own long axis, to the left is positive; pi/2 lies on the left side.
        planted: whether the feet stay flat where they are and the legs follow.
        sway: how much the body sways, trembles and drifts: 1 as in free standing.
    """

    angles: Mapping[str, float] = field(default_factory=dict)
    height: float = 0.5275
    forward: float = 0.0
    pitch: float = 0.0
    twist: float = 0.0
    planted: bool = True
    sway: float = 1.0

    def modified(self, angles: Mapping[str, float] | None = None, **changes: float) -> BodyPosture:
        """Return the posture with some angles or attributes changed; an angle of both sides replaces those of either."""
        new = dict(angles or {})
        kept = {name: value for name, value in self.angles.items() if name.removeprefix("right ").removeprefix("left ") not in new}
        return replace(self, angles={**kept, **new}, **changes)  # type: ignore[arg-type]


_LEGS = {"hip abduction": 0.05, "ankle flexion": -0.4}

STAND = BodyPosture(
    {"shoulder abduction": 0.08, "elbow flexion": 0.2, "shoulder rotation": 0.1, "shoulder flexion": 0.02, "pronation": 0.1}
)
SIT = BodyPosture(  # height and place come from `sit`
    {
        "shoulder flexion": 0.35, "shoulder abduction": 0.1, "elbow flexion": 1.05, "shoulder rotation": 0.35, "pronation": 0.4,
        "lumbar flexion": 0.2, "thoracic flexion": 0.1, "neck flexion": -0.1,
    },
    height=0.32, forward=-0.21, pitch=-0.1, sway=0.4,
)  # fmt: skip
LIE_BACK = BodyPosture(
    {**_LEGS, "shoulder abduction": 0.3, "elbow flexion": 0.35, "shoulder flexion": 0.05, "neck flexion": 0.1, "knee flexion": 0.1},
    pitch=-np.pi / 2, planted=False, sway=0.15,
)  # fmt: skip
LIE_LEFT = BodyPosture(  # on the left side, knees drawn up
    {
        **_LEGS, "hip flexion": 0.7, "knee flexion": 0.9, "shoulder flexion": 0.9, "elbow flexion": 1.2, "neck flexion": 0.15,
        "thoracic flexion": 0.2, "lumbar flexion": 0.15, "neck bend": 0.2, "hip abduction": -0.03, "left shoulder flexion": 1.3,
    },
    pitch=-np.pi / 2, twist=np.pi / 2, planted=False, sway=0.15,
)  # fmt: skip
LIE_RIGHT = BodyPosture(
    {**{k.replace("left", "right"): v for k, v in LIE_LEFT.angles.items()}, "neck bend": -0.2}, pitch=-np.pi / 2, twist=-np.pi / 2,
    planted=False, sway=0.15,
)  # fmt: skip
LIE_FRONT = BodyPosture(
    {
        "shoulder abduction": 0.9, "elbow flexion": 1.7, "shoulder rotation": -1.3, "neck turn": 0.7, "neck flexion": -0.25,
        "hip abduction": 0.08,
        "ankle flexion": -0.8, "knee flexion": 0.1,
    },
    pitch=np.pi / 2, planted=False, sway=0.15,
)  # fmt: skip
HANDS_AND_KNEES = BodyPosture(
    {
        "hip flexion": 1.45, "knee flexion": 1.5, "ankle flexion": -0.7, "hip abduction": 0.06, "shoulder flexion": 1.5,
        "elbow flexion": 0.1,
        "wrist flexion": -1.15, "neck flexion": -0.4, "shoulder abduction": 0.05,
    },
    pitch=1.45, planted=False, sway=0.5,
)  # fmt: skip
KNEEL = BodyPosture(  # on both knees, upright
    {"knee flexion": 1.6, "hip flexion": 0.05, "ankle flexion": -0.8, "hip abduction": 0.06, "shoulder abduction": 0.12,
    "elbow flexion": 0.4},
    pitch=0.05, planted=False, sway=0.5,
)  # fmt: skip
HALF_KNEEL = BodyPosture(  # the right knee on the floor, the left foot flat in front, hands to the left knee
    {
        "left hip flexion": 1.75, "left knee flexion": 1.6, "left ankle flexion": 0.05, "right hip flexion": 0.15,
        "right knee flexion": 1.72,
        "right ankle flexion": 0.3, "hip abduction": 0.06, "lumbar flexion": 0.3, "thoracic flexion": 0.15, "shoulder flexion": 0.6,
        "elbow flexion": 0.6, "neck flexion": -0.2, "shoulder rotation": 0.1,
    },
    pitch=0.2, planted=False, sway=0.5,
)  # fmt: skip
CROUCH = BodyPosture(  # down with heels on the floor, hands at the feet
    {
        "lumbar flexion": 0.5, "thoracic flexion": 0.35, "neck flexion": -0.1, "shoulder flexion": 0.9, "elbow flexion": 1.1,
        "shoulder rotation": 0.25,
    },
    height=0.25, forward=-0.13, pitch=0.5,
)  # fmt: skip
BEND = BodyPosture(  # down to the floor from the hips, knees a little bent
    {
        "lumbar flexion": 0.55, "thoracic flexion": 0.35, "neck flexion": -0.2, "shoulder flexion": 1.6, "elbow flexion": 0.3,
        "shoulder abduction": 0.05,
    },
    height=0.455, forward=-0.08, pitch=0.95,
)  # fmt: skip


def sit(body: Body, seat: float) -> BodyPosture:
    """Return the posture of sitting on a surface `seat` m high, the feet flat in front of it."""
    return SIT.modified(height=(seat + buttocks(body)) / body.person.height)


def buttocks(body: Body) -> float:
    """Return the height of the pelvis' origin over what it sits on, m."""
    return max(solid.start_radius - solid.start[2] for solid in body.solids if solid.segment == SEGMENT_NAMES.index("pelvis")) - 0.01
