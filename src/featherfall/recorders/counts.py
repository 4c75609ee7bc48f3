"""Raw numbers of an accelerometer's converter: told from measured values, and how many of them make 1 g."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from featherfall.recorders.readings import at_rest, near
from featherfall.recorders.recorder import Series

# Counts of a g by data sheets: 16-bit sensors at 2, 4, 8 and 16 g (MPU-6050, LSM6DS3, BMI160, ICM-20948), 12-bit ones (MMA8452Q,
# LIS3DH), the ADXL345; 1000 where a library gives mg.
_A_G = (16384.0, 8192.0, 4096.0, 2048.0, 1024.0, 1000.0, 512.0, 256.0)
_OFF = 0.1  # share by which an uncalibrated sensor is off; the steps between ranges are factors of 2
_LEAST = 200  # at rest: above the 9.8 of m/s2


def as_counts(series: Series) -> tuple[Series, str] | None:
    """Return an accelerometer without a unit as one of counts, and a line for the user; None where its values are measured ones.

    Counts are whole numbers, hundreds or more at rest. `counts_per_g` is that of a common sensor that fits what they read at rest, or None.
    """
    block = next(iter(series.blocks()), None)
    values = block.values[np.isfinite(block.values)] if block else np.empty(0)
    if not len(values) or np.any(values != np.round(values)):
        return None
    rest = at_rest(series)
    if rest is None or rest < _LEAST:
        return None
    a_g = min((one for one in _A_G if near(rest, one, _OFF)), key=lambda one: abs(one - rest), default=None)
    if a_g is None:
        note = f"raw counts: at rest they read {rest:.0f}, which no common sensor gives for 1 g"
    else:
        note = f"{a_g:.0f} counts a g, because at rest they read {rest:.0f}; --counts-per-g overrules it"
    return replace(series, unit="count", counts_per_g=a_g), note
