"""Signs of a fall, and of lying: one strategy for keypoints, one for boxes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Protocol, cast

import numpy as np

from featherfall.runtime.decide.confirm import SURE
from featherfall.runtime.decide.posture import Posture, posture, usual_size
from featherfall.runtime.observation import FallKind, FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose

HISTORY = 10.0  # s of sightings kept of each person; the usual size is taken over them (docs/explanation/camera.md, "Posture")

# Keypoints. Both rules reject poses that estimators find in furniture and reflections (docs/explanation/camera.md, 6).
# In a fall, a tenth of the pixels in a person's box changes at once; in a still scene about a hundredth. Without this rule 6 of 18 real
# daily films raised an alarm, with it 1; none of 50 real and 26 simulated falls was lost. The rule was written after seeing the real films.
MIN_MOTION = 0.1
# A person unseen for .2 s whose middle was within .15 sizes of the left or right edge has left the picture: poses of a body that is cut
# off by the edge are unreliable.
GONE, EDGE = 0.2, 0.15
# One window may reach the threshold by chance; a fall is in several, which begin .2 s apart. So the second within this many seconds is the
# first sign, unless one leaves little doubt. Chosen on simulated people: of 4 false alarms in 220 daily films 1 stays, of 83 falls 83.
PAIR = 1.0
# s before a film's end. Of a fall that began earlier, the windows have told: their middle lies 1.3 s before the last picture, and a fall
# takes .6 to 1 s.
UNSETTLED = 2.0

# Boxes. Chosen on films of simulated people (docs/explanation/detectors.md, "In films").
DOWN_SHARE = 0.5  # of the smoothed share: fallen is the likelier of the two classes
WAS_UP = 0.8  # s seen up in all before a fall is possible: a person who lies from the first picture on (in bed) has not fallen
DOWN_FOR = 0.5  # s down without a break before it counts: misclassified moments are shorter
CHANGE = 3.0  # s at most from last up to down: a fall takes about 1 s, and the detector may lose the person for 2 s (`BoxCost.memory`)
SUNK = 0.2  # share of the height while up by which top or middle must sink: a lying person misclassified as up does not sink
LATELY = 1.0  # s while up over which the box's position is taken; the median rejects single wrong boxes
GAP = 0.5  # s; a longer gap between sightings counts as this much: what happened in it is unknown
FORGET_BOX = 10.0  # s unseen after which a box's state is dropped; tracks end sooner, so this only bounds the memory


@dataclass(eq=False)
class Past:
    """One person's sightings of the last `HISTORY` seconds; times in s, increasing."""

    times: deque[float] = field(default_factory=deque)
    people: deque[TrackedPerson] = field(default_factory=deque)

    def add(self, time: float, person: TrackedPerson) -> None:
        """Add a sighting; older ones than `HISTORY` are dropped."""
        self.times.append(time)
        self.people.append(person)
        while self.times[0] < time - HISTORY:
            self.times.popleft()
            self.people.popleft()

    @property
    def seen(self) -> float:
        """Time of the last sighting, s."""
        return self.times[-1]

    @property
    def last(self) -> TrackedPerson:
        """The last sighting."""
        return self.people[-1]

    @property
    def usual_size(self) -> float:
        """The body's size, pixels."""
        return usual_size([one.sighting.size for one in self.people])


@dataclass(frozen=True)
class Sign:
    """A sign of a person's fall: the person's number, the probability, and the times (s) of the fall's start and peak.

    kind: what it is a sign of; for "lying" the probability is 0.
    """

    person: int
    probability: float
    start_s: float
    peak_s: float
    kind: FallKind = "fall"


class Evidence(Protocol):
    """Signs of falls from one kind of perception."""

    def signs(self, frame: FrameResult, past: Mapping[int, Past], ongoing: Set[int]) -> list[Sign]:
        """Return the signs in a picture.

        Arguments:
            past: of all people seen within `HISTORY` seconds, this picture included, by number.
            ongoing: numbers of the people who have fallen and have not got up.
        """

    def has_left(self, frame: FrameResult, past: Past) -> bool:
        """Return whether a person has left the picture by its side. frame: the last one. past: of the person."""

    def posture(self, person: TrackedPerson, size: float) -> Posture:
        """Return a person's posture; size: the usual size of the body, pixels."""

    def went_down(self, past: Past, time: float) -> float | None:
        """Return when the person was last seen upright, where they have gone down and too little was seen since to tell; else None.

        Arguments:
            past: of the person. time: of the last picture, s.
        """


@dataclass
class KeypointEvidence:
    """Windows whose probability reaches the threshold: two of a person within `PAIR` seconds, or one that leaves little doubt.

    The person must have moved since first seen (the fall itself counts), the picture must change in the person's box within the window, and
    the person must not have left at the picture's side. False poses in furniture meet none of the three conditions.

    Attributes:
        threshold: probability, 0..1.
        window_s: length of a window.
    """

    threshold: float
    window_s: float
    _counted: dict[int, Sign] = field(default_factory=dict, init=False, compare=False)  # each person's last window that counts

    def signs(self, frame: FrameResult, past: Mapping[int, Past], ongoing: Set[int]) -> list[Sign]:
        """As `Evidence.signs`: times are middles of windows, the start is that of the first of two."""
        middle = frame.time - self.window_s / 2
        lately = {number: one for number, one in self._counted.items() if one.peak_s >= middle - PAIR}
        windows = [
            Sign(number, probability, middle, middle)
            for number, probability in frame.scores.items()
            if self._counts(number, probability, frame, past)
        ]
        self._counted = lately | {one.person: one for one in windows}
        return [
            _joined(lately.get(one.person, one), one)
            for one in windows
            if one.probability >= SURE or one.person in lately or one.person in ongoing
        ]

    def _counts(self, number: int, probability: float, frame: FrameResult, past: Mapping[int, Past]) -> bool:
        """Return whether a window of a person counts."""
        return (
            probability >= self.threshold
            and number in past  # a window may hold somebody who was last seen before what is remembered
            and past[number].last.is_person
            and not self.has_left(frame, past[number])
            and motion(past[number], frame.time - self.window_s) >= MIN_MOTION
        )

    def has_left(self, frame: FrameResult, past: Past) -> bool:
        """As `Evidence.has_left`."""
        return has_left(past, frame.time, frame.width)

    def posture(self, person: TrackedPerson, size: float) -> Posture:
        """As `Evidence.posture`."""
        return posture(cast(Pose, person.sighting), size)

    def went_down(self, past: Past, time: float) -> float | None:
        """As `Evidence.went_down`, within the last `UNSETTLED` seconds."""
        size = past.usual_size
        seen = [(at, self.posture(one, size)) for at, one in zip(past.times, past.people, strict=True) if at >= time - UNSETTLED]
        known = [(at, how) for at, how in seen if how is not Posture.unknown]
        upright = [at for at, how in known if not how.is_down]
        # Postures of single pictures are sometimes wrong, so two must say it.
        return upright[-1] if upright and all(how.is_down for _, how in known[-2:]) else None


def _joined(first: Sign, second: Sign) -> Sign:
    """Return the sign of two windows: it begins with the first and peaks with the more probable one."""
    highest = max(first, second, key=lambda one: one.probability)
    return Sign(second.person, highest.probability, first.start_s, highest.peak_s)


def has_left(past: Past, time: float, width: int) -> bool:
    """Return whether the person was last seen at the picture's left or right edge, more than `GONE` seconds ago."""
    right = float(past.last.sighting.middle[0])
    return time - past.seen > GONE and min(right, width - right) < EDGE * past.last.size


def motion(past: Past, since: float) -> float:
    """Return the largest change of the picture in a person's box since a time (s): the median of the three highest shares, 0..1."""
    shares = [cast(Pose, one.sighting).motion for time, one in zip(past.times, past.people, strict=True) if time >= since]
    return float(np.median(sorted(shares)[-3:])) if shares else 0.0


@dataclass(eq=False)
class _Body:
    """State of one tracked box.

    Attributes:
        seen: time of the last sighting, s. up_for: s seen up in all. was_up: time of the last sighting up, s. down_since: s; None while up.
        height, top, middle: of the box when last up, pixels; medians over `LATELY` seconds.
    """

    seen: float
    up_for: float = 0.0
    was_up: float = -np.inf
    down_since: float | None = None
    height: float = 0.0
    top: float = 0.0
    middle: float = 0.0
    lately: list[tuple[float, float, float]] = field(default_factory=list)  # time, top, bottom while up

    def rise(self, time: float, box: np.ndarray) -> None:
        """Add a sighting of the person up."""
        self.up_for += min(time - self.seen, GAP)
        self.was_up, self.down_since = time, None
        self.lately = [row for row in self.lately if row[0] > time - LATELY] + [(time, float(box[1]), float(box[3]))]
        top, bottom = (float(np.median([row[i] for row in self.lately])) for i in (1, 2))
        self.top, self.middle, self.height = top, (top + bottom) / 2, bottom - top

    def has_fallen(self, time: float, box: np.ndarray) -> bool:
        """Add a sighting of the person down; return whether this is a fall."""
        self.down_since = time if self.down_since is None else self.down_since
        return time - self.down_since >= DOWN_FOR and self.has_sunk(self.down_since, box)

    def has_sunk(self, since: float, box: np.ndarray) -> bool:
        """Return whether the person, down since a time (s), was up long enough just before, and the box has sunk."""
        if self.up_for < WAS_UP or since - self.was_up > CHANGE:
            return False
        sunk = max(box[1] - self.top, (box[1] + box[3]) / 2 - self.middle)
        return bool(sunk >= SUNK * self.height)


class BoxEvidence:
    """Boxes that were classified as up, then as fallen, and have sunk.

    A detector classifies single pictures; a fall is a change over time. While a fallen person stays down, every picture is another sign.
    """

    def __init__(self) -> None:
        self._bodies: dict[int, _Body] = {}

    def signs(self, frame: FrameResult, past: Mapping[int, Past], ongoing: Set[int]) -> list[Sign]:
        """As `Evidence.signs`: a fall starts when the person goes down, and peaks in this picture."""
        found = []
        for person in frame.people:
            body = self._bodies.setdefault(person.id, _Body(frame.time))
            share, box = frame.scores[person.id], person.sighting.box
            if share < DOWN_SHARE:
                body.rise(frame.time, box)
            elif body.has_fallen(frame.time, box) or person.id in ongoing:
                found.append(Sign(person.id, share, cast(float, body.down_since), frame.time))
            body.seen = frame.time
        self._bodies = {number: body for number, body in self._bodies.items() if frame.time - body.seen <= FORGET_BOX}
        return found

    def has_left(self, frame: FrameResult, past: Past) -> bool:
        """As `Evidence.has_left`; a box that the side cuts off is as good as another."""
        return False

    def posture(self, person: TrackedPerson, size: float) -> Posture:
        """As `Evidence.posture`, from the share alone: the detector's class is the posture."""
        if not isinstance(person.sighting, PersonBox) or person.probability is None:
            return Posture.unknown
        return Posture.lying if person.probability >= DOWN_SHARE else Posture.upright

    def went_down(self, past: Past, time: float) -> float | None:
        """As `Evidence.went_down`: down for less than `DOWN_FOR`, and sunk."""
        body = self._bodies.get(past.last.id)
        if body is None or body.down_since is None or time - body.down_since >= DOWN_FOR:
            return None
        return body.was_up if body.has_sunk(body.down_since, past.last.sighting.box) else None
