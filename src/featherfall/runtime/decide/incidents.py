"""Derive falls and their course (possible fall, still down, got up) from a trace. No model runs: call `decide` for another threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.runtime.decide.evidence import DOWN_SHARE, GAP, HISTORY, BoxEvidence, Evidence, KeypointEvidence, Past
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.observation import Fall, FrameResult, Notice, TrackedPerson

# Checked on films of simulated people (docs/explanation/camera.md, 8); no real film was used to choose any of these.
STILL_DOWN = 7.0  # s after a possible fall; a convention, `--still-down` changes it
UP = 1.0  # s upright without a break to have got up: postures of single pictures are sometimes wrong
DOWN = 1.0  # s seen down in all to be still down: an alarm must not rest on one picture
AGAIN = 0.5  # s down without a break after getting up to count as down again (a stumble, then a fall)
LOST = 0.5  # s unseen after which another track may be the fallen person's; the tracker bridges shorter gaps
SAME_PLACE = 0.6  # sizes from the place of the fall: a person who lies turns and crawls by about half a body's length
# Sizes and s: another person this near, this recently before a track began, may be the one whom the new track shows (a helper who hid the
# fallen person), so such a track is not taken for the fallen person getting up.
COMPANY, RECENT = 1.2, 3.0
CLOSE_AFTER = 3.0  # multiples of `still_down_s` after which an incident without an outcome is closed, so that none stays open for ever


@dataclass(frozen=True)
class DecisionSettings:
    """How a trace is decided.

    Attributes:
        kind: of the trace.
        threshold: probability from which a window counts; for boxes `evidence.DOWN_SHARE`, the share from which a person is down.
        window_s: length of a window; 0 for boxes.
        merge_s: signs of one person, or in one place, within this many seconds of each other are one fall.
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
    def of(cls, manifest: Manifest, still_down_s: float = STILL_DOWN) -> DecisionSettings:
        """Return those of a camera's or a detector's bundle."""
        decision = manifest.decision
        if manifest.kind == "detector":
            return cls("boxes", DOWN_SHARE, 0.0, decision.merge_s, still_down_s)
        return cls("keypoints", decision.threshold, manifest.window.seconds, decision.merge_s, still_down_s)

    def evidence(self) -> Evidence:
        """Return the strategy for this kind of trace."""
        return BoxEvidence() if self.kind == "boxes" else KeypointEvidence(self.threshold, self.window_s)


def decide(trace: Iterable[FrameResult], settings: DecisionSettings) -> tuple[tuple[Fall, ...], tuple[Notice, ...]]:
    """Return the falls of a trace, in the order in which they are raised, and the notices, in order of time. No model runs."""
    decider = Decider(settings)
    notices = [notice for frame in trace for notice in decider.step(frame)]
    return tuple(decider.falls), tuple(notices)


@dataclass(eq=False)
class Incident:
    """A possible fall that is being followed.

    The fallen person is followed by number. When that track is lost, a person who is down in the same place takes over. The incident ends
    only when the fallen person gets up: upright for `UP` seconds, also by a track that starts upright in the place while no other person
    has been near. A helper who stands over the fallen person hides them and must not end the incident.

    Attributes:
        fall: the fall, brought up to date.
        person: number of the person who is now taken for the fallen one.
        size: usual size of the person before the fall, pixels.
        place: (2,) where the person was last seen down (or at all), pixels.
        counted: time of the last sign, s.
        seen: time of the last sighting, s.
    """

    fall: Fall
    person: int
    size: float
    place: np.ndarray
    counted: float
    seen: float
    last: Posture = Posture.unknown
    clock: float = 0.0  # s, from which `still_down_s` is counted
    known: set[int] = field(default_factory=set)  # numbers of all people taken for the fallen one so far
    _looked: float = 0.0  # time of the last posture, s
    _down: float = 0.0  # s seen down in all since the clock started
    _up_for: float = 0.0  # s without a break
    _down_for: float = 0.0
    _company: float = field(default=-np.inf)  # time at which another person was last near, s

    @classmethod
    def begin(cls, fall: Fall, past: Past, time: float) -> Incident:
        """Return the incident of a fall that has just been raised; past: of its person."""
        number, place = fall.track, past.last.sighting.middle
        return cls(fall, number, past.usual_size, place, time, past.seen, clock=time, known={number}, _looked=time)

    def follow(self, frame: FrameResult, settings: DecisionSettings, evidence: Evidence) -> bool:
        """Take one picture's people; return whether "still down" is reached in it."""
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

    def is_over(self, time: float, settings: DecisionSettings) -> bool:
        """Return whether the incident is closed."""
        quiet = time > self.counted + settings.merge_s
        return quiet and (self.fall.up_s is not None or time > max(self.clock, self.seen) + CLOSE_AFTER * settings.still_down_s)

    def goes_on(self, time: float, merge_s: float) -> bool:
        """Return whether a sign can still belong to it: within `merge_s` of the last one, or while the person is still down."""
        return time - self.counted <= merge_s or self.fall.state == "still down"

    def is_of(self, person: TrackedPerson) -> bool:
        """Return whether a person's sign belongs to it: of the same person, or in the same place.

        A lying person may have two tracks, and a helper who kneels down beside the fallen person is not a second fall.
        """
        return person.id in self.known or self._near(person.sighting.middle, SAME_PLACE)

    def _look(self, time: float, person: TrackedPerson, settings: DecisionSettings, evidence: Evidence) -> None:
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
            self._up_for, self._down_for = 0.0, self._down_for + (step if gap <= GAP else 0.0)  # a longer gap adds nothing
            if self.fall.up_s is not None and self._down_for >= AGAIN and time <= self.counted + settings.merge_s:
                self.fall.up_s, self.clock, self._down = None, time, self._down_for
            return
        self._up_for, self._down_for = self._up_for + step, 0.0
        if self.fall.up_s is None and self._up_for >= UP:
            self.fall.up_s = time

    def _hand_over(self, people: Sequence[TrackedPerson], evidence: Evidence) -> None:
        """Continue with a person who is down in the place, or whose track starts upright in it while no other person was near."""
        for one in people:
            if not self._began_here(one) or not self._near(one.sighting.middle, SAME_PLACE):
                continue
            alone = self._company < one.born - RECENT
            if alone or evidence.posture(one, self.size).is_down:
                self.person = one.id
                self.known.add(one.id)
                return

    def _began_here(self, one: TrackedPerson) -> bool:
        return one.born > self.seen and self._near(one.start, SAME_PLACE)

    def _near(self, point: np.ndarray, sizes: float) -> bool:
        return float(np.hypot(*(point - self.place))) <= sizes * self.size


class Decider:
    """Decide a trace picture by picture, live.

    Attributes:
        falls: all so far, each brought up to date.
    """

    def __init__(self, settings: DecisionSettings) -> None:
        self.settings = settings
        self.falls: list[Fall] = []
        self._evidence = settings.evidence()
        self._past: dict[int, Past] = {}
        self._incidents: list[Incident] = []

    def step(self, frame: FrameResult) -> list[Notice]:
        """Take the next picture's result; return its notices."""
        for person in frame.people:
            self._past.setdefault(person.id, Past()).add(frame.time, person)
        self._past = {number: past for number, past in self._past.items() if past.seen >= frame.time - HISTORY}
        notices = self._raise(frame)
        for incident in list(self._incidents):
            if incident.follow(frame, self.settings, self._evidence):
                notices.append(Notice("still down", frame.time, incident.fall.track, incident.fall.confidence))
            if incident.is_over(frame.time, self.settings):
                self._incidents.remove(incident)
        return notices

    def went_down(self, time: float) -> float | None:
        """Return when a person was last seen upright who has just gone down; None where there is nobody.

        A film that ends so shows too little of what may be a fall.

        Arguments:
            time: of the last picture, s.
        """
        here = (past for past in self._past.values() if past.last.is_person and past.seen >= time - LOST)
        return next((at for past in here if (at := self._evidence.went_down(past, time)) is not None), None)

    def _raise(self, frame: FrameResult) -> list[Notice]:
        """Assign signs to open incidents; open an incident for each of the others."""
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
