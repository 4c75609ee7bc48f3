"""Units of sensors: values are stored in g, deg/s, metres, microtesla or plain numbers."""

from __future__ import annotations

import difflib

import numpy as np

from featherfall.core.errors import UserError

STANDARD_GRAVITY = 9.80665  # m/s2, CGPM 1901

# unit -> (quantity, factor to that quantity's unit inside)
_UNITS: dict[str, tuple[str, float]] = {
    "g": ("acceleration", 1.0),
    "mg": ("acceleration", 1e-3),
    "m/s2": ("acceleration", 1.0 / STANDARD_GRAVITY),
    "deg/s": ("angular velocity", 1.0),
    "rad/s": ("angular velocity", 180.0 / np.pi),
    "m": ("position", 1.0),
    "cm": ("position", 1e-2),
    "mm": ("position", 1e-3),
    "uT": ("magnetic field", 1.0),
    "quaternion": ("orientation", 1.0),
    "1": ("number", 1.0),
}
INTERNAL_UNITS = {
    "acceleration": "g",
    "angular velocity": "deg/s",
    "position": "m",
    "magnetic field": "uT",
    "orientation": "quaternion",
    "number": "1",
}


def quantity(unit: str) -> str:
    """Return the quantity that a unit measures; raises `UserError` with a suggestion when the unit is unknown."""
    if unit not in _UNITS:
        near = difflib.get_close_matches(unit, _UNITS, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(_UNITS)}"
        raise UserError(f"unknown unit {unit!r}{hint}")
    return _UNITS[unit][0]


def to_internal(values: np.ndarray, unit: str) -> tuple[np.ndarray, str]:
    """Convert to the internal unit of the same quantity.

    Arguments:
        values: any shape, numbers in `unit`.
    Returns: float32 values of the same shape, and the name of their unit ("g", "deg/s", "m", ...).
    """
    inside = INTERNAL_UNITS[quantity(unit)]
    return np.asarray(values * _UNITS[unit][1], dtype=np.float32), inside


def check_gravity(acceleration_g: np.ndarray, where: str, unit: str) -> None:
    """Raise `UserError` for an accelerometer whose resting magnitude contradicts its stated unit.

    A body-worn accelerometer spends most of its time near 1 g, also while jogging (median magnitude .92-1.53 g over the 2,327 accelerometer
    files of UTD-MHAD, WEDA-FALL and SmartFallMM). A median off by a factor of 9.8 or 1000 means a wrong unit; near zero, gravity was
    removed.

    Arguments:
        acceleration_g: N x 3, in g as converted from `unit`.
        where: file or stream named in the message.
        unit: the unit that was stated.
    """
    middle = float(np.median(np.linalg.norm(acceleration_g, axis=1)))
    if 0.4 <= middle <= 3.5:
        return
    raw = middle / _UNITS[unit][1]
    for other, (kind, factor) in _UNITS.items():
        if kind == "acceleration" and 0.6 <= raw * factor <= 2.5:
            raise UserError(
                f"{where}: the acceleration's median magnitude is {raw:.3g}, which is gravity in {other!r}, not in {unit!r}; "
                f"state the unit as {other!r}"
            )
    if middle < 0.4:
        raise UserError(
            f"{where}: the acceleration's median magnitude is {middle:.3g} g, so gravity is missing; "
            "give the raw accelerometer, not linear acceleration"
        )
    raise UserError(f"{where}: the acceleration's median magnitude is {middle:.3g} g, which no worn sensor shows; check the unit {unit!r}")


def same_quantity(first: str, second: str) -> bool:
    """Return whether two units measure the same; False where one of them is unknown."""
    return first in _UNITS and second in _UNITS and _UNITS[first][0] == _UNITS[second][0]


def convert(values: np.ndarray, unit: str, to: str) -> np.ndarray:
    """Return float32 values in another unit of the same quantity."""
    assert same_quantity(unit, to)
    return np.asarray(values * (_UNITS[unit][1] / _UNITS[to][1]), dtype=np.float32)
