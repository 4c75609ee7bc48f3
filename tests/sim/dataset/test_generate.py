import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall import sim
from featherfall.core.errors import UserError
from featherfall.sim.dataset.generate import (
    DEFAULT_FALL_SHARE,
    MOTION_STREAM,
    SENSOR_STREAM,
    Plan,
    daily_activities,
    fall_activities,
    make_plan,
    make_subjects,
    simulate_item,
)
from featherfall.sim.world.body import SimulatedPerson


def plan(subjects: int = 3, seed: int = 0, share: float = 0.4) -> Plan:
    return Plan(subjects, 60.0, seed, ("walk", "sit", "reach"), ("trip", "slip"), share)


@given(share=st.floats(0, 1), seed=st.integers(0, 1000), count=st.integers(1, 60))
def test_falls_have_their_share_at_any_length(share: float, seed: int, count: int) -> None:
    subject = make_subjects(plan(1, seed, share))[0]
    fallen = sum(subject.item(index).activity in ("trip", "slip") for index in range(count))
    assert abs(fallen - share * count) <= 1


@given(st.integers(0, 1000))
def test_every_activity_has_its_turn_before_one_comes_again(seed: int) -> None:
    items = [make_subjects(plan(seed=seed))[1].item(index) for index in range(25)]
    assert len({item.id for item in items}) == 25
    for names in (("walk", "sit", "reach"), ("trip", "slip")):
        done = [item for item in items if item.activity in names]
        for turn in range(len(done) // len(names)):
            part = done[turn * len(names) : (turn + 1) * len(names)]
            assert {item.activity for item in part} == set(names)
            assert {item.trial for item in part} == {turn + 1}


def test_a_person_does_not_depend_on_how_many_others_there_are() -> None:
    few, many = make_subjects(plan(2)), make_subjects(plan(5))
    assert [one.person for one in few] == [one.person for one in many[:2]]
    assert [few[1].item(i) for i in range(9)] == [many[1].item(i) for i in range(9)]
    assert len({one.person for one in many}) == 5
    assert many[0].person != make_subjects(plan(5, seed=1))[0].person


def test_chance_differs_between_recordings_and_purposes_and_repeats() -> None:
    people = make_subjects(plan())
    items = [people[0].item(0), people[0].item(1), people[1].item(0)]
    draws = {float(item.rng(purpose).random()) for item in items for purpose in (MOTION_STREAM, SENSOR_STREAM)}
    assert len(draws) == 6
    assert items[0].rng(SENSOR_STREAM).random() == people[0].item(0).rng(SENSOR_STREAM).random()
    assert items[0].habit().random() == items[1].habit().random() != items[2].habit().random()


def test_hours_are_those_of_all_people_together() -> None:
    made = make_plan(subjects=20, hours=1.0)
    assert made.seconds == 180
    assert made.share == DEFAULT_FALL_SHARE
    assert made.daily == tuple(daily_activities()) and made.falls == tuple(fall_activities())


def test_activities_decide_the_share_where_only_one_is_possible() -> None:
    fall, quiet = next(iter(fall_activities())), next(iter(daily_activities()))
    assert make_plan(1, 1, activities=[fall]).share == 1
    assert make_plan(1, 1, activities=[quiet]).share == 0
    assert make_plan(1, 1, activities=[quiet, fall]).share == DEFAULT_FALL_SHARE
    assert make_plan(1, 1, share=0.0).share == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"subjects": 0}, "--subjects 0: nobody to simulate; give at least 1"),
        ({"hours": 0.0}, "--hours 0: nothing to simulate"),
        ({"hours": -2.0}, "--hours -2"),
        ({"hours": float("nan")}, "--hours nan"),
        ({"hours": float("inf")}, "--hours inf"),
        ({"seed": -1}, "--seed -1"),
        ({"share": 1.5}, "--falls 1.5"),
        ({"activities": ["tripp"]}, "unknown activity 'tripp'; did you mean 'trip'?"),
        ({"activities": ["trip"], "share": 0.5}, "all of the activities are falls"),
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as caught:
        make_plan(**({"subjects": 2, "hours": 1.0} | wrong))  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_same_item_gives_the_same_motion(share: float) -> None:
    subject = make_subjects(make_plan(2, 1.0, seed=3, share=share))[1]
    first, again, other = simulate_item(subject.item(0)), simulate_item(subject.item(0)), simulate_item(subject.item(1))
    np.testing.assert_array_equal(first.positions, again.positions)
    np.testing.assert_array_equal(first.rotations, again.rotations)
    assert first.fall == again.fall
    assert (first.fall is not None) is bool(share)
    assert first.positions.shape != other.positions.shape or not np.array_equal(first.positions, other.positions)


def test_public_face() -> None:
    assert sim.__all__ == ["activities", "simulate"]
    names = sim.activities()
    assert names["trip"] is True and set(names) == {*daily_activities(), *fall_activities()}
    person = SimulatedPerson("Ann", "female", 70.0, 1.6, 60.0)
    motion = sim.simulate("trip", person, seed=2)
    assert motion.body.person == person
    assert motion.fall is not None
    np.testing.assert_array_equal(motion.positions, sim.simulate("trip", person, seed=2).positions)
    with pytest.raises(UserError, match="did you mean 'trip'"):
        sim.simulate("tripp")
    with pytest.raises(UserError, match="seed -1"):
        sim.simulate("trip", seed=-1)


def test_import_is_light() -> None:
    code = "import sys, featherfall.sim; print([m for m in ('torch', 'scipy', 'mujoco', 'av', 'PIL', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
