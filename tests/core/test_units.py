from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.units import check_gravity, quantity, to_internal


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


def resting(magnitude: float) -> np.ndarray:
    return np.tile([0.0, magnitude * 0.6, magnitude * 0.8], (50, 1))


@pytest.mark.parametrize("magnitude", [0.92, 1.0, 1.53])
def test_gravity_as_real_sensors_show_it_passes(magnitude: float) -> None:
    check_gravity(resting(magnitude), "a.csv", "g")


@pytest.mark.parametrize(
    ("raw", "stated", "mend"),
    [(9.81, "g", "state the unit as 'm/s2'"), (1.0, "m/s2", "state the unit as 'g'"), (1000.0, "g", "state the unit as 'mg'")],
)
def test_wrong_unit_is_refused_with_the_right_one(raw: float, stated: str, mend: str) -> None:
    values, _ = to_internal(resting(raw), stated)
    with pytest.raises(UserError, match=rf"^a\.csv: .*{mend}"):
        check_gravity(values, "a.csv", stated)


def test_linear_acceleration_and_nonsense_are_refused() -> None:
    with pytest.raises(UserError, match="gravity is missing; give the raw accelerometer"):
        check_gravity(resting(0.05), "a.csv", "g")
    with pytest.raises(UserError, match="no worn sensor shows; check the unit 'g'"):
        check_gravity(resting(90.0), "a.csv", "g")
