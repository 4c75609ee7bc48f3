"""Confirm a possible fall before it is reported: who squats or picks something up is upright again at once."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from featherfall.runtime.decide.posture import Posture

# Chosen on simulated people (docs/explanation/camera.md, 7); no real film was used. A person picks something up within 1 to 1.7 s, and the
# sign comes when they are down already.
WAIT = 1.0  # s from the first sign to the report
# Probability from which a film that ends within the wait shows a fall. Of 27 simulated falls 25 reached it, of 10 false alarms 2.
SURE = 0.95
LAST_SEEN = 0.4  # s; postures of single pictures are sometimes wrong, most of these six are right


@dataclass(eq=False)
class Confirmation:
    """Whether the person of a possible fall is upright again.

    What counts is most of the last `LAST_SEEN` seconds in which the person was seen: who is lost while they fall is not upright, who walks
    out of the picture is.

    Attributes:
        since: time of the first sign, s.
    """

    since: float
    _rose: float = -math.inf  # time at which the person was upright last, s
    _upright: deque[tuple[float, bool]] = field(default_factory=deque)

    def add(self, time: float, now: Posture) -> None:
        """Take a posture; an unknown one says nothing. time: s, later than the last."""
        if now is Posture.unknown:
            return
        self._upright.append((time, not now.is_down))
        while self._upright[0][0] <= time - LAST_SEEN:
            self._upright.popleft()
        if self.is_upright:
            self._rose = time

    @property
    def is_upright(self) -> bool:
        """Whether the person is upright; not where they were never seen clearly."""
        return 2 * sum(is_upright for _, is_upright in self._upright) > len(self._upright)

    def is_given(self, time: float) -> bool:
        """Return whether the fall is confirmed at a time, s."""
        return time >= self.since + WAIT and not self.is_upright

    def is_given_at_end(self, time: float, probability: float) -> bool:
        """Return whether a film that ends at a time (s), before the wait is over, shows a fall.

        The person is down, and has been for as long as the wait, or the highest probability so far leaves little doubt.
        """
        return not self.is_upright and (time >= self._rose + WAIT or probability >= SURE)

    def is_refused(self, time: float) -> bool:
        """Return whether there was no fall; a person who falls after it gives further signs."""
        return time >= self.since + LAST_SEEN and self.is_upright
