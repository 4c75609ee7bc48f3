from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.acts.daily import DAILY_ACTIVITIES
from featherfall.sim.puppet.kinematics import lowest_point
from featherfall.sim.world.body import HINGES, SEGMENT_NAMES, draw_person, make_body
from featherfall.sim.world.motion import SIM_RATE, forward_kinematics

LOW, HIGH = np.array([hinge.low for hinge in HINGES]), np.array([hinge.high for hinge in HINGES])
ARMS = [SEGMENT_NAMES.index(name) for name in ("pelvis", "head", "right hand", "left hand")]


@pytest.mark.parametrize("name", DAILY_ACTIVITIES)
@pytest.mark.parametrize("age", [25, 82])
def test_is_what_a_body_can_do(name: str, age: int) -> None:
    rng = np.random.default_rng([age, len(name)])
    body = make_body(draw_person("a", rng, age))
    act = DAILY_ACTIVITIES[name](body, rng)
    trajectory = act.trajectory
    seconds = (len(trajectory) - 1) / SIM_RATE
    assert 5 <= seconds <= 18
    assert act.physics is None
    assert all(0 <= strike.time <= seconds for strike in act.strikes)
    assert [strike.time for strike in act.strikes] == sorted(strike.time for strike in act.strikes)
    assert np.abs(trajectory.root[:, :2]).max() < 3.6
    assert np.allclose(np.linalg.norm(trajectory.rotation, axis=1), 1)
    assert np.all(trajectory.angles > LOW - 0.5) and np.all(trajectory.angles < HIGH + 0.5)
    # the hands may brush the floor in a crouch; nothing else sinks in
    others = tuple(index for index, segment in enumerate(SEGMENT_NAMES) if "hand" not in segment)
    assert lowest_point(body, trajectory, others).min() > -0.025
    positions, _ = forward_kinematics(body, trajectory)
    acceleration = np.diff(positions, 2, axis=0) * SIM_RATE**2
    assert np.abs(acceleration[:, ARMS]).max() < 90
    assert np.abs(np.diff(acceleration[:, ARMS], axis=0)).max() < 30  # smooth


def test_every_time_is_another() -> None:
    body = make_body(draw_person("a", np.random.default_rng(0), 30))
    one, two, again = (DAILY_ACTIVITIES["sit down"](body, np.random.default_rng(seed)) for seed in (0, 1, 0))
    assert np.array_equal(one.trajectory.angles, again.trajectory.angles)
    assert len(one.trajectory) != len(two.trajectory) or not np.array_equal(one.trajectory.angles, two.trajectory.angles)


@pytest.mark.parametrize(
    ("name", "boxes"), [("sit down", {"seat", "backrest"}), ("lie down", {"mattress"}), ("stairs up", {"step"}), ("hit a table", {"table"})]
)
def test_furniture_is_at_hand(name: str, boxes: set[str]) -> None:
    rng = np.random.default_rng(0)
    act = DAILY_ACTIVITIES[name](make_body(draw_person("a", rng, 40)), rng)
    assert boxes <= {box.name for box in act.scene.boxes}


def test_old_people_walk_slower() -> None:
    def speed(age: float) -> float:
        found = []
        for seed in range(4):
            rng = np.random.default_rng(seed)
            root = DAILY_ACTIVITIES["walk"](make_body(draw_person("a", rng, age)), rng).trajectory.root
            found.append(np.percentile(np.linalg.norm(np.diff(root[:, :2], axis=0), axis=1), 80) * SIM_RATE)
        return float(np.mean(found))

    assert speed(88) < 0.85 * speed(25)


def test_either_hand_hits_the_table() -> None:
    hands = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        act = DAILY_ACTIVITIES["hit a table"](make_body(draw_person("a", rng, 40)), rng)
        hands.add(frozenset(SEGMENT_NAMES[strike.segment] for strike in act.strikes))
    assert hands == {frozenset({"right hand"}), frozenset({"left hand"}), frozenset({"right hand", "left hand"})}
