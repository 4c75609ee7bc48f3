"""Find where an accelerometer was clipped at the end of its range: flat tops at 2, 4, 8 or 16 g; block by block."""

from __future__ import annotations

import numpy as np

RANGES = (2.0, 4.0, 8.0, 16.0)  # g, of worn sensors
FLAT = 0.004  # of the range: between two samples of a flat top; a temperature's drift and the rounding of files stay below it
NEAR = (0.96, 1.03)  # of a range: where sensors of that range end, e.g. 1.99 g (127 / 64), 3.93 g, 2.04 g


class ClippingMeter:
    """Count the flat tops near the ranges; memory is constant."""

    def __init__(self) -> None:
        self._top = 0.0
        self._last: np.ndarray | None = None  # (1, 3), the sample before the next block
        self._flat = np.zeros(len(RANGES), np.int64)  # flat tops of 2 samples or more
        self._longest = np.zeros(len(RANGES), np.int64)  # pairs of samples
        self._open = np.zeros((len(RANGES), 6), np.int64)  # pairs of the flat top that the last block ended with

    def add(self, values: np.ndarray) -> None:
        """Take (N, 3) values in g, without the corrupt ones."""
        if not len(values):
            return
        samples = values if self._last is None else np.concatenate([self._last, values])
        self._last = samples[-1:]
        high = float(np.abs(samples).max())
        self._top = max(self._top, high)
        for k, limit in enumerate(RANGES):
            if high < NEAR[0] * limit:
                self._open[k] = 0
                continue
            for side in range(6):
                self._count(k, side, samples[:, side // 2] * (1 if side % 2 else -1))

    def clipped(self) -> tuple[float, int] | None:
        """Return the range at which the sensor was clipped, in g, and the number of flat tops; None where none can be told.

        One or two flat tops of two samples may be chance: a sensor that repeats values has them anywhere.
        """
        for limit, flat, pairs in zip(RANGES, self._flat, self._longest, strict=True):
            if NEAR[0] <= self._top / limit <= NEAR[1] and (flat >= 3 or pairs >= 2):
                return limit, int(flat)
        return None

    def _count(self, k: int, side: int, values: np.ndarray) -> None:
        limit = RANGES[k]
        inside = (values >= NEAR[0] * limit) & (values <= NEAR[1] * limit)
        pairs = inside[:-1] & inside[1:] & (np.abs(np.diff(values)) <= FLAT * limit)
        known = int(self._open[k, side])
        edges = np.diff(np.concatenate([np.ones(known, bool), pairs, [False]]).astype(np.int8), prepend=np.int8(0))
        lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        self._flat[k] += len(lengths) - (known > 0)
        self._longest[k] = max(self._longest[k], lengths.max(initial=0))
        self._open[k, side] = lengths[-1] if len(pairs) and pairs[-1] else 0
