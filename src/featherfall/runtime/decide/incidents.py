"""Falls and what becomes of them, from a trace: possible fall, still down, got up. Pure: another threshold is another `decide`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.runtime.decide.evidence import DOWN_SHARE, KEEP, BoxEvidence, Evidence, KeypointEvidence, Past
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.observation import Fall, FrameResult, Notice, TrackedPerson

# Looked at on films of simulated people (docs/explanation/camera.md, 8); no real film was looked at for any of these.
STILL_DOWN = 7.0  # s after a possible fall; a convention, `--still-down` changes it
UP = 1.0  # s on end that the fallen one must be upright to have got up: postures of single pictures err
DOWN = 1.0  # s that must have been seen down to be still down: an alarm must not rest on one picture
AGAIN = 0.5  # s on end down after getting up: down again (a stumble, then a fall)
LOST = 0.5  # s unseen, after which another track may be the fallen one's; shorter gaps are the tracker's
HERE = 0.6  # sizes from the place of the fall: who lies turns and crawls by about half a body's length
COMPANY, RECENT = 1.2, 3.0  # sizes, s: somebody who was this near before a track began could have left it behind, as helpers do
FORGET = 3.0  # times the wait for "still down": when an incident without an answer is closed
GAP = 0.5  # s; a longer silence does not count as time seen


@dataclass(frozen=True)
class Settings:
    """How a trace is decided.

    Attributes:
        kind: of the trace.
        threshold: probability from which a window counts; of boxes `evidence.DOWN_SHARE`, from which somebody is down.
        window_s: length of a window; 0 for boxes.
        merge_s: signs within this of each other, of one person or in one place, are one fall.
        still_down_s: s after a possible fall.
    """

    kind: Literal["keypoints", "boxes"]
    threshold: float
    window_s: float
    merge_s: float = 5.0
    still_down_s: float = STILL_DOWN

    def __post_init__(self) -> None:
        """Raises `UserError` for an impossible time."""
        if not self.still_down_s > 0:
            raise UserError(f"still down after {self.still_down_s:g} s; give more than 0")

    @classmethod
    def of(cls, manifest: Manifest, still_down_s: float = STILL_DOWN) -> Settings:
        """Return those of a camera's or a detector's bundle."""
        decision = manifest.decision
        if manifest.kind == "detector":
            return cls("boxes", DOWN_SHARE, 0.0, decision.merge_s, still_down_s)
        return cls("keypoints", decision.threshold, manifest.window.seconds, decision.merge_s, still_down_s)

    def evidence(self) -> Evidence:
        """Return what counts as a sign of a fall."""
        return BoxEvidence() if self.kind == "boxes" else KeypointEvidence(self.threshold, self.window_s)


def decide(trace: Iterable[FrameResult], settings: Settings) -> tuple[tuple[Fall, ...], tuple[Notice, ...]]:
    """Return the falls of a trace, in the order in which they are raised, and the notices, in order of time. No model runs."""
    decider = Decider(settings)
    notices = [notice for frame in trace for notice in decider.step(frame)]
    return tuple(decider.falls), tuple(notices)


@dataclass(eq=False)
class Incident:
    """A possible fall that is being followed.

    The fallen one is followed by number; where that person is lost, by whoever is down in the same place. Only the fallen one's getting up
    ends it: upright for a while, or a track that begins upright in the place while nobody else has been near (a helper who stands over the
    fallen one hides them, and must not end it).

    Attributes:
        fall: what is told.
        person: number of who shows the fallen one now.
        size: the person's usual size before, pixels.
        place: (2,) where it was last seen down (or at all), pixels.
        counted: s, time of the last sign.
        seen: s, when the person was last seen.
    """

    fall: Fall
    person: int
    size: float
    place: np.ndarray
    counted: float
    seen: float
    last: Posture = Posture.unknown
    clock: float = 0.0  # s, from which `still_down_s` is counted
    known: set[int] = field(default_factory=set)  # numbers of all who have shown the fallen one
    _looked: float = 0.0  # s, when last
    _down: float = 0.0  # s seen down, in all since the clock started
    _up_for: float = 0.0  # s on end
    _down_for: float = 0.0
    _company: float = field(default=-np.inf)  # s, when somebody else was last near

    @classmethod
    def begin(cls, fall: Fall, past: Past, time: float) -> Incident:
        """Begin with a fall that has just been raised, and its person's past."""
        number, place = fall.track, past.last.sighting.middle
        return cls(fall, number, past.usual_size, place, time, past.seen, clock=time, known={number}, _looked=time)

    def follow(self, frame: FrameResult, settings: Settings, evidence: Evidence) -> bool:
        """Take one picture's people; return whether the person has just been found still down."""
        people = {one.id: one for one in frame.people}
        if self.person not in people and frame.time - self.seen > LOST:
            self._hand_over(frame.people, evidence)
        if self.person in people:
            self._look(frame.time, people[self.person], settings, evidence)
        others = [one for one in frame.people if one.id != self.person and one.is_person and not self._began_here(one)]
        if any(self._near(one.sighting.middle, COMPANY) for one in others):
            self._company = frame.time
        waited = frame.time >= self.clock + settings.still_down_s and self.fall.still_down_s is None and self.fall.up_s is None
        if waited and self.last.is_down and self._down >= DOWN:
            self.fall.still_down_s = frame.time
            return True
        return False

    def is_over(self, time: float, settings: Settings) -> bool:
        """Return whether nothing more can follow."""
        quiet = time > self.counted + settings.merge_s
        return quiet and (self.fall.up_s is not None or time > max(self.clock, self.seen) + FORGET * settings.still_down_s)

    def goes_on(self, time: float, merge_s: float) -> bool:
        """Return whether a sign can belong to it now: soon after the last one, or while the person is known to be still down."""
        return time - self.counted <= merge_s or self.fall.state == "still down"

    def is_of(self, person: TrackedPerson) -> bool:
        """Return whether a person's sign belongs to it: the same person's, or in the same place.

        One who lies may have two tracks, and who kneels down beside the fallen one is no second fall.
        """
        return person.id in self.known or self._near(person.sighting.middle, HERE)

    def _look(self, time: float, person: TrackedPerson, settings: Settings, evidence: Evidence) -> None:
        now = evidence.posture(person, self.size)
        gap = time - self._looked
        step = min(gap, GAP)
        self._looked = self.seen = time
        if now is Posture.unknown:
            return
        self.last = now
        if now.is_down:
            self.place = person.sighting.middle
            self._down += step
            self._up_for, self._down_for = 0.0, self._down_for + (step if gap <= GAP else 0.0)  # one sighting after a silence is a moment
            if self.fall.up_s is not None and self._down_for >= AGAIN and time <= self.counted + settings.merge_s:
                self.fall.up_s, self.clock, self._down = None, time, self._down_for
            return
        self._up_for, self._down_for = self._up_for + step, 0.0
        if self.fall.up_s is None and self._up_for >= UP:
            self.fall.up_s = time

    def _hand_over(self, people: Sequence[TrackedPerson], evidence: Evidence) -> None:
        """Give it to who is down in the place, or to who begins upright in it without company."""
        for one in people:
            if not self._began_here(one) or not self._near(one.sighting.middle, HERE):
                continue
            alone = self._company < one.born - RECENT
            if alone or evidence.posture(one, self.size).is_down:
                self.person = one.id
                self.known.add(one.id)
                return

    def _began_here(self, one: TrackedPerson) -> bool:
        return one.born > self.seen and self._near(one.start, HERE)

    def _near(self, point: np.ndarray, sizes: float) -> bool:
        return float(np.hypot(*(point - self.place))) <= sizes * self.size


class Decider:
    """Decide a trace picture by picture, live.

    Attributes:
        falls: all so far, each brought up to date.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.falls: list[Fall] = []
        self._evidence = settings.evidence()
        self._past: dict[int, Past] = {}
        self._incidents: list[Incident] = []

    def step(self, frame: FrameResult) -> list[Notice]:
        """Take the next picture's result; return what is new."""
        for person in frame.people:
            self._past.setdefault(person.id, Past()).add(frame.time, person)
        self._past = {number: past for number, past in self._past.items() if past.seen >= frame.time - KEEP}
        notices = self._raise(frame)
        for incident in list(self._incidents):
            if incident.follow(frame, self.settings, self._evidence):
                notices.append(Notice("still down", frame.time, incident.fall.track, incident.fall.confidence))
            if incident.is_over(frame.time, self.settings):
                self._incidents.remove(incident)
        return notices

    def _raise(self, frame: FrameResult) -> list[Notice]:
        """Give signs to the incidents that they belong to; begin incidents with the others."""
        notices = []
        ongoing = {number for incident in self._incidents if incident.fall.up_s is None for number in incident.known}
        for sign in self._evidence.signs(frame, self._past, ongoing):
            past = self._past[sign.person]
            mine = [one for one in self._incidents if one.goes_on(frame.time, self.settings.merge_s) and one.is_of(past.last)]
            if mine:
                incident = mine[-1]
                incident.counted = frame.time
                if sign.probability > incident.fall.confidence:
                    incident.fall.confidence, incident.fall.peak_s = sign.probability, sign.peak_s
                continue
            fall = Fall(sign.person, sign.start_s, frame.time, sign.peak_s, sign.probability)
            self.falls.append(fall)
            self._incidents.append(Incident.begin(fall, past, frame.time))
            notices.append(Notice("possible fall", frame.time, sign.person, sign.probability))
        return notices
