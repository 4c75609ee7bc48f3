"""Measures of simulated people against the published tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.sim.world.body import HINGES, PARENTS, SEGMENT_NAMES, SimulatedPerson, draw_person, make_body


def test_segments_and_hinges() -> None:
    assert len(SEGMENT_NAMES) == 17 and len(HINGES) == 36
    assert all(parent < child or parent == child == 0 for child, parent in enumerate(PARENTS))
    assert all(np.linalg.norm(hinge.axis) == 1 and hinge.low < 0.01 < hinge.high for hinge in HINGES)


def test_hand_computed_measures() -> None:
    body = make_body(SimulatedPerson("P", "male", 30, 1.80, 80.0))
    at = SEGMENT_NAMES.index
    assert body.offsets[0, 2] == pytest.approx(0.530 * 1.80)  # hip height, Drillis & Contini
    assert -body.ends[at("left thigh"), 2] == pytest.approx((0.530 - 0.285) * 1.80)
    assert body.masses[at("right thigh")] == pytest.approx(0.1416 * 80)  # de Leva, men
    assert make_body(SimulatedPerson("P", "female", 30, 1.80, 80.0)).masses[at("right thigh")] == pytest.approx(0.1478 * 80)


@given(st.integers(0, 10_000))
def test_people_are_plausible_and_weigh_what_they_weigh(seed: int) -> None:
    person = draw_person("P", np.random.default_rng(seed))
    assert 18 <= person.age <= 90 and 1.42 <= person.height <= 2.05 and 17 < person.mass / person.height**2 < 41
    body = make_body(person)
    assert body.masses.sum() == pytest.approx(person.mass, rel=0.003)
    top = (
        sum(body.offsets[SEGMENT_NAMES.index(name), 2] for name in ("pelvis", "abdomen", "chest", "neck", "head"))
        + body.ends[SEGMENT_NAMES.index("head"), 2]
    )
    assert top == pytest.approx(person.height, rel=1e-6)


def test_an_age_can_be_asked_for() -> None:
    person = draw_person("P", np.random.default_rng(0), age=81.0)
    assert person.age == 81 and person.elder
