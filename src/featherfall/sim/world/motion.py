"""Trajectory (targets of the animation) and Motion (movement of the body), both at `SIM_RATE`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from featherfall.core.recording import FallTimes

from .body import HINGES, PARENTS, SEGMENT_NAMES, Body
from .rotation import rotate
from .scene import Scene

SIM_RATE = 200.0  # Hz, the step of animation and physics


@dataclass(frozen=True, eq=False)
class Strike:
    """A collision that the puppet's smooth curves do not show: a heel on the floor, a palm on a table.

    Attributes:
        time: s.
        segment: index of the segment that is hit.
        velocity: (3,) m/s, the change of that segment's velocity (world frame), taken up within some 10-40 ms.
    """

    time: float
    segment: int
    velocity: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Root and joint angles over time.

    Attributes:
        root: (N, 3) m, the pelvis' origin in the world.
        rotation: (N, 4) unit quaternions, the pelvis' orientation.
        angles: (N, 36) rad, in the order of `HINGES`.
    """

    root: np.ndarray
    rotation: np.ndarray
    angles: np.ndarray

    def __len__(self) -> int:
        return len(self.root)


@dataclass(frozen=True, eq=False)
class Motion:
    """Movement of the body, ready for any sensor.

    Attributes:
        body, scene: the person's body, and the room.
        positions: (N, 17, 3) m, segments' origins in the world, at `SIM_RATE`.
        rotations: (N, 17, 4) unit quaternions, segments' orientations.
        fall: exact times, or None.
        strikes: collisions to be added by sensors, in the order of time.
    """

    body: Body
    scene: Scene
    positions: np.ndarray
    rotations: np.ndarray
    fall: FallTimes | None = None
    strikes: tuple[Strike, ...] = field(default=())

    @property
    def times(self) -> np.ndarray:
        """Times (N,) of the poses, s."""
        return np.arange(len(self.positions)) / SIM_RATE

    @property
    def duration(self) -> float:
        """Seconds from the first to the last pose."""
        return (len(self.positions) - 1) / SIM_RATE


# Hinges of each segment, outermost first: (index, 1 + the axis' number, its sign).
_SEGMENT_HINGES: tuple[list[tuple[int, int, float]], ...] = tuple(
    [(index, 1 + int(np.argmax(np.abs(hinge.axis))), float(sum(hinge.axis))) for index, hinge in enumerate(HINGES) if hinge.segment == name]
    for name in SEGMENT_NAMES
)


def forward_kinematics(body: Body, trajectory: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (N, 17, 3) m and rotations (N, 17, 4) of all segments."""
    count = len(trajectory)
    # Every operation runs over a row of time that stays in the cache.
    half = trajectory.angles.T * 0.5
    cosine, sine = np.cos(half), np.sin(half)
    rotations, positions = np.empty((len(SEGMENT_NAMES), 4, count)), np.empty((len(SEGMENT_NAMES), 3, count))
    rotations[0], positions[0] = trajectory.rotation.T, trajectory.root.T
    for segment, parent in enumerate(PARENTS):
        if segment == parent:
            continue
        q = rotations[parent]
        positions[segment] = positions[parent] + rotate(q.T, body.offsets[segment]).T
        for index, axis, sign in _SEGMENT_HINGES[segment]:
            q = _rotate_about_axis(q, axis, cosine[index], sine[index] if sign > 0 else -sine[index])
        rotations[segment] = q
    return np.ascontiguousarray(positions.transpose(2, 0, 1)), np.ascontiguousarray(rotations.transpose(2, 0, 1))


def _rotate_about_axis(q: np.ndarray, axis: int, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """Rotate `q` (4, N) about its own x (1), y (2) or z (3) axis."""
    i, j = (2, 3) if axis == 1 else (3, 1) if axis == 2 else (1, 2)
    out = np.empty_like(q)
    out[0] = q[0] * cosine - q[axis] * sine
    out[axis] = q[axis] * cosine + q[0] * sine
    out[i] = q[i] * cosine + q[j] * sine
    out[j] = q[j] * cosine - q[i] * sine
    return out
