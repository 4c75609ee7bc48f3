from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.puppet.kinematics import heading_of, lowest_point
from featherfall.sim.puppet.postures import BEND, CROUCH, HANDS_AND_KNEES, KNEEL, LIE_BACK, LIE_FRONT, LIE_LEFT, LIE_RIGHT, STAND, buttocks
from featherfall.sim.puppet.puppet import Puppet, get_up
from featherfall.sim.world.body import HINGES, SEGMENT_NAMES, Body, SimulatedPerson, draw_person, make_body
from featherfall.sim.world.motion import SIM_RATE, Trajectory, forward_kinematics
from featherfall.sim.world.rotation import rotate

BODY = make_body(SimulatedPerson("a", "female", 30, 1.65, 60))
FEET = [SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left foot")]


def puppet(seed: int = 0, body: Body = BODY) -> Puppet:
    return Puppet(body, np.random.default_rng(seed), (0.3, -0.2), 1.0)


def jolt(body: Body, trajectory: Trajectory) -> float:
    """The largest change of any segment's acceleration from one sample to the next, m/s2."""
    positions, _ = forward_kinematics(body, trajectory)
    return float(np.abs(np.diff(positions, 3, axis=0)).max() * SIM_RATE**2)


def test_starts_standing_where_it_is_put() -> None:
    standing = puppet()
    assert standing.time == 0
    assert standing.heading == pytest.approx(1.0)
    assert standing.last.ankles[:, :2].mean(axis=0) == pytest.approx([0.3, -0.2])
    assert lowest_point(BODY, standing.now())[0] == pytest.approx(0.0, abs=0.003)
    assert standing.ahead(1.0) == pytest.approx((0.3 + np.cos(1.0), -0.2 + np.sin(1.0)))


def test_the_same_seed_gives_the_same() -> None:
    def made(seed: int) -> Trajectory:
        moved = puppet(seed)
        moved.sit_down(0.45)
        return moved.trajectory()

    a, b, c = made(1), made(1), made(2)
    assert np.array_equal(a.angles, b.angles) and np.array_equal(a.root, b.root)
    assert a.angles.shape != c.angles.shape or not np.array_equal(a.angles, c.angles)


@pytest.mark.parametrize("posture", [CROUCH, BEND, STAND.modified({"elbow flexion": 1.0}, pitch=0.3)])
def test_planted_feet_stay(posture: object) -> None:
    moved = puppet()
    moved.move(posture, 1.2)  # type: ignore[arg-type]
    moved.move(moved.stand, 1.0)
    trajectory = moved.trajectory()
    positions, rotations = forward_kinematics(BODY, trajectory)
    assert len(trajectory) == round(2.2 * SIM_RATE) + 1
    assert np.ptp(positions[:, FEET], axis=0).max() < 0.004
    assert rotate(rotations[:, FEET], np.array([0, 0, 1.0]))[..., 2].min() > 0.999
    assert jolt(BODY, trajectory) < 3


def test_sits_on_the_seat() -> None:
    moved = puppet()
    moved.sit_down(0.45)
    assert moved.last.root[2] == pytest.approx(0.45 + buttocks(BODY))
    assert [SEGMENT_NAMES[strike.segment] for strike in moved.strikes] == ["pelvis"]
    moved.stand_up(1.5)
    assert moved.last.root[2] == pytest.approx(moved.stand.height * 1.65)


def test_swing_returns_its_extremes() -> None:
    moved = puppet()
    moved.hold(0.5)
    times = moved.swing({"right elbow flexion": 0.4}, 2.0, 3.0)
    elbow = moved.trajectory().angles[:, [hinge.name for hinge in HINGES].index("right elbow flexion")]
    assert len(times) == pytest.approx(6, abs=1)
    assert np.all(elbow[np.round(times[1:-1] * SIM_RATE).astype(int)] > np.percentile(elbow, 75))


@pytest.mark.parametrize("posture", [LIE_BACK, LIE_LEFT, LIE_RIGHT, LIE_FRONT, KNEEL, HANDS_AND_KNEES])
def test_gets_up_from_anywhere(posture: object) -> None:
    rng = np.random.default_rng(3)
    body = make_body(draw_person("b", rng))
    start = Puppet(body, rng, (1.0, 2.0), 0.7, posture=posture).now()  # type: ignore[arg-type]
    assert lowest_point(body, start)[0] == pytest.approx(0.0, abs=1e-9)
    up = get_up(body, rng, start.root[0], start.rotation[0], start.angles[0])
    assert np.allclose(up.root[0], start.root[0], atol=0.01) and np.allclose(up.angles[0], start.angles[0], atol=0.05)
    assert lowest_point(body, up).min() > -0.03
    assert up.root[-1, 2] > 0.5 * body.person.height
    assert abs(rotate(up.rotation[-1], np.array([0, 0, 1.0]))[2]) > 0.99
    assert jolt(body, up) < 5


def test_lies_down_on_a_bed() -> None:
    moved = puppet()
    moved.sit_down(0.5)
    heading = moved.heading
    moved.lie_down(0.5, "right")
    up = rotate(moved.last.rotation, np.array([0, 0, 1.0]))
    assert up[2] == pytest.approx(0, abs=1e-6)
    assert np.arctan2(up[1], up[0]) == pytest.approx(heading - np.pi / 2)  # the head is to the right
    assert heading_of(moved.last.rotation) == pytest.approx(heading + np.pi / 2)
    assert lowest_point(BODY, moved.now())[0] > 0.4
