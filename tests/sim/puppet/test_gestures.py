from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.puppet.gestures import IDLE_GESTURES, TOUCH_FACE, Gesture, add_gesture, add_idle_gestures, hold_rail
from featherfall.sim.puppet.puppet import Puppet
from featherfall.sim.world.body import HINGE_INDEX, HINGES, SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE, forward_kinematics

BODY = make_body(SimulatedPerson("a", "male", 30, 1.75, 72))


def standing(seconds: float, seed: int = 0) -> Puppet:
    puppet = Puppet(BODY, np.random.default_rng(seed))
    puppet.hold(seconds)
    return puppet


def test_one_arm_goes_and_comes_back() -> None:
    puppet = standing(4.0)
    before = puppet.angles_between(0.0, 4.0).copy()
    add_gesture(puppet, TOUCH_FACE, "left", 1.0, 2.0, (0.6, 0.6))
    after = puppet.angles_between(0.0, 4.0)
    changed = np.flatnonzero(np.any(after != before, axis=0))
    assert {HINGES[index].name for index in changed} == {f"left {name}" for name in TOUCH_FACE.arm}
    times = np.flatnonzero(np.any(after != before, axis=1)) / SIM_RATE
    assert 1.0 < times.min() < 1.05 and 2.95 < times.max() < 3.0
    assert after[round(2 * SIM_RATE), HINGE_INDEX["left elbow flexion"]] == pytest.approx(2.2, abs=0.7)


@pytest.mark.parametrize("kind", IDLE_GESTURES)
def test_is_smooth_and_clear_of_the_head(kind: Gesture) -> None:
    for seed in range(3):
        puppet = standing(4.0, seed)
        add_gesture(puppet, kind, "right", 0.5, 3.0, (0.7, 0.7))
        positions, _ = forward_kinematics(BODY, puppet.trajectory())
        assert np.abs(np.diff(positions, 3, axis=0)).max() * SIM_RATE**2 < 30
        apart = positions[:, SEGMENT_NAMES.index("right hand")] - positions[:, SEGMENT_NAMES.index("head")]
        assert np.linalg.norm(apart, axis=1).min() > 0.05


def test_idle_hands_are_idle_at_no_chance() -> None:
    puppet = standing(6.0)
    before = puppet.angles_between(0.0, 6.0).copy()
    add_idle_gestures(puppet, 0.1, 5.9, 0.0)
    assert np.array_equal(puppet.angles_between(0.0, 6.0), before)
    add_idle_gestures(puppet, 0.1, 5.9, 1.0)
    assert not np.array_equal(puppet.angles_between(0.0, 6.0), before)
    assert np.array_equal(puppet.angles_between(0.0, 6.0)[-1], before[-1])


def test_the_hand_on_the_rail_grabs_while_it_climbs() -> None:
    puppet = standing(6.0)
    hold_rail(puppet, "left", np.array([1.0, 1.7, 2.4, 3.1, 3.8]))
    assert puppet.strikes and all(SEGMENT_NAMES[strike.segment] == "left hand" and 0.5 < strike.time < 6 for strike in puppet.strikes)
