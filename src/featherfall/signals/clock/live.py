"""Times of live samples: increasing whatever the device's clock does, and decided at once."""

from __future__ import annotations

import numpy as np

from featherfall.signals.clock.steps import LONGEST, UNKNOWN, known_step

# s of new samples with early times after which the device's clock must have begun anew. Packets that are sent again hold known samples;
# one that comes late is shorter, as devices send several a second.
ANEW = 1.0
_SAMPLED = 128  # steps from which the usual one is told
_ENOUGH = 10  # of them, at least
_NONE = (np.inf, np.inf, 0)


def longest_step(times: np.ndarray) -> float:
    """Return the longest step that is no gap, s, of (N,) increasing times: four usual ones, at least .25 s."""
    recent = times[-_SAMPLED - 1 :]
    return max(4 * float(np.median(np.diff(recent))), 0.25) if len(recent) > 1 else 0.25


class LiveClock:
    """Turns stamps as they arrive into increasing times on one clock.

    Attributes:
        shift: s added to stamps.
        longest: step to or between the samples of the last packet, s; as stamped, where the clock jumped.
    """

    def __init__(self) -> None:
        self.shift = 0.0
        self._last = -np.inf  # the last time given
        self.longest = 0.0
        self._early = _NONE  # of new samples that came too early: first and last stamp, count

    def take(
        self, stamps: np.ndarray, values: np.ndarray, held: np.ndarray, held_values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return (N,) s, and (N,) bool, which of the samples to keep: their times increase, and are later than those before. None for all.

        Arguments:
            stamps: (N,) s as the device gives them. values: (N, C), by which samples that are sent again are known.
            held: (M,) times of the last samples that were kept, increasing. held_values: (M, C) of them.
        """
        times = stamps + self.shift
        if not len(stamps):
            return times, None
        steps = times[1:] - times[:-1]
        if self.follows(float(times[0]), float(times[-1]), steps.min(initial=np.inf), steps.max(initial=-np.inf)):
            return times, None
        keep = np.ones(len(stamps), bool)
        usual = longest_step(held)
        for k, stamp in enumerate(stamps):
            again = held_values[held == times[k]]
            known = bool(len(again)) and np.array_equal(again[0], values[k], equal_nan=True)
            keep[k] = abs(stamp) < LONGEST and not known and self._decide(float(stamp), usual)
            times[k] = stamp + self.shift
            keep[k] &= bool(times[k] > self._last)  # beyond a number's precision, two may be one
            self._last = float(times[k]) if keep[k] else self._last
        if keep.any():
            self._last = float(times[keep][-1])
            self._early = _NONE if keep[-1] else self._early
        return times, keep

    def follows(self, begin: float, end: float, shortest: float, longest: float) -> bool:
        """Take samples that follow the last ones, as nearly all do, and keep their times; return False, and take nothing, for others.

        Arguments:
            begin, end: times of the first and the last one, `shift` included, s. shortest, longest: steps between them, s.
        """
        step = begin - self._last if self._last > -np.inf else 1e-3
        self.longest = max(step, longest)
        if not (step > 0 and shortest > 0 and self.longest <= UNKNOWN and begin > -LONGEST and end < LONGEST):
            return False
        self._last, self._early = end, _NONE
        return True

    def _decide(self, stamp: float, usual: float) -> bool:
        """Return whether to keep a new sample; its time is the stamp and the shift."""
        time = stamp + self.shift
        if not np.isfinite(self._last):
            return True
        found = known_step(self._last - self.shift, stamp, usual) if not 0 < time - self._last <= UNKNOWN else None
        if found is not None and stamp + self.shift + found.shift > self._last:
            self.shift += found.shift
            return True
        if time > self._last:
            self._early = _NONE
            return True
        first, latest, count = self._early
        self._early = (first, stamp, count + 1) if stamp > latest else (stamp, stamp, 1)
        if stamp - self._early[0] < ANEW or self._early[2] < _ENOUGH:
            return False
        self.shift = self._last + UNKNOWN - stamp
        self._early = _NONE
        return True
