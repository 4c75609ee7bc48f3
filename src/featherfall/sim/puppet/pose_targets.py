"""Pose targets of the puppet, sample by sample, and the legs solved for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..world.body import Body
from ..world.motion import Trajectory
from .kinematics import LEG_HINGES, leg_angles


class PoseTargets(NamedTuple):
    """Targets of pelvis, hinges and feet over N samples.

    Attributes:
        root: (N, 3) m, the pelvis' origin.
        rotation: (N, 4), the pelvis' orientation.
        angles: (N, 36) rad; those of the legs are used where the feet are free.
        ankles, soles: (N, 2, 3) m and (N, 2, 4), targets of the feet, right first.
        planted: (N, 2), 1 where a foot stays in its place, 0 where it is free.
        sway: (N,), weight of the idle motion.
    """

    root: np.ndarray
    rotation: np.ndarray
    angles: np.ndarray
    ankles: np.ndarray
    soles: np.ndarray
    planted: np.ndarray
    sway: np.ndarray

    @property
    def last(self) -> PoseTargets:
        """The last sample, without the leading axis."""
        return PoseTargets(*(part[-1] for part in self))


def solve_legs(body: Body, targets: PoseTargets) -> Trajectory:
    """Return the trajectory whose legs reach the planted feet."""
    angles = targets.angles.copy()
    if targets.planted.max() > 0:
        held = leg_angles(body, targets.root, targets.rotation, targets.ankles, targets.soles)
        free = angles[:, LEG_HINGES]
        angles[:, LEG_HINGES.ravel()] = (free + targets.planted[..., None] * (held - free)).reshape(len(angles), -1)
    return Trajectory(targets.root, targets.rotation, angles)
