"""Somebody who lies where one does not lie: a slow fall has no moment that a model of falls could see."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from featherfall.runtime.decide.evidence import GAP, Evidence, Past, Sign
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.decide.zones import Zone, in_a_zone
from featherfall.runtime.observation import FrameResult, TrackedPerson

# Chosen on simulated people (docs/explanation/camera.md, "Lying where one does not lie"); no real film was used.
LIES_FOR = 8.0  # s; who kneels, ties shoes or does push-ups is up by then
LAY_DOWN = 0.5  # s lying without a break to have lain down: postures of single pictures are sometimes wrong
WAS_UPRIGHT = 1.0  # s seen upright in all before: who lies from the first picture on has not gone down here
# Sizes, against how the person was seen at full length. Of 61 simulated people on the floor 89% meet both, of those on a bed, which is .3
# high, few. A body that lies nearer to the camera than it stood is lower in the picture, one farther away higher.
ON_FLOOR = 0.1  # at most: lowest point over where it was
SUNK = 0.25  # at least: middle under where it was
FULL = 0.85  # of the usual size: who sits, or is half hidden, is seen smaller
LATELY = 1.0  # s over which the lowest point and the middle are taken; the median rejects single wrong poses


@dataclass(eq=False)
class _Rest:
    """One person's state.

    Attributes:
        seen: time of the last sighting, s. upright_for: s seen upright in all. lay_for: s lying without a break.
        size: usual size when last upright, pixels.
        standing: time, lowest point and middle (pixels) of the last `LATELY` seconds upright at full length.
    """

    seen: float
    upright_for: float = 0.0
    lay_for: float = 0.0
    size: float = 0.0
    standing: deque[tuple[float, float, float]] = field(default_factory=deque)

    def rise(self, time: float, past: Past) -> None:
        """Take a sighting upright."""
        self.upright_for += min(time - self.seen, GAP)
        self.size, sighting = past.usual_size, past.last.sighting
        if sighting.size < FULL * self.size:
            return
        self.standing.append((time, float(sighting.box[3]), float(sighting.middle[1])))
        while self.standing[0][0] <= time - LATELY:
            self.standing.popleft()

    def is_on_floor(self, person: TrackedPerson) -> bool:
        """Return whether a person has sunk to where the feet were."""
        if not self.standing:
            return False
        low, middle = (float(np.median([row[column] for row in self.standing])) for column in (1, 2))
        box, sunk = person.sighting.box, float(person.sighting.middle[1]) - middle
        return low - float(box[3]) <= ON_FLOOR * self.size and sunk >= SUNK * self.size


class LyingEvidence:
    """Signs of people who have lain down where one does not lie, after they were seen upright; for keypoints and boxes alike.

    A sign says nothing yet of how long they lie: `incidents` waits for that.

    Attributes:
        zones: in which one lies; they may be changed while people are followed.
    """

    def __init__(self, evidence: Evidence, zones: Sequence[Zone]) -> None:
        """Take what tells postures, and the zones in which one lies."""
        self._evidence, self.zones = evidence, zones
        self._rests: dict[int, _Rest] = {}

    def signs(self, frame: FrameResult, past: Mapping[int, Past]) -> list[Sign]:
        """Return the signs in a picture. past: as `Evidence.signs`."""
        self._rests = {number: rest for number, rest in self._rests.items() if number in past}
        return [
            Sign(one.id, 0.0, frame.time - self._rests[one.id].lay_for, frame.time, "lying")
            for one in frame.people
            if self._lies(frame, one, past[one.id]) and one.is_person  # seen upright counts before the person has moved, too
        ]

    def _lies(self, frame: FrameResult, person: TrackedPerson, past: Past) -> bool:
        """Take a sighting; return whether the person has lain down where one does not lie."""
        rest = self._rests.setdefault(person.id, _Rest(frame.time))
        now = self._evidence.posture(person, rest.size or past.usual_size)
        if now is Posture.unknown:
            return False
        if now is Posture.upright:
            rest.rise(frame.time, past)
        elsewhere = not in_a_zone(self.zones, person.sighting.middle, frame.height, frame.width)
        lies = now is Posture.lying and rest.upright_for >= WAS_UPRIGHT and elsewhere and rest.is_on_floor(person)
        rest.lay_for = rest.lay_for + min(frame.time - rest.seen, GAP) if lies else 0.0
        rest.seen = frame.time
        return lies and rest.lay_for >= LAY_DOWN
