"""What counts as a sign of a fall, and as being down: one strategy for keypoints, one for boxes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Protocol, cast

import numpy as np

from featherfall.runtime.decide.posture import Posture, posture, usual_size
from featherfall.runtime.observation import FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose

KEEP = 10.0  # s of a person's past: over these the usual size is taken

# Keypoints. Both rules keep out what estimators see in furniture and reflections (docs/explanation/camera.md, 6).
# The picture changes in a tenth of a person's box at once in a fall, in hardly a hundredth in a still scene. Without this rule 6 of 18 real
# daily films raised an alarm, with it 1; none of 50 real and 26 simulated falls was lost. The real films were known when it was made.
MIN_MOTION = 0.1
# Unseen for .2 s, and the middle within .15 sizes of the left or right edge: half a body looks like anything.
GONE, EDGE = 0.2, 0.15

# Boxes. Chosen on films of simulated people (docs/explanation/detectors.md, "In films").
DOWN_SHARE = 0.5  # of the smoothed share: fallen is the likelier of the two classes
WAS_UP = 0.8  # s seen up, in all, before somebody can fall: who lies from first sight on (in bed) has not fallen
DOWN_FOR = 0.5  # s on end down, from which it counts: a doubtful moment is shorter
CHANGE = 3.0  # s, the longest from having been up to being down: a fall takes about one, and the detector may lose the person for two
SUNK = 0.2  # of the height while up: how much lower the top or the middle of the box must be; who lies and is taken for up sinks by nothing
LATELY = 1.0  # s while up, over which the place of the box is taken (median)
GAP = 0.5  # s; a longer silence does not count as time seen
FORGET = 10.0  # s unseen, after which what is known of a box is dropped; tracks end sooner


@dataclass(eq=False)
class Past:
    """One person's last `KEEP` seconds: times in s, increasing, and how it was seen."""

    times: deque[float] = field(default_factory=deque)
    people: deque[TrackedPerson] = field(default_factory=deque)

    def add(self, time: float, person: TrackedPerson) -> None:
        """Add a sighting; older ones than `KEEP` are dropped."""
        self.times.append(time)
        self.people.append(person)
        while self.times[0] < time - KEEP:
            self.times.popleft()
            self.people.popleft()

    @property
    def seen(self) -> float:
        """When the person was last seen, s."""
        return self.times[-1]

    @property
    def last(self) -> TrackedPerson:
        """How the person was last seen."""
        return self.people[-1]

    @property
    def usual_size(self) -> float:
        """The body's size, pixels."""
        return usual_size([one.sighting.size for one in self.people])


@dataclass(frozen=True)
class Sign:
    """A sign that a person falls or has fallen: number, probability, and the times (s) at which the fall begins and is clearest."""

    person: int
    probability: float
    start_s: float
    peak_s: float


class Evidence(Protocol):
    """What a kind of perception says about falls."""

    def signs(self, frame: FrameResult, past: Mapping[int, Past], ongoing: Set[int]) -> list[Sign]:
        """Return the signs in a picture.

        Arguments:
            past: of everybody seen lately, up to this picture, by number.
            ongoing: numbers of the people who have fallen and have not got up.
        """

    def posture(self, person: TrackedPerson, size: float) -> Posture:
        """Return a person's posture; size: the body's usual one, pixels."""


@dataclass(frozen=True)
class KeypointEvidence:
    """Windows whose probability reaches the threshold, of people.

    Only who has moved since first seen (by the fall itself, if not before), in whose box the picture changes within the window, and who has
    not left over the picture's side. Poses in furniture do none of the three.

    Attributes:
        threshold: probability, 0..1.
        window_s: length of a window.
    """

    threshold: float
    window_s: float

    def signs(self, frame: FrameResult, past: Mapping[int, Past], ongoing: Set[int]) -> list[Sign]:
        """As `Evidence.signs`: times are middles of windows."""
        middle = frame.time - self.window_s / 2
        return [
            Sign(number, probability, middle, middle)
            for number, probability in frame.scores.items()
            if probability >= self.threshold
            and past[number].last.is_person
            and not has_left(past[number], frame.time, frame.width)
            and motion(past[number], frame.time - self.window_s) >= MIN_MOTION
        ]

    def posture(self, person: TrackedPerson, size: float) -> Posture:
        """As `Evidence.posture`."""
        return posture(cast(Pose, person.sighting), size)


def has_left(past: Past, time: float, width: int) -> bool:
    """Return whether somebody was lost at the picture's left or right edge."""
    right = float(past.last.sighting.middle[0])
    return time - past.seen > GONE and min(right, width - right) < EDGE * past.last.size


def motion(past: Past, since: float) -> float:
    """Return the most that the picture has changed in a person's box at once since a time: the median of the three highest shares, 0..1."""
    shares = [cast(Pose, one.sighting).motion for time, one in zip(past.times, past.people, strict=True) if time >= since]
    return float(np.median(sorted(shares)[-3:])) if shares else 0.0


@dataclass(eq=False)
class _Body:
    """What is known of one box.

    Attributes:
        seen: s, when last. up_for: s seen up, in all. was_up: s, when last up. down_since: s; None while up.
        height, top, middle: of the box while last up, pixels: the median of `LATELY` seconds.
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
        """Take a sighting up."""
        self.up_for += min(time - self.seen, GAP)
        self.was_up, self.down_since = time, None
        self.lately = [row for row in self.lately if row[0] > time - LATELY] + [(time, float(box[1]), float(box[3]))]
        top, bottom = (float(np.median([row[i] for row in self.lately])) for i in (1, 2))
        self.top, self.middle, self.height = top, (top + bottom) / 2, bottom - top

    def has_fallen(self, time: float, box: np.ndarray) -> bool:
        """Take a sighting down; return whether the body fell."""
        self.down_since = time if self.down_since is None else self.down_since
        if time - self.down_since < DOWN_FOR or self.up_for < WAS_UP or self.down_since - self.was_up > CHANGE:
            return False
        sunk = max(box[1] - self.top, (box[1] + box[3]) / 2 - self.middle)
        return bool(sunk >= SUNK * self.height)


class BoxEvidence:
    """Boxes that looked up and look fallen a moment later, and have sunk.

    A detector says what somebody looks like in one picture; a fall is a change. While somebody who has fallen is down, every picture is
    another sign.
    """

    def __init__(self) -> None:
        self._bodies: dict[int, _Body] = {}

    def signs(self, frame: FrameResult, past: Mapping[int, Past], ongoing: Set[int]) -> list[Sign]:
        """As `Evidence.signs`: a fall begins when the person goes down, and is clearest in this picture."""
        found = []
        for person in frame.people:
            body = self._bodies.setdefault(person.id, _Body(frame.time))
            share, box = frame.scores[person.id], person.sighting.box
            if share < DOWN_SHARE:
                body.rise(frame.time, box)
            elif body.has_fallen(frame.time, box) or person.id in ongoing:
                found.append(Sign(person.id, share, cast(float, body.down_since), frame.time))
            body.seen = frame.time
        self._bodies = {number: body for number, body in self._bodies.items() if frame.time - body.seen <= FORGET}
        return found

    def posture(self, person: TrackedPerson, size: float) -> Posture:
        """As `Evidence.posture`, from the share alone: the detector's class is the posture."""
        if not isinstance(person.sighting, PersonBox) or person.probability is None:
            return Posture.unknown
        return Posture.lying if person.probability >= DOWN_SHARE else Posture.upright
