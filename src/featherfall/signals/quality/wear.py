"""Tell a worn accelerometer from one that lies on a table."""

from __future__ import annotations

import numpy as np

# s. Half an hour in which two axes stay within 50 mg: van Hees et al., PLoS ONE 6(7), 2011, e22922 ("range < 50 mg for at least two axes in
# 30 minutes"). Sleeping people move more than that every few minutes.
STILL_S = 1800.0
RANGE_G = 0.05


class WearMeter:
    """Take an accelerometer's samples block by block; memory does not grow."""

    def __init__(self, one_g: float = 1.0) -> None:
        """one_g: gravity in the unit of the samples."""
        self._range = RANGE_G * one_g
        self._low, self._high = [np.inf] * 3, [-np.inf] * 3
        self._since = self._last = float("nan")

    def add(self, times: np.ndarray, values: np.ndarray) -> None:
        """Take (N,) s, increasing, and (N, 3) values."""
        if not len(times):
            return
        axes = np.ascontiguousarray(values.T)  # what lies together is reduced several times as fast
        low, high = np.minimum.reduce(axes, axis=1).tolist(), np.maximum.reduce(axes, axis=1).tolist()
        together = list(map(min, self._low, low)), list(map(max, self._high, high))
        if sum(last - first < self._range for first, last in zip(*together, strict=True)) < 2 or not times[0] >= self._since:
            together, self._since = (low, high), float(times[0])
        self._low, self._high = together
        self._last = float(times[-1])

    @property
    def still_s(self) -> float:
        """Seconds for which it has not moved, up to the last sample."""
        return self._last - self._since if self._last >= self._since else 0.0

    @property
    def is_worn(self) -> bool:
        """False where it has not moved for `STILL_S`."""
        return self.still_s < STILL_S
