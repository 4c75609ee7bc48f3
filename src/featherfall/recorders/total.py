"""Acceleration with gravity from what a file has instead: acceleration without gravity, and gravity or the orientation beside it.

Phones tell the two apart: what the accelerometer measures is their sum. Both must come from one system, because their signs belong
together: a device that lies on its back measures +1 g on z under Android and (0, 0, -1) g under iOS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from featherfall.core.placement import place_of
from featherfall.core.units import GRAVITY_UNITS
from featherfall.recorders.readings import changed
from featherfall.recorders.recorder import Block, SensorFile, Series

_FARTHEST = 0.5  # s between a sample and the nearest one of gravity; farther apart gravity may have turned
_HELD = 1 << 20  # samples of gravity that are held while times of acceleration are looked for among them


def with_total(found: SensorFile) -> SensorFile:
    """Return a file with an accelerometer added wherever there is only acceleration without gravity and something to add gravity from."""
    added = [total for series in found.series if (total := _total(series, found.series)) is not None]
    return replace(found, series=(*found.series, *added)) if added else found


def total_acceleration(linear: Series, gravity: Series) -> Series:
    """Return the sum of acceleration without gravity and gravity, at the times of the acceleration, in its unit.

    Gravity is read at the same rows where both have the same times, else interpolated. Where it is more than half a second away, the sum is
    missing (NaN).
    """
    factor = GRAVITY_UNITS.get(linear.unit or "", 1.0) / GRAVITY_UNITS.get(gravity.unit or "", 1.0) if linear.unit and gravity.unit else 1.0

    def blocks() -> Iterator[Block]:
        beside = _Beside(gravity.blocks())
        for block in linear.blocks():
            yield replace(block, values=block.values + factor * beside.at(block.times))

    return replace(
        linear,
        sensor="accelerometer",
        unit=linear.unit or gravity.unit,
        blocks=blocks,
        made_of="acceleration without gravity + gravity",
        remarks=lambda: tuple(dict.fromkeys((*linear.remarks(), *gravity.remarks()))),
    )


def gravity_of_orientation(orientation: Series, unit: str) -> Series:
    """Return gravity as a sensor measures it, from its orientation: an Android rotation vector, or any quaternion from sensor to Earth.

    Arguments:
        orientation: with the channels w, x, y, z in any order; the Earth's z points up.
        unit: of acceleration, of the result.
    """
    order = [orientation.channels.index(channel) for channel in ("w", "x", "y", "z")]
    size = GRAVITY_UNITS[unit]

    def gravity(block: Block) -> Block:
        quaternion = block.values[:, order]
        return replace(block, values=to_sensor(quaternion, np.tile([0.0, 0.0, size], (len(quaternion), 1))))

    return changed(orientation, gravity, sensor="gravity", channels=("x", "y", "z"), unit=unit)


def to_sensor(quaternion: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return vectors of the Earth's frame in the sensor's.

    Arguments:
        quaternion: (N, 4) w, x, y, z, from the sensor's frame to the Earth's; need not be of length 1.
        vectors: (N, 3).
    Returns: (N, 3); NaN where a quaternion has no length.
    """
    length = np.linalg.norm(quaternion, axis=1, keepdims=True)
    unit = quaternion / np.where(length > 0, length, np.nan)
    w, u = unit[:, :1], unit[:, 1:]  # turning back is turning by the conjugate
    across = np.cross(u, vectors)
    return np.asarray(vectors - 2 * w * across + 2 * np.cross(u, across))


def _total(linear: Series, series: tuple[Series, ...]) -> Series | None:
    """Return the total for acceleration without gravity; None where it is there already, or cannot be made."""
    if linear.sensor != "linear acceleration" or len(linear.channels) != 3 or linear.unit == "count":
        return None
    place = place_of(linear.placement)
    beside = [one for one in series if place_of(one.placement) == place]
    if any(one.sensor == "accelerometer" for one in beside):
        return None
    gravity = next((one for one in beside if one.sensor == "gravity" and one.channels == linear.channels and one.unit != "count"), None)
    if gravity is not None:
        return total_acceleration(linear, gravity)
    turned = next((one for one in beside if one.sensor == "orientation" and set(one.channels) == {"w", "x", "y", "z"}), None)
    if turned is None or linear.unit not in GRAVITY_UNITS or linear.channels != ("x", "y", "z"):
        return None
    made = total_acceleration(linear, gravity_of_orientation(turned, linear.unit))
    return replace(made, made_of="acceleration without gravity + gravity by the orientation")


class _Beside:
    """Reads a series at the times of another, in bounded memory."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._times, self._values = np.zeros(0), np.zeros((0, 3))
        self._in_step = True  # all times so far were the same, row by row

    def at(self, times: np.ndarray) -> np.ndarray:
        """Return (N, 3) at (N,) times; NaN where there is nothing near."""
        count = len(times)
        while self._in_step and len(self._times) < count and self._more():
            pass
        if self._in_step and len(self._times) >= count and np.array_equal(self._times[:count], times, equal_nan=True):
            values = self._values[:count]
            self._times, self._values = self._times[count:], self._values[count:]
            return values
        self._in_step = False
        return self._interpolated(times)

    def _interpolated(self, times: np.ndarray) -> np.ndarray:
        known = times[np.isfinite(times)]
        if not len(known):
            return np.full((len(times), 3), np.nan)
        while (not len(self._times) or self._times[-1] < known.max() + _FARTHEST) and len(self._times) < _HELD and self._more():
            pass
        whole = np.isfinite(self._values).all(axis=1) & np.isfinite(self._times)
        stamps, values = self._times[whole], self._values[whole]
        order = np.argsort(stamps, kind="stable")
        stamps, values = stamps[order], values[order]
        if not len(stamps):
            return np.full((len(times), 3), np.nan)
        found = np.stack([np.interp(times, stamps, axis) for axis in values.T], axis=1)
        after = np.clip(np.searchsorted(stamps, times), 1, max(len(stamps) - 1, 1))
        near = np.minimum(np.abs(times - stamps[after - 1]), np.abs(times - stamps[np.minimum(after, len(stamps) - 1)]))
        found[~(near <= _FARTHEST)] = np.nan
        old = self._times < known.min() - 2 * _FARTHEST
        self._times, self._values = self._times[~old], self._values[~old]
        return found

    def _more(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self._times = np.concatenate([self._times, block.times])
        self._values = np.concatenate([self._values, block.values])
        return True
