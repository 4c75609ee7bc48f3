from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from featherfall.sim.puppet.gait import cadence
from featherfall.sim.puppet.kinematics import lowest_point
from featherfall.sim.puppet.puppet import Puppet
from featherfall.sim.world.body import HINGE_INDEX, SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE, forward_kinematics

BODY = make_body(SimulatedPerson("a", "male", 30, 1.75, 72))
FEET = [SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left foot")]


def test_cadence() -> None:
    # one stature a second: 64.8 strides a minute
    assert cadence(1.75, BODY) == pytest.approx(2.16)
    old = make_body(SimulatedPerson("b", "male", 80, 1.75, 72))
    assert cadence(1.75, old) == pytest.approx(2.16 * 1.04)


@pytest.mark.parametrize("speed", [0.6, 1.0, 1.4, 1.8, 2.4])
def test_walks_at_the_speed_asked(speed: float) -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), heading=0.0)
    puppet.walk(speed, 6)
    trajectory = puppet.trajectory()
    middle = trajectory.root[round(2 * SIM_RATE) : round(4 * SIM_RATE) + 1, 0]
    assert (middle[-1] - middle[0]) / 2 == pytest.approx(speed, rel=0.08)
    assert puppet.time == pytest.approx(6, abs=0.7)
    assert puppet.last.root[1] == pytest.approx(0, abs=0.03)
    # nothing sinks in, and acceleration is smooth
    assert lowest_point(BODY, trajectory).min() > -0.006
    positions, _ = forward_kinematics(BODY, trajectory)
    assert np.abs(np.diff(positions, 3, axis=0)).max() * SIM_RATE**2 < 60
    knees = trajectory.angles[:, [HINGE_INDEX["right knee flexion"], HINGE_INDEX["left knee flexion"]]]
    assert knees.min() >= 0 and 0.8 < knees.max() < 2.2


def test_stance_feet_stand_still() -> None:
    puppet = Puppet(BODY, np.random.default_rng(1), heading=0.0)
    puppet.walk(1.3, 6)
    positions, _ = forward_kinematics(BODY, puppet.trajectory())
    speed = np.linalg.norm(np.diff(positions[:, FEET], axis=0), axis=2) * SIM_RATE
    still = (speed < 0.05).mean(axis=0)
    # flat from 7-12 to 35-40 % of the stride (Winter 1991), and at both ends of the walk
    assert np.all((still > 0.22) & (still < 0.5))


def test_strikes_are_the_landings() -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), heading=0.0)
    puppet.walk(1.3, 6)
    assert [strike.time for strike in puppet.strikes] == sorted(strike.time for strike in puppet.strikes)
    assert len(puppet.strikes) == pytest.approx(6 * cadence(1.3, BODY), abs=2)
    feet = [strike.segment for strike in puppet.strikes]
    assert set(feet) == set(FEET) and all(a != b for a, b in pairwise(feet))
    assert all(strike.velocity[0] < 0 < strike.velocity[2] < 1 for strike in puppet.strikes)


def test_arms_swing_against_the_legs() -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), heading=0.0)
    puppet.walk(1.4, 8)
    angles = puppet.trajectory().angles[round(2 * SIM_RATE) : round(6 * SIM_RATE)]
    for side in ("right", "left"):
        arm, leg = angles[:, HINGE_INDEX[f"{side} shoulder flexion"]], angles[:, HINGE_INDEX[f"{side} hip flexion"]]
        assert np.corrcoef(arm, leg)[0, 1] < -0.6


def test_turns_in_place() -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), (1.0, 1.0), 0.5)
    puppet.turn(2.0)
    assert puppet.heading == pytest.approx(2.5, abs=0.02)
    assert puppet.last.ankles[:, :2].mean(axis=0) == pytest.approx([1.0, 1.0], abs=0.05)


def test_walks_a_curve() -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), heading=0.0)
    puppet.walk(1.2, 6, curve=0.5)
    middle = np.array([0.0, 2.0])
    assert np.linalg.norm(puppet.trajectory().root[:, :2] - middle, axis=1) == pytest.approx(2.0, abs=0.2)
    assert puppet.heading > 1.5


def test_jogging_has_flight() -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), heading=0.0)
    puppet.walk(2.6, 6)
    height = lowest_point(BODY, puppet.trajectory())[round(2 * SIM_RATE) : round(4 * SIM_RATE)]
    assert height.max() > 0.002


def test_a_jogger_is_low_on_the_foot_and_high_in_flight() -> None:
    puppet = Puppet(BODY, np.random.default_rng(0), heading=0.0)
    puppet.walk(2.6, 6)
    height = puppet.trajectory().root[:, 2]
    lands = [strike.time for strike in puppet.strikes][4:-4]
    for land, next_land in pairwise(lands):
        stance, flight = (height[round((land + share * (next_land - land)) * SIM_RATE)] for share in (0.38, 0.88))
        assert flight - stance > 0.04
