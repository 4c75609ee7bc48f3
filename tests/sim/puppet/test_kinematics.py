from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from featherfall.sim.puppet.kinematics import (
    LEG_HINGES,
    band_noise,
    bump,
    ease,
    heading_of,
    hinge_angles,
    leg_angles,
    lowest_point,
    pelvis_orientation,
    quintic,
    slerp,
)
from featherfall.sim.world.body import HINGE_INDEX, SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import Trajectory, forward_kinematics

BODY = make_body(SimulatedPerson("a", "male", 30, 1.75, 72))
FEET = [SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left foot")]


def test_ease_and_bump() -> None:
    u = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    assert ease(u).tolist() == [0, 0, 0.5, 1, 1]
    assert bump(u).tolist() == [0, 0, 1, 0, 0]


def test_quintic_meets_both_ends() -> None:
    start, end = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -5.0])
    u = np.linspace(0, 1, 20001)
    curve = quintic(u, start, end, 2.0)
    step = 2.0 / 20000
    speed = np.diff(curve) / step
    assert curve[[0, -1]] == pytest.approx([1.0, 0.5])
    assert speed[[0, -1]] == pytest.approx([-2.0, 4.0], abs=2e-3)
    assert (np.diff(speed) / step)[[0, -1]] == pytest.approx([3.0, -5.0], abs=2e-2)


def test_between_takes_the_short_way_at_an_even_rate() -> None:
    turned = slerp(pelvis_orientation(0.0), -pelvis_orientation(1.0), np.array([0.0, 0.5, 1.0]))
    assert [heading_of(q) for q in turned] == pytest.approx([0.0, 0.5, 1.0])


@given(
    st.floats(-3.1, 3.1),
    st.sampled_from([(0.0, 0.0), (0.6, 0.0), (-np.pi / 2, 0.0), (-np.pi / 2, np.pi / 2), (np.pi / 2, 0.0), (1.45, 0.0)]),
)
def test_heading_of_orientation(heading: float, way: tuple[float, float]) -> None:
    assert heading_of(pelvis_orientation(heading, *way)) == pytest.approx(heading, abs=1e-9)


@given(
    hnp.arrays(np.float64, (2, 6), elements=st.floats(0, 1)),
    st.floats(-3, 3),
    st.floats(-0.5, 1.2),
)
def test_legs_find_their_feet(shares: np.ndarray, heading: float, pitch: float) -> None:
    low, high = np.array([-0.3, -0.2, -0.4, 0.3, -0.5, 0.0]), np.array([1.4, 0.4, 0.4, 2.0, 0.4, 0.0])
    angles = np.zeros((1, 36))
    angles[:, LEG_HINGES] = low + shares * (high - low)
    root, turn = np.array([[0.3, -0.2, 0.8]]), pelvis_orientation(heading, pitch)[None]
    positions, rotations = forward_kinematics(BODY, Trajectory(root, turn, angles))
    found = leg_angles(BODY, root, turn, positions[:, FEET], rotations[:, FEET])
    assert np.allclose(found, angles[:, LEG_HINGES], atol=0.01)


def test_a_foot_out_of_reach_is_drawn_in() -> None:
    root, turn = np.array([[0.0, 0.0, 1.2]]), pelvis_orientation(0.0)[None]
    ankles = np.array([[[0.0, -0.09, 0.07], [0.0, 0.09, 0.07]]])
    found = leg_angles(BODY, root, turn, ankles, np.repeat(turn[:, None], 2, axis=1))
    assert np.all(np.abs(found) < 0.05)


def test_lowest_of_a_standing_body_is_the_sole() -> None:
    root = np.array([[0.0, 0.0, 0.530 * 1.75]])
    assert lowest_point(BODY, Trajectory(root, pelvis_orientation(0.0)[None], np.zeros((1, 36))))[0] == pytest.approx(0.0, abs=1e-9)


def test_names_without_a_side_mean_both() -> None:
    found = hinge_angles({"left elbow flexion": 1.0, "elbow flexion": 0.5})
    assert found == {HINGE_INDEX["right elbow flexion"]: 0.5, HINGE_INDEX["left elbow flexion"]: 1.0}


def test_band_noise_keeps_its_band() -> None:
    noise = band_noise(np.random.default_rng(0), 4096, 8, 1.0, 9.0, 200.0, 0.0)
    power = np.abs(np.fft.rfft(noise, axis=0)) ** 2
    frequency = np.fft.rfftfreq(4096, 1 / 200)
    assert noise.std() == pytest.approx(1.0, rel=0.1)
    assert power[frequency > 9.5].sum() < 0.02 * power.sum()
