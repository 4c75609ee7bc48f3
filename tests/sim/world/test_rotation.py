"""Quaternions against hand-computed turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.sim.world.rotation import angular_velocity, conjugate, from_axis_angle, matrices, multiply, rotate

X, Y, Z = np.eye(3)
angle = st.floats(-3.0, 3.0)


def test_a_quarter_turn_about_z_takes_x_to_y() -> None:
    np.testing.assert_allclose(rotate(from_axis_angle((0, 0, 1), np.pi / 2), X), Y, atol=1e-12)


def test_the_product_turns_by_the_right_one_first() -> None:
    first, then = from_axis_angle((0, 0, 1), np.pi / 2), from_axis_angle((1, 0, 0), np.pi / 2)
    np.testing.assert_allclose(rotate(multiply(then, first), X), Z, atol=1e-12)  # x -> y -> z


@given(angle, angle, angle)
def test_a_turn_and_its_conjugate_cancel(a: float, b: float, c: float) -> None:
    q = multiply(multiply(from_axis_angle((1, 0, 0), a), from_axis_angle((0, 1, 0), b)), from_axis_angle((0, 0, 1), c))
    v = np.array([0.3, -2.0, 1.0])
    np.testing.assert_allclose(rotate(conjugate(q), rotate(q, v)), v, atol=1e-9)
    assert np.linalg.norm(q) == pytest.approx(1)
    np.testing.assert_allclose(matrices(q) @ v, rotate(q, v), atol=1e-9)


@given(st.floats(-8, 8))
def test_steady_turning_has_its_rate(rate: float) -> None:
    q = from_axis_angle((0, 1, 0), rate * np.arange(20) / 200)
    np.testing.assert_allclose(angular_velocity(q, 200.0), np.tile([0, rate, 0], (20, 1)), atol=1e-6)
