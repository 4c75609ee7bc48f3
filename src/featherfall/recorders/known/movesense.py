"""Movesense: JSON of the Showcase app and of the logbook: packets with the time of their first sample and several samples.

Layout: test data and API documentation of the Movesense mobile library: `{"acc": {"Timestamp": 599025762, "ArrayAcc": [{"x": 0.31, "y":
-0.31, "z": 9.93}, ...]}}`, in a list, under "data", or one a line; "ArrayGyro" alike. Milliseconds, m/s2, deg/s.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import document, from_arrays, records
from featherfall.recorders.recorder import Sensor, SensorFile, Series

_ARRAYS: tuple[tuple[str, Sensor, str], ...] = (("ArrayAcc", "accelerometer", "m/s2"), ("ArrayGyro", "gyroscope", "deg/s"))


@register("recorder", "movesense", title="Movesense")
def movesense(capture: Capture) -> SensorFile | None:
    """Movesense: JSON of the Showcase app or the logbook."""
    parsed = document(capture, '"ArrayAcc"', '"ArrayGyro"')
    series = [one for key, sensor, unit in _ARRAYS if (one := _series(capture, parsed, key, sensor, unit)) is not None]
    return SensorFile("movesense", "Movesense", tuple(series)) if series else None


def _series(capture: Capture, parsed: Any, key: str, sensor: Sensor, unit: str) -> Series | None:
    packets = [one for one in records(parsed, key) if isinstance(one[key], list) and one[key] and _is_number(one.get("Timestamp"))]
    if not packets:
        return None
    stamps = np.array([float(one["Timestamp"]) / 1e3 for one in packets])
    sizes = np.array([len(one[key]) for one in packets])
    steps = np.diff(stamps) / sizes[:-1]
    good = steps[(steps > 0) & (steps < 1)]
    if not len(good):
        raise UserError(f"{capture.path}: Movesense: a single packet, less than a second; record for longer")
    step = float(np.median(good))
    # Samples of a packet fill the time to the next one; over a gap, and in the last packet, they are as far apart as usual.
    usual = np.append(np.where((steps > 0) & (steps < 2 * step), steps, step), step)
    times = np.concatenate([start + gap * np.arange(size) for start, gap, size in zip(stamps, usual, sizes, strict=True)])
    values = [[sample.get(axis) for axis in "xyz"] if isinstance(sample, dict) else [None] for one in packets for sample in one[key]]
    return from_arrays(sensor, times, values, unit, str(capture.path))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
