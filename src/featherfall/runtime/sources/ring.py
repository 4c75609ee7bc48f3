"""The last seconds of a device's samples in bounded memory."""

from __future__ import annotations

import numpy as np

_FIRST = 64  # samples of room at the beginning


class Ring:
    """Times (float64) and values (float32) of the last `seconds`, always in one piece: room is kept behind them, and when it is used up
    what is still wanted moves to the front.

    Memory: 20 bytes a sample of three axes, for what is held and a quarter more.
    """

    def __init__(self, channels: int, seconds: float, most: int) -> None:
        self._times = np.empty(_FIRST)
        self._values = np.empty((_FIRST, channels), np.float32)
        self._seconds, self._most = seconds, most
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def times(self) -> np.ndarray:
        """(N,) float64 s, a view."""
        return self._times[self._start : self._end]

    @property
    def values(self) -> np.ndarray:
        """(N, C) float32, a view."""
        return self._values[self._start : self._end]

    def add(self, times: np.ndarray, values: np.ndarray) -> None:
        """Append (N,) increasing times, later than those held, and (N, C) values; what is too old goes."""
        count = len(times)
        if not count:
            return
        if count > self._most:
            times, values, count = times[-self._most :], values[-self._most :], self._most
        held = self._times[self._start : self._end]
        self._start += int(held.searchsorted(times[-1] - self._seconds, side="right"))
        self._start = max(self._start, self._end + count - self._most)
        if self._end + count > len(self._times):
            self._move(count)
        self._times[self._end : self._end + count] = times
        self._values[self._end : self._end + count] = values
        self._end += count

    def _move(self, count: int) -> None:
        """Make room for `count` samples: move what is held to the front, in arrays that leave a quarter of it free."""
        held = len(self)
        room = max(len(self._times), held + count + max(held // 4, count))
        if room > 2 * (held + count) + _FIRST:  # after a burst
            room = held + count + max(held // 4, count)
        times, values = np.empty(room), np.empty((room, self._values.shape[1]), np.float32)
        times[:held], values[:held] = self.times, self.values
        self._times, self._values, self._start, self._end = times, values, 0, held

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._times.nbytes + self._values.nbytes
