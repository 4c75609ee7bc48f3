"""Exercise goes down and comes up again, on the spot, and people of any age do only what they can."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.acts.daily import DAILY_ACTIVITIES
from featherfall.sim.world.body import SEGMENT_NAMES, draw_person, make_body
from featherfall.sim.world.motion import SIM_RATE, forward_kinematics

Parts = dict[str, np.ndarray]


def heights(name: str, seed: int, age: float = 30) -> Parts:
    """Return the places (T, 3) of every segment, in statures."""
    rng = np.random.default_rng([seed, 3])
    body = make_body(draw_person("a", rng, age))
    positions, _ = forward_kinematics(body, DAILY_ACTIVITIES[name](body, rng).trajectory)
    return {part: positions[:, index] / body.person.height for index, part in enumerate(SEGMENT_NAMES)}


def times_down(pelvis: np.ndarray, low: float) -> int:
    """Return how often the pelvis goes below `low`."""
    return int((np.diff((pelvis[:, 2] < low).astype(int)) == 1).sum())


@pytest.mark.parametrize("age", [25, 80])
def test_squats_repeat_with_both_feet_in_their_place(age: float) -> None:
    depths = []
    for seed in range(6):
        parts = heights("squats", seed, age)
        lowest = float(parts["pelvis"][:, 2].min())
        depths.append(lowest)
        assert 0.18 < lowest < 0.44
        assert 2 <= times_down(parts["pelvis"], lowest + 0.05) <= 7
        assert parts["pelvis"][-1, 2] > 0.49  # stands in the end
        for foot in ("right foot", "left foot"):
            assert np.ptp(parts[foot], axis=0).max() < 0.03
        for hand in ("right hand", "left hand"):
            assert parts[hand][:, 2].min() > -0.01
    assert max(depths) - min(depths) > 0.05  # shallow and deep


def test_arms_held_forward_stay_level_in_a_squat() -> None:
    level = []
    for seed in range(12):
        parts = heights("squats", seed)
        bottom = int(parts["pelvis"][:, 2].argmin())
        level.append(float(parts["right hand"][bottom, 2] - parts["right upper arm"][bottom, 2]))
    assert min(level) > -0.3  # the hand against the shoulder: none reaches for the floor
    assert max(level) > -0.1


def test_lunges_put_either_foot_forward_and_bring_it_back() -> None:
    ahead = []
    for seed in range(4):
        parts = heights("lunges", seed)
        apart = np.linalg.norm((parts["right foot"] - parts["left foot"])[:, :2], axis=1)
        assert apart.max() > 0.3 and apart[-1] < 0.2
        assert parts["pelvis"][:, 2].min() < 0.42 and parts["pelvis"][-1, 2] > 0.49
        ahead.append({foot for foot in ("right foot", "left foot") if np.ptp(parts[foot][:, :2], axis=0).max() > 0.2})
    assert {"right foot", "left foot"} in ahead


def test_elders_do_no_push_ups() -> None:
    assert min(float(heights("exercise", seed, 30)["chest"][:, 2].min()) for seed in range(8)) < 0.33
    assert min(float(heights("exercise", seed, 80)["pelvis"][:, 2].min()) for seed in range(8)) > 0.4


def test_squats_are_slow_or_fast() -> None:
    speeds = [float(np.abs(np.diff(heights("squats", seed)["pelvis"][:, 2])).max() * SIM_RATE) for seed in range(8)]
    assert min(speeds) < 0.45 < max(speeds)
