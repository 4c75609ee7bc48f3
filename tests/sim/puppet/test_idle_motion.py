from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.puppet.idle_motion import arm_deviation, limit_angles
from featherfall.sim.puppet.kinematics import ease
from featherfall.sim.puppet.pose_targets import PoseTargets
from featherfall.sim.puppet.puppet import Puppet
from featherfall.sim.world.body import HINGE_INDEX, HINGES, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE

BODY = make_body(SimulatedPerson("a", "male", 30, 1.75, 72))


def bend(seconds: float, rad: float) -> PoseTargets:
    """Standing still for 2 s, the right elbow bending, standing still for 2 s."""
    count = round((4 + seconds) * SIM_RATE)
    last = Puppet(BODY, np.random.default_rng(0)).last
    targets = PoseTargets(*(np.repeat(part[None], count, axis=0) for part in last))
    targets.angles[:, HINGE_INDEX["right elbow flexion"]] += rad * ease((np.arange(count) / SIM_RATE - 2) / seconds)
    return targets


def test_only_arms_that_move_turn() -> None:
    found = arm_deviation(bend(0.8, 1.5), np.random.default_rng(1))
    pronation = found[:, HINGE_INDEX["right pronation"]]
    assert np.abs(pronation).max() > 0.02
    assert np.all(found[: round(1.7 * SIM_RATE)] == 0) and np.all(found[-round(1.7 * SIM_RATE) :] == 0)
    others = [index for index, hinge in enumerate(HINGES) if not hinge.name.startswith("right ")]
    assert np.all(found[:, others] == 0)
    assert np.abs(np.diff(found, 2, axis=0)).max() * SIM_RATE**2 < 200


def test_more_effort_turns_more() -> None:
    def size(rad: float) -> float:
        return float(np.abs(arm_deviation(bend(0.5, rad), np.random.default_rng(2))[:, HINGE_INDEX["right pronation"]]).max())

    assert size(0.2) < size(0.8) < size(2.0)


def test_joints_stop_softly() -> None:
    angles = np.zeros((5, len(HINGES)))
    angles[:, HINGE_INDEX["left pronation"]] = [-9, -1.2, 0.5, 1.6, 9]
    angles[:, HINGE_INDEX["right elbow flexion"]] = [-9, 0.0, 0.1, 1.0, 9]
    found = limit_angles(angles)
    # 1.2 + 0.4 tanh(1), and 0.1 - 0.1 tanh(1)
    assert found[:, HINGE_INDEX["left pronation"]] == pytest.approx([-1.6, -1.2, 0.5, 1.50464, 1.6], abs=1e-5)
    assert found[:, HINGE_INDEX["right elbow flexion"]] == pytest.approx([0, 0.02384, 0.1, 1.0, 2.5], abs=1e-5)
