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


# unit of acceleration -> gravity in it
GRAVITY_UNITS = {unit: 1.0 / factor for unit, (kind, factor) in _UNITS.items() if kind == "acceleration"}


def quantity(unit: str) -> str:
    """Return the quantity that a unit measures; raises `UserError` with a suggestion when the unit is unknown."""
    if unit not in _UNITS:
        near = difflib.get_close_matches(unit, _UNITS, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(_UNITS)}"
        raise UserError(f"unknown unit {unit!r}{hint}")
    return _UNITS[unit][0]


LARGEST = 1e15


def bounded(values: np.ndarray) -> np.ndarray:
    """Return values of any shape, those beyond `LARGEST` as `LARGEST`: no sensor gives them in any unit, and their squares overflow."""
    return np.asarray(np.minimum(np.maximum(values, -LARGEST), LARGEST))  # as `np.clip`, in half the time for the few values of a packet


def to_internal(values: np.ndarray, unit: str) -> tuple[np.ndarray, str]:
    """Convert to the internal unit of the same quantity.

    Arguments:
        values: any shape, numbers in `unit`.
    Returns: float32 values of the same shape, and the name of their unit ("g", "deg/s", "m", ...); `bounded`.
    """
    inside = INTERNAL_UNITS[quantity(unit)]
    return np.asarray(bounded(values) * _UNITS[unit][1], dtype=np.float32), inside


def same_quantity(first: str, second: str) -> bool:
    """Return whether two units measure the same; False where one of them is unknown."""
    return first in _UNITS and second in _UNITS and _UNITS[first][0] == _UNITS[second][0]


def convert_unit(values: np.ndarray, unit: str, to: str) -> np.ndarray:
    """Return float32 values in another unit of the same quantity."""
    assert same_quantity(unit, to)
    return np.asarray(values * (_UNITS[unit][1] / _UNITS[to][1]), dtype=np.float32)
