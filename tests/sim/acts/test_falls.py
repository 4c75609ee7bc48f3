"""Every kind of fall brings down people of every build, the way it says."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.acts.falls import FALL_ACTIVITIES
from featherfall.sim.acts.physics import simulate_act
from featherfall.sim.puppet.kinematics import heading_of
from featherfall.sim.world.body import SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE, Motion
from featherfall.sim.world.rotation import rotate

PEOPLE = (
    SimulatedPerson("young", "male", 24, 1.84, 80),
    SimulatedPerson("old", "female", 84, 1.55, 49),
    SimulatedPerson("heavy", "male", 60, 1.70, 115),
)


def fallen(kind: str, person: SimulatedPerson, seed: int) -> Motion:
    rng = np.random.default_rng([seed, 17])
    body = make_body(person)
    return simulate_act(body, FALL_ACTIVITIES[kind](body, rng), rng)


def way(motion: Motion) -> tuple[float, float]:
    """How far the head went to the front and to the left of where the person faced, m, from the onset to the end."""
    assert motion.fall is not None and motion.fall.onset is not None and motion.fall.end is not None
    start, end = round(motion.fall.onset * SIM_RATE), round(motion.fall.end * SIM_RATE)
    gone = motion.positions[end, SEGMENT_NAMES.index("head")] - motion.positions[start, SEGMENT_NAMES.index("head")]
    heading = heading_of(motion.rotations[start, 0])
    return float(gone[0] * np.cos(heading) + gone[1] * np.sin(heading)), float(-gone[0] * np.sin(heading) + gone[1] * np.cos(heading))


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
@pytest.mark.parametrize("kind", FALL_ACTIVITIES)
def test_ends_on_the_floor_in_human_time(kind: str, person: SimulatedPerson) -> None:
    motion = fallen(kind, person, 1)
    fall = motion.fall
    assert fall is not None and fall.onset is not None and fall.impact is not None and fall.end is not None
    slow = kind in ("slow collapse", "slide from a chair")
    assert (1.2 if slow else 0.2) < fall.impact - fall.onset < (5.5 if slow else 3.2)
    assert fall.impact < fall.end <= motion.duration
    trunk = motion.positions[round(fall.end * SIM_RATE), [SEGMENT_NAMES.index(name) for name in ("pelvis", "chest")], 2]
    assert trunk.mean() < 0.25 * person.height
    assert np.isfinite(motion.positions).all() and motion.positions[..., 2].min() > -0.15
    speed = np.linalg.norm(np.diff(motion.positions, axis=0), axis=-1) * SIM_RATE
    assert speed.max() < 12  # a hand that flails reaches 8 m/s; nothing jumps


def test_a_trip_ends_on_the_front_and_a_slip_on_the_back() -> None:
    def front_up(motion: Motion) -> float:
        assert motion.fall is not None and motion.fall.end is not None
        chest = motion.rotations[round(motion.fall.end * SIM_RATE), SEGMENT_NAMES.index("chest")]
        return float(rotate(chest, np.array([1.0, 0.0, 0.0]))[2])

    assert np.median([front_up(fallen("trip", PEOPLE[0], seed)) for seed in range(5)]) < -0.7
    assert np.median([front_up(fallen("slip", PEOPLE[0], seed)) for seed in range(5)]) > 0.7


def test_sideways_goes_to_a_side() -> None:
    for seed in range(3):
        assert abs(way(fallen("sideways", PEOPLE[0], seed))[1]) > 0.4


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_a_slow_collapse_is_on_the_knees_before_the_trunk_is_down(person: SimulatedPerson) -> None:
    motion = fallen("slow collapse", person, 2)
    assert motion.fall is not None and motion.fall.onset is not None and motion.fall.impact is not None
    onset, impact = round(motion.fall.onset * SIM_RATE), round(motion.fall.impact * SIM_RATE)
    knees, pelvis = (motion.positions[:, SEGMENT_NAMES.index(name), 2] / person.height for name in ("right shank", "pelvis"))
    assert pelvis[onset] > 0.49  # stands when it begins
    kneels = onset + int(np.argmax(knees[onset:] < 0.08))
    assert onset < kneels < impact - 0.1 * SIM_RATE
    assert pelvis[kneels] > 0.15


def test_who_slides_from_a_chair_sits_on_the_floor_first() -> None:
    motion = fallen("slide from a chair", PEOPLE[1], 2)
    assert motion.fall is not None and motion.fall.onset is not None and motion.fall.impact is not None
    onset, impact = round(motion.fall.onset * SIM_RATE), round(motion.fall.impact * SIM_RATE)
    pelvis, head = (motion.positions[:, SEGMENT_NAMES.index(name), 2] / PEOPLE[1].height for name in ("pelvis", "head"))
    assert pelvis[onset] > 0.28
    seated = onset + int(np.argmax(pelvis[onset:] < 0.12))
    assert head[seated] > 0.25 and seated < impact


def test_the_same_seed_gives_the_same_fall() -> None:
    first, second = fallen("faint", PEOPLE[1], 5), fallen("faint", PEOPLE[1], 5)
    np.testing.assert_array_equal(first.positions, second.positions)
    assert first.fall == second.fall


def test_some_get_up_again() -> None:
    heights = [fallen("trip", PEOPLE[0], seed).positions[-1, 0, 2] for seed in range(8)]
    assert max(heights) > 0.75 and min(heights) < 0.3
