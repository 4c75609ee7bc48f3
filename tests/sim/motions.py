"""Motions simple enough to work out by hand."""

import numpy as np

from featherfall.sim.world.body import HINGE_INDEX, HINGES, Body, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE, Motion, Strike, Trajectory, forward_kinematics
from featherfall.sim.world.rotation import from_axis_angle
from featherfall.sim.world.scene import Scene

PERSON = SimulatedPerson("Ann", "female", 40.0, 1.7, 65.0)
Axis = tuple[float, float, float]


def body() -> Body:
    return make_body(PERSON)


def move(
    seconds: float = 2.0,
    root: np.ndarray | None = None,
    turn: tuple[Axis, float] | None = None,
    angles: dict[str, float | np.ndarray] | None = None,
    strikes: tuple[Strike, ...] = (),
) -> Motion:
    """Stands still but for `root` (N, 3) m added to its place, a turn of the pelvis about an axis by rad/s, and hinge angles in rad."""
    count = round(seconds * SIM_RATE) + 1
    t = np.arange(count) / SIM_RATE
    me = body()
    place = me.offsets[0] + (np.zeros((count, 3)) if root is None else root)
    axis, speed = turn or ((0.0, 0.0, 1.0), 0.0)
    hinges = np.zeros((count, len(HINGES)))
    for name, angle in (angles or {}).items():
        hinges[:, HINGE_INDEX[name]] = angle
    positions, rotations = forward_kinematics(me, Trajectory(place, from_axis_angle(axis, speed * t), hinges))
    return Motion(me, Scene(), positions, rotations, strikes=strikes)
