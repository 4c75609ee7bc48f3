"""What follows a possible fall: whether the person is still down after some seconds, or has got up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from featherfall.runtime.decide.posture import Posture, posture, usual_size
from featherfall.runtime.perceive.pose import Pose, rise
from featherfall.runtime.track.poses import Track

State = Literal["possible fall", "still down", "got up"]

UP = 1.0  # s on end that the fallen one must be upright to have got up
DOWN = 1.0  # s that must have been seen down to be still down
AGAIN = 0.5  # s on end down after getting up: down again
LOST = 0.5  # s unseen, after which another track may be the fallen one's
HERE = 0.6  # sizes from the place of the fall
COMPANY, RECENT = 1.2, 3.0  # sizes, s: who was near before a track began could have left it behind
FORGET = 3.0  # times `after`: when an incident without an answer is closed
GAP = 0.5  # s; a longer silence does not count as time seen


@dataclass(eq=False)
class Person:
    """One person: the track that shows it now, and those that it continues (the estimator loses people while they fall).

    Attributes:
        id: the first track's.
        tracks: oldest first.
    """

    id: int
    tracks: list[Track]

    @property
    def track(self) -> Track:
        """The one that shows it now."""
        return self.tracks[-1]

    @property
    def seen(self) -> float:
        """When it was seen last, s."""
        return self.track.seen

    @property
    def is_person(self) -> bool:
        """Whether it has ever moved as the living do."""
        return any(track.is_person for track in self.tracks)

    def with_motion(self, since: float) -> float:
        """The most that the picture has changed in the person's box at once, since a time: the median of the three highest shares, 0..1."""
        shares = [pose.motion for pose in self.sightings(since)[1]]
        return float(np.median(sorted(shares)[-3:])) if shares else 0.0

    def sightings(self, since: float) -> tuple[list[float], list[Pose]]:
        """Times (s, increasing) and poses since a time, at most the last 10 s."""
        found = [(time, pose) for track in self.tracks for time, pose in zip(track.times, track.poses, strict=True) if time >= since]
        return [time for time, _ in found], [pose for _, pose in found]


def continues(lost: Track, time: float, pose: Pose) -> bool:
    """Whether a new track's first pose can be who was lost: within 2 s, near, of like size, and head and shoulders no higher than before.

    Softer than `Tracker`, which must not mix up people: it decides only whose past the model sees with a pose that would have none.
    """
    gap = time - lost.seen
    size = lost.size
    near = float(np.hypot(*(pose.middle - lost.pose.middle))) <= min(0.5 + 0.5 * gap, 1.0) * size
    return 0 < gap <= 2.0 and near and 0.4 <= pose.size / size <= 2.5 and rise(lost.pose, pose) <= 0.3 * size


@dataclass
class Fall:
    """One detected fall; times in s of the film.

    Attributes:
        track: whose, the number that is drawn beside the person.
        start_s: middle of the first window that counts.
        raised_s: the picture at which a camera live knows.
        peak_s, confidence: middle of the window with the highest probability, and that probability, 0..1.
        still_down_s: when the person was still down after the set time; None if not (yet).
        up_s: when the person had got up; None if not.
    """

    track: int
    start_s: float
    raised_s: float
    peak_s: float
    confidence: float
    still_down_s: float | None = None
    up_s: float | None = None

    @property
    def state(self) -> State:
        """What is known now."""
        return "got up" if self.up_s is not None else "possible fall" if self.still_down_s is None else "still down"

    def to_json(self) -> dict[str, Any]:
        """The attributes and the state as plain values, times to the millisecond."""
        named = {name: round(value, 3) if isinstance(value, float) else value for name, value in vars(self).items()}
        return named | {"state": self.state}


@dataclass(eq=False)
class Incident:
    """A possible fall that is being watched.

    Who has fallen is followed on its track; where that is lost, by whoever is down in the same place. Only the fallen one's getting
    up ends it: an upright pose on the track, or a new track that begins upright in the place while nobody else has been near (a helper who
    stands over the fallen one hides them, and must not end it).

    Attributes:
        fall: what is told.
        person: who shows the fallen one now.
        size: the person's usual size before, pixels.
        place: (2,) where it was seen down last (or at all), pixels.
        counted: s, time of the last window that counts.
    """

    fall: Fall
    person: Person
    size: float
    place: np.ndarray
    counted: float
    last: Posture = Posture.unknown
    clock: float = 0.0  # s, from when `after` is counted
    known: set[int] = field(default_factory=set)  # numbers of all who have shown the fallen one
    _looked: float = 0.0  # s, when last
    _down: float = 0.0  # s seen down, in all since the clock started
    _up_for: float = 0.0  # s on end
    _down_for: float = 0.0
    _company: float = field(default=-np.inf)  # s, when somebody else was near last

    @classmethod
    def begin(cls, fall: Fall, person: Person, counted: float) -> Incident:
        """Of a person who has just raised a fall."""
        size = usual_size(person.sightings(-np.inf)[1])
        return cls(fall, person, size, person.track.pose.middle, counted, clock=fall.raised_s, known={person.id}, _looked=fall.raised_s)

    def follow(self, time: float, people: list[Person], merge: float, after: float) -> bool:
        """Take one picture's people (those seen in it); True when the person has just been found still down."""
        self._hand_over(time, people)
        if self.person in people:
            self._look(time, merge)
        others = [one for one in people if one is not self.person and one.is_person and not self._began_here(one)]
        if any(self._near(one.track.pose.middle, COMPANY) for one in others):
            self._company = time
        waited = time >= self.clock + after and self.fall.still_down_s is None and self.fall.up_s is None
        if waited and self.last.is_down and self._down >= DOWN:
            self.fall.still_down_s = time
            return True
        return False

    def is_over(self, time: float, merge: float, after: float) -> bool:
        """Nothing more can follow."""
        quiet = time > self.counted + merge
        return quiet and (self.fall.up_s is not None or time > max(self.clock, self.person.seen) + FORGET * after)

    def goes_on(self, time: float, merge: float) -> bool:
        """Whether a window that counts now can belong to it: soon after the last one, or while the person is known to be still down."""
        return time - self.counted <= merge or self.fall.state == "still down"

    def is_of(self, person: Person) -> bool:
        """Whether a window that counts on a track belongs to this fall: the same person, or the same place (one who lies may have two
        tracks, and who kneels down beside the fallen one is no second fall)."""
        return person.id in self.known or self._near(person.track.pose.middle, HERE)

    def _look(self, time: float, merge: float) -> None:
        pose = self.person.track.pose
        now = posture(pose, self.size)
        step = min(time - self._looked, GAP)
        self._looked = time
        if now is Posture.unknown:
            return
        self.last = now
        if now.is_down:
            self.place = pose.middle
            self._down += step
            self._up_for, self._down_for = 0.0, self._down_for + step
            if self.fall.up_s is not None and self._down_for >= AGAIN and time <= self.counted + merge:
                self.fall.up_s, self.clock, self._down = None, time, self._down_for
            return
        self._up_for, self._down_for = self._up_for + step, 0.0
        if self.fall.up_s is None and self._up_for >= UP:
            self.fall.up_s = time

    def _hand_over(self, time: float, people: list[Person]) -> None:
        """Where the person is lost: to who is down in the place, or to who begins upright in it without company."""
        if self.person in people or time - self.person.seen <= LOST:
            return
        for one in people:
            if not self._began_here(one) or not self._near(one.track.pose.middle, HERE):
                continue
            alone = self._company < one.track.born - RECENT
            if alone or posture(one.track.pose, self.size).is_down:
                self.person = one
                self.known.add(one.id)
                return

    def _began_here(self, one: Person) -> bool:
        return one.track.born > self.person.seen and self._near(one.track.start, HERE)

    def _near(self, point: np.ndarray, sizes: float) -> bool:
        return float(np.hypot(*(point - self.place))) <= sizes * self.size
