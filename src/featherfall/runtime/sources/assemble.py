"""From a device's readings to the samples that a bundle takes: sensors found by name, gravity added, times where there are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.units import convert_unit, same_quantity
from featherfall.recorders.recorder import Sensor
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.streams import by_input

_FARTHEST = 0.5  # s between a sample and the nearest one of another sensor, as of `recorders.total`: farther apart gravity may have turned
_SLACK = 3.0  # s by which packets without times may come early or late and still follow each other without a gap
RATES = (5.0, 1000.0)  # Hz; worn sensors that can show a fall (10 to 800), and some that are slow
SENSORS: dict[str, Sensor] = {"g": "accelerometer", "deg/s": "gyroscope", "uT": "magnetometer"}  # by the unit of a bundle's input


class Assembler:
    """Makes samples of one device's packets, at the times of the bundle's first input.

    Attributes:
        stated: whether somebody said which unit the first input has: the user or the payload.
    """

    def __init__(self, manifest: Manifest, unit: str | Mapping[str, str] | None = None, name: str = "the device") -> None:
        """Arguments:
        unit: of the samples, or units by input, which the user states.
        name: of the device, for messages.
        """
        self._manifest, self._name = manifest, name
        self._units: dict[str, str] = by_input("unit", unit, manifest.inputs)
        self.stated = manifest.inputs[0].name in self._units
        self._end: float | None = None  # of the samples without times: when the next one is due, s
        self._held: dict[str, tuple[float, np.ndarray]] = {}  # last sample of sensors that are read beside others

    def restate(self, unit: str) -> None:
        """Take the first input's samples in another unit from now on."""
        self._units[self._manifest.inputs[0].name] = unit

    def take(self, packet: Packet) -> Iterator[Samples]:
        """Yield the samples of a packet: one `Samples`, or none where it has nothing of the first input's sensor.

        Raises: `UserError`, one line, for a sensor that is missing, a unit of something else, and an impossible rate.
        """
        readings: dict[str, Reading] = {one.sensor: one for one in packet.readings if len(one.values)}
        if not readings:
            return
        first, *others = self._manifest.inputs
        base = self._reading(first, readings, packet.received)
        if base is None:
            return
        assert base.times is not None
        keep: np.ndarray | None = None
        if others or base.sensor not in readings:
            keep = np.isfinite(base.values).all(axis=1)
        values, units = {first.name: base.values}, {first.name: self._unit(first, base)}
        for need in others:
            other = self._reading(need, readings, packet.received)
            if other is None:
                raise UserError(f"{self._name} gives no {need.name}, which the model needs; switch it on, or choose another model")
            values[need.name] = self._beside(base.times, other)
            units[need.name] = self._unit(need, other)
            keep = keep & np.isfinite(values[need.name]).all(axis=1)
        if keep is None:
            yield Samples(base.times, values, units)
        else:
            yield Samples(base.times[keep], {name: one[keep] for name, one in values.items()}, units)

    def _reading(self, need: Input, readings: Mapping[str, Reading], received: float) -> Reading | None:
        sensor = SENSORS.get(need.unit)
        if sensor is not None and sensor in readings:
            return self._timed(readings[sensor], received)
        if sensor == "accelerometer" and "linear acceleration" in readings:
            if "gravity" not in readings and "gravity" not in self._held:
                raise UserError(
                    f"{self._name}: gravity is missing, the app sends acceleration without it; switch on its sensor Gravity, too"
                )
            return self._total(self._timed(readings["linear acceleration"], received), readings.get("gravity"))
        return None

    def _unit(self, need: Input, reading: Reading) -> str:
        unit = self._units.get(need.name) or reading.unit
        if need is self._manifest.inputs[0] and unit:
            self.stated = True
        unit = unit or need.unit
        if not same_quantity(unit, need.unit):
            raise UserError(f"{self._name}: {need.name} is in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
        return unit

    def _timed(self, reading: Reading, received: float) -> Reading:
        """Return a reading with times: its own, or those of its rate up to when it came."""
        count = len(reading.values)
        if reading.times is not None:
            if count > 2:
                _refuse_rate(self._name, reading.times)
            return reading
        if not RATES[0] <= reading.rate <= RATES[1]:
            raise UserError(f"{self._name}: {reading.rate:g} samples a second, which no worn sensor gives; correct the rate")
        start = received - count / reading.rate
        if self._end is not None and abs(start - self._end) < _SLACK:
            start = self._end
        self._end = start + count / reading.rate
        return Reading(reading.sensor, start + np.arange(count) / reading.rate, reading.values, reading.unit)

    def _total(self, linear: Reading, gravity: Reading | None) -> Reading:
        """Return acceleration with gravity; both are of one system, so that their signs belong together."""
        assert linear.times is not None
        unit = linear.unit or (gravity.unit if gravity is not None else None)
        if gravity is not None and gravity.unit and unit and gravity.unit != unit:
            gravity = Reading("gravity", gravity.times, convert_unit(gravity.values, gravity.unit, unit), unit)
        beside = self._beside(linear.times, gravity or Reading("gravity", np.zeros(0), np.zeros((0, 3)), unit))
        return Reading("accelerometer", linear.times, linear.values + beside, unit)

    def _beside(self, times: np.ndarray, other: Reading) -> np.ndarray:
        """Return another sensor's values, (N, 3), at the times; NaN where its nearest sample is far."""
        at, values = other.times, other.values
        assert at is not None
        if other.sensor in self._held:
            before, value = self._held[other.sensor]
            at, values = np.concatenate([[before], at]), np.concatenate([[value], values])
        order = np.argsort(at, kind="stable")
        at, values = at[order], values[order]
        self._held[other.sensor] = float(at[-1]), values[-1]
        out = np.stack([np.interp(times, at, column) for column in values.T], axis=1)
        right = np.clip(np.searchsorted(at, times), 0, len(at) - 1)
        nearest = np.minimum(np.abs(at[right] - times), np.abs(at[np.maximum(right - 1, 0)] - times))
        out[nearest > _FARTHEST] = np.nan
        return out


def _refuse_rate(name: str, times: np.ndarray) -> None:
    """Refuse (N,) times whose rate is no worn sensor's; packets whose samples share one stamp say nothing of it."""
    span = abs(float(times[-1] - times[0]))
    rate = (len(times) - 1) / span if span > 0 else 0.0
    if np.isfinite(rate) and rate > RATES[1]:
        raise UserError(f"{name}: {rate:,.0f} samples a second, which no worn sensor gives; check the unit of its times")
    if 0 < rate < 1 / 3600 and len(times) > 16:
        raise UserError(f"{name}: {3600 * rate:.2g} samples an hour, which no worn sensor gives; check the unit of its times")
