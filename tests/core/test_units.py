from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.units import GRAVITY_UNITS, quantity, to_internal


@pytest.mark.parametrize(
    ("value", "unit", "inside", "name"),
    [
        (9.80665, "m/s2", 1.0, "g"),
        (1000.0, "mg", 1.0, "g"),
        (np.pi, "rad/s", 180.0, "deg/s"),
        (1500.0, "mm", 1.5, "m"),
        (0.5, "quaternion", 0.5, "quaternion"),
    ],
)
def test_conversion(value: float, unit: str, inside: float, name: str) -> None:
    converted, found = to_internal(np.full((2, 3), value), unit)
    assert found == name
    assert converted.dtype == np.float32
    np.testing.assert_allclose(converted, inside, rtol=1e-6)


def test_unknown_unit_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match=r"unknown unit 'm/s\^2'; did you mean 'm/s2'"):
        quantity("m/s^2")
    with pytest.raises(UserError, match=r"unknown unit 'furlong'; known: g, mg"):
        quantity("furlong")


def test_gravity_in_every_unit_of_acceleration() -> None:
    assert pytest.approx({"g": 1.0, "mg": 1000.0, "m/s2": 9.80665}) == GRAVITY_UNITS
