"""Contact with floors and beds: lay a body down, keep it above the surface, and let free feet step to their places."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from ..world.body import SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE, Trajectory, forward_kinematics
from .kinematics import bump, ease, lowest_point, slerp
from .pose_targets import PoseTargets, solve_legs

_TRUNK_ON_BED = tuple(SEGMENT_NAMES.index(name) for name in ("pelvis", "abdomen", "chest", "head", "right thigh", "left thigh"))


def lay_on_surface(body: Body, targets: PoseTargets, surface: float) -> PoseTargets:
    """Move one sample up or down until its lowest point (on a bed: of the trunk) touches the surface."""
    one = Trajectory(targets.root[None], targets.rotation[None], targets.angles[None])
    gap = surface - lowest_point(body, one, _TRUNK_ON_BED if surface > 0.1 else None)[0]
    return targets._replace(root=targets.root + np.array([0.0, 0.0, gap]))


def plant_feet(
    body: Body, ankles: np.ndarray, soles: np.ndarray, now: Trajectory, old: PoseTargets, new: PoseTargets, u: np.ndarray
) -> None:
    """Let free feet step to where they are planted; writes `ankles` (N, 2, 3) and `soles` (N, 2, 4) in place."""
    positions, rotations = forward_kinematics(body, now)
    for foot, index in enumerate((SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left foot"))):
        if old.planted[foot] < 0.5 < new.planted[foot]:
            step = new.ankles[foot] - positions[0, index]
            ankles[:, foot] = positions[0, index] + step * ease(u / 0.85)[:, None]
            ankles[:, foot, 2] += 0.3 * float(np.hypot(step[0], step[1])) * bump(u / 0.85)
            soles[:, foot] = slerp(rotations[0, index], new.soles[foot], ease(u / 0.85))


def keep_above_surface(body: Body, piece: PoseTargets, surface: float) -> PoseTargets:
    """Lift a piece of movement to or from the floor so that its lowest point stays on the surface."""
    if surface > 0.1:
        return piece
    count = len(piece.root)
    knots = np.unique(np.linspace(0, count - 1, max(round(count / SIM_RATE * 25), 4)).astype(int))
    trajectory = solve_legs(body, piece)
    some = Trajectory(trajectory.root[knots], trajectory.rotation[knots], trajectory.angles[knots])
    over = surface - lowest_point(body, some)
    held = piece.planted[knots].min(axis=1)
    need = np.maximum(over, 0) if held.max() > 0 else over
    # the highest of the neighbours, then smooth, then taper to nothing at both ends
    padded = np.pad(need, 2, mode="edge")
    need = np.max([padded[i : i + len(need)] for i in range(1, 4)], axis=0)
    for _ in range(2):
        padded = np.pad(need, 1, mode="edge")
        need = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    x = np.arange(count)
    u = np.arange(1, count + 1) / count
    width = min(0.15, 0.5)
    taper = ease(u / width) * ease((1 - u) / width)
    root = piece.root.copy()
    root[:, 2] += CubicSpline(knots, need)(x) * taper
    return piece._replace(root=root)
