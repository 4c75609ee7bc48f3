"""What a puppet's strings ask for, sample by sample, and the legs that follow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..world.body import Body
from ..world.motion import Trajectory
from .kinematics import LEG_HINGES, leg_angles


class Strings(NamedTuple):
    """What the strings ask for over N samples.

    Attributes:
        root: (N, 3) m.
        turn: (N, 4).
        angles: (N, 36) rad; the legs' count where the feet are free.
        ankles: (N, 2, 3) m and soles (N, 2, 4): where the feet are to be, right first.
        grip: (N, 2), 1 where a foot is held in its place, 0 where it is free.
        sway: (N,), how much of the small motions.
    """

    root: np.ndarray
    turn: np.ndarray
    angles: np.ndarray
    ankles: np.ndarray
    soles: np.ndarray
    grip: np.ndarray
    sway: np.ndarray

    @property
    def last(self) -> Strings:
        """The last sample, without the leading axis."""
        return Strings(*(part[-1] for part in self))


def solve(body: Body, strings: Strings) -> Trajectory:
    """The trajectory in which the legs follow the held feet."""
    angles = strings.angles.copy()
    if strings.grip.max() > 0:
        held = leg_angles(body, strings.root, strings.turn, strings.ankles, strings.soles)
        free = angles[:, LEG_HINGES]
        angles[:, LEG_HINGES.ravel()] = (free + strings.grip[..., None] * (held - free)).reshape(len(angles), -1)
    return Trajectory(strings.root, strings.turn, angles)
