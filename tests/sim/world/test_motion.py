"""Forward kinematics by hand."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.world.body import HINGE_INDEX, HINGES, SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE, Motion, Trajectory, forward_kinematics
from featherfall.sim.world.scene import Scene

BODY = make_body(SimulatedPerson("P", "female", 40, 1.70, 65))


def at(segment: str, **angles: float) -> np.ndarray:
    """Where the segment's origin is when a person stands with these angles (rad), m."""
    values = np.zeros((1, len(HINGES)))
    for name, angle in angles.items():
        values[0, HINGE_INDEX[name.replace("_", " ")]] = angle
    positions, _ = forward_kinematics(BODY, Trajectory(BODY.offsets[:1], np.array([[1.0, 0, 0, 0]]), values))
    return np.asarray(positions[0, SEGMENT_NAMES.index(segment)])


def test_standing_straight() -> None:
    foot = at("right foot")
    np.testing.assert_allclose(foot, [0, -0.052 * 1.70, 0.039 * 1.70], atol=1e-9)


def test_flexion_goes_forward_at_hip_shoulder_and_elbow_and_backward_at_the_knee() -> None:
    assert at("left shank", left_hip_flexion=np.pi / 2)[0] == pytest.approx((0.530 - 0.285) * 1.70)
    assert at("left foot", left_knee_flexion=np.pi / 2)[0] == pytest.approx(-(0.285 - 0.039) * 1.70)
    assert at("right forearm", right_shoulder_flexion=np.pi / 2)[0] == pytest.approx(0.186 * 1.70)
    assert at("right hand", right_elbow_flexion=np.pi / 2)[0] == pytest.approx(0.146 * 1.70)


def test_abduction_goes_outward_on_both_sides() -> None:
    assert at("right forearm", right_shoulder_abduction=np.pi / 2)[1] == pytest.approx(-(0.110 + 0.186) * 1.70)
    assert at("left forearm", left_shoulder_abduction=np.pi / 2)[1] == pytest.approx((0.110 + 0.186) * 1.70)


def test_bending_forward_takes_the_head_forward() -> None:
    assert at("head", lumbar_flexion=0.5)[0] > 0.1


def test_duration() -> None:
    positions, rotations = forward_kinematics(
        BODY, Trajectory(np.zeros((401, 3)), np.tile([1.0, 0, 0, 0], (401, 1)), np.zeros((401, len(HINGES))))
    )
    motion = Motion(BODY, Scene(), positions, rotations)
    assert motion.duration == 400 / SIM_RATE and motion.times[-1] == motion.duration
