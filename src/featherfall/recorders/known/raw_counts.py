"""Counts of an accelerometer's converter, as sketches for Arduino, ESP32 and others print them: whole numbers, hundreds or more for 1 g.

The counts of a g are those of common sensors (data sheets): 16384, 8192, 4096 and 2048 of 16-bit ones at 2, 4, 8 and 16 g (MPU-6050,
LSM6DS3, BMI160, ICM-20948), 1024 and 512 of 12-bit ones (MMA8452Q, LIS3DH), 256 of the ADXL345, 1000 where a library gives mg.
"""

from __future__ import annotations

import re
from dataclasses import replace

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import at_rest, axes, near, tables, unit_of
from featherfall.recorders.recorder import SensorFile, Series

_A_G = (16384.0, 8192.0, 4096.0, 2048.0, 1024.0, 1000.0, 512.0, 256.0)
_OFF = 0.1  # share by which an uncalibrated sensor is off; the steps between ranges are factors of 2
_LEAST = 200  # counts at rest: above the 9.8 of m/s2, and above what an activity count or a heart rate could be taken for
_NAMES = tuple(axes(pattern, "XYZ") for pattern in ("{}", "a{}", "ac{}", "acc{}", "accel{}", "acceleration{}", "accelerometer{}", "raw{}"))
_WHOLE = re.compile(r"[-+]?\d{1,7}(\.0*)?")
_TIMES = re.compile(r"time.*|t|millis.*|micros.*|ms|us|.*timestamp", re.IGNORECASE)


@register("recorder", "raw-counts", title="raw counts", rank=1)
def raw_counts(capture: Capture) -> SensorFile | None:
    """Raw counts of a converter (Arduino, ESP32, ...): the counts of a g are found at rest, or asked for."""
    for table in tables(capture):
        series = _series(table)
        rest = at_rest(series) if series else None
        if series is None or rest is None:
            continue
        a_g = min((one for one in _A_G if near(rest, one, _OFF)), key=lambda one: abs(one - rest), default=None)
        if a_g is None:
            return SensorFile(
                "raw-counts", "raw counts", (series,), (f"at rest they read {rest:.0f}, which no common sensor gives for 1 g",)
            )
        note = f"{a_g:.0f} counts a g, because at rest they read {rest:.0f}; --counts-per-g overrules it"
        return SensorFile("raw-counts", "raw counts", (replace(series, counts_per_g=a_g),), (note,))
    return None


def _series(table: Table) -> Series | None:
    names = next((names for names in _NAMES if table.has(*names)), None)
    clock = next((name for name in table.columns if _TIMES.fullmatch(name)), None)
    if names is None or clock is None or any(unit_of(table, name) in ("g", "mg", "m/s2") for name in names):
        return None
    millis = "ms" if re.match("millis|ms", clock, re.IGNORECASE) else "us" if re.match("micros|us", clock, re.IGNORECASE) else None
    if any(cell and not _WHOLE.fullmatch(cell) for name in names for cell in table.cells(name)):
        return None
    series = table.series("accelerometer", names, "count", time=clock, time_unit=millis)
    rest = at_rest(series)
    return series if rest is not None and rest >= _LEAST else None
