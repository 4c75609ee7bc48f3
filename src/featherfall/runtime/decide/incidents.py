"""Derive falls and their course (possible fall, still down, got up) from a trace. No model runs: call `decide` for another threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack, cast

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.runtime.decide.confirm import LAST_SEEN, WAIT, Confirmation
from featherfall.runtime.decide.evidence import DOWN_SHARE, GAP, HISTORY, BoxEvidence, Evidence, KeypointEvidence, Past, Sign
from featherfall.runtime.decide.lying import LIES_FOR, LyingEvidence
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.observation import Fall, FrameResult, Notice, TrackedPerson

# Checked on films of simulated people (docs/explanation/camera.md, 8); no real film was used to choose any of these.
STILL_DOWN = 7.0  # s after the first sign of a fall; a convention, `--still-down` changes it
UP = 1.0  # s upright without a break to have got up: postures of single pictures are sometimes wrong
DOWN = 1.0  # s seen down in all to be still down: an alarm must not rest on one picture
LIES_SEEN = 0.4  # of the time that a person must lie: seen down in all; estimators lose people who lie
LONGEST = 60.0  # s that a household may wait for somebody who lies
AGAIN = 0.5  # s down without a break after getting up to count as down again (a stumble, then a fall)
LOST = 0.5  # s unseen after which another track may be the fallen person's; the tracker bridges shorter gaps
SAME_PLACE = 0.6  # sizes from the place of the fall: a person who lies turns and crawls by about half a body's length
# Sizes and s: another person this near, this recently before a track began, may be the one whom the new track shows (a helper who hid the
# fallen person), so such a track is not taken for the fallen person getting up.
COMPANY, RECENT = 1.2, 3.0
CLOSE_AFTER = 3.0  # multiples of `still_down_s` after which an incident without an outcome is closed, so that none stays open for ever


class CameraOptions(TypedDict, total=False):
    """What a household may set of a camera: see `DecisionSettings`."""

    still_down_s: float
    lies_for_s: float | None
    zones: Sequence[Zone]


@dataclass(frozen=True)
class DecisionSettings:
    """How a trace is decided.

    Attributes:
        kind: of the trace.
        threshold: probability from which a window counts; for boxes `evidence.DOWN_SHARE`, the share from which a person is down.
        window_s: length of a window; 0 for boxes.
        merge_s: signs of one person, or in one place, within this many seconds of each other are one fall.
        still_down_s: s after the first sign of a fall.
        lies_for_s: s after which somebody who lies where one does not lie raises an alarm; None for no such alarm.
        zones: where people lie: beds and sofas.
    """

    kind: Literal["keypoints", "boxes"]
    threshold: float
    window_s: float
    merge_s: float = 5.0
    still_down_s: float = STILL_DOWN
    lies_for_s: float | None = LIES_FOR
    zones: Sequence[Zone] = ()

    def __post_init__(self) -> None:
        """Raises `UserError` for an impossible time."""
        if not self.still_down_s > 0:
            raise UserError(f"still down after {self.still_down_s:g} s; give more than 0")
        if self.lies_for_s is not None and not 1 <= self.lies_for_s <= LONGEST:
            raise UserError(f"lying for {self.lies_for_s:g} s; give 1 to {LONGEST:g}")

    @classmethod
    def of(cls, manifest: Manifest, **options: Unpack[CameraOptions]) -> DecisionSettings:
        """Return those of a camera's or a detector's bundle."""
        decision = manifest.decision
        if manifest.kind == "detector":
            return cls("boxes", DOWN_SHARE, 0.0, decision.merge_s, **options)
        return cls("keypoints", decision.threshold, manifest.window.seconds, decision.merge_s, **options)

    def evidence(self) -> Evidence:
        """Return the strategy for this kind of trace."""
        return BoxEvidence() if self.kind == "boxes" else KeypointEvidence(self.threshold, self.window_s)


def decide(trace: Iterable[FrameResult], settings: DecisionSettings) -> tuple[tuple[Fall, ...], tuple[Notice, ...]]:
    """Return the falls of a trace, in the order in which they are raised, and the notices, in order of time. No model runs."""
    decider = Decider(settings)
    notices = [notice for frame in trace for notice in decider.step(frame)]
    notices += decider.finish()
    return tuple(decider.falls), tuple(notices)


@dataclass(eq=False)
class Incident:
    """A possible fall that is being followed, from its first sign on.

    It is reported once it is confirmed (`decide.confirm`), or once the person is still down. One that is not is dropped without a word.

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
        confirmation: of its signs.
        reported: whether it has been reported.
    """

    fall: Fall
    person: int
    size: float
    place: np.ndarray
    counted: float
    seen: float
    confirmation: Confirmation
    reported: bool = False
    last: Posture = Posture.unknown
    clock: float = 0.0  # s, from which `still_down_s` is counted
    known: set[int] = field(default_factory=set)  # numbers of all people taken for the fallen one so far
    _looked: float = 0.0  # time of the last posture, s
    _down: float = 0.0  # s seen down in all since the clock started
    _up_for: float = 0.0  # s without a break
    _down_for: float = 0.0
    _company: float = field(default=-np.inf)  # time at which another person was last near, s

    @classmethod
    def begin(cls, fall: Fall, past: Past, time: float, evidence: Evidence) -> Incident:
        """Return the incident of a fall of which there is a first sign; past: of its person, the picture at `time` included."""
        number, place, size = fall.track, past.last.sighting.middle, past.usual_size
        confirmation = Confirmation(time)
        for at, person in zip(past.times, past.people, strict=True):
            if past.seen - WAIT - LAST_SEEN <= at < time:  # this picture's posture follows
                confirmation.add(at, evidence.posture(person, size))
        return cls(fall, number, size, place, time, past.seen, confirmation, clock=time, known={number}, _looked=time)

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
        told = self.fall.still_down_s is not None or self.is_only_lying
        if not told and self._stays_down(frame.time, settings.still_down_s, DOWN):
            self.fall.still_down_s = frame.time
            return True
        return False

    def is_over(self, time: float, settings: DecisionSettings) -> bool:
        """Return whether the incident is closed."""
        if self.is_pending:
            return self.confirmation.is_refused(time)
        if not self.reported and self.fall.up_s is not None:
            return True
        quiet = time > self.counted + settings.merge_s
        return quiet and (self.fall.up_s is not None or time > max(self.clock, self.seen) + CLOSE_AFTER * settings.still_down_s)

    def goes_on(self, time: float, merge_s: float) -> bool:
        """Return whether a sign can still belong to it: within `merge_s` of the last one, or until the person has got up."""
        return time - self.counted <= merge_s or self.fall.up_s is None

    def count(self, sign: Sign, time: float) -> None:
        """Take a further sign, at a time, s."""
        self.counted = time
        if sign.probability > self.fall.confidence:
            self.fall.confidence, self.fall.peak_s = sign.probability, sign.peak_s

    def is_confirmed(self, time: float, settings: DecisionSettings) -> bool:
        """Return whether it is to be reported at a time, s."""
        if self.fall.kind == "fall":
            return self.confirmation.is_given(time) or self.fall.still_down_s is not None
        return settings.lies_for_s is not None and self._stays_down(time, settings.lies_for_s, LIES_SEEN * settings.lies_for_s)

    def _stays_down(self, time: float, wait: float, down: float) -> bool:
        """Return whether the person was down when last seen, `wait` seconds after the first sign, and for `down` seconds in all."""
        return time >= self.clock + wait and self.fall.up_s is None and self.last.is_down and self._down >= down

    @property
    def is_pending(self) -> bool:
        """Whether it is a fall that has not been confirmed yet."""
        return self.fall.kind == "fall" and not self.reported

    @property
    def is_only_lying(self) -> bool:
        """Whether it is of somebody who has lain down, for how long is not known yet; the sign of a fall takes its place."""
        return self.fall.kind == "lying" and not self.reported

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
        self.confirmation.add(time, now)
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
        falls: all that have been reported so far, each brought up to date.
    """

    def __init__(self, settings: DecisionSettings) -> None:
        self.settings = settings
        self.falls: list[Fall] = []
        self._evidence = settings.evidence()
        self._lying = LyingEvidence(self._evidence, settings.zones)
        self._past: dict[int, Past] = {}
        self._incidents: list[Incident] = []
        self._first: float | None = None  # time of the first picture, s
        self._last = 0.0

    def step(self, frame: FrameResult) -> list[Notice]:
        """Take the next picture's result; return its notices."""
        self._first, self._last = frame.time if self._first is None else self._first, frame.time
        for person in frame.people:
            self._past.setdefault(person.id, Past()).add(frame.time, person)
        self._past = {number: past for number, past in self._past.items() if past.seen >= frame.time - HISTORY}
        self._assign(frame)
        notices = []
        for incident in list(self._incidents):
            still_down = incident.follow(frame, self.settings, self._evidence)
            if not incident.reported and self._has_left(incident, frame):
                self._incidents.remove(incident)
                continue
            if not incident.reported and incident.is_confirmed(frame.time, self.settings):
                notices.append(self._report(incident, frame.time))
            if still_down:
                notices.append(_notice("still down", incident.fall, frame.time))
            if incident.is_over(frame.time, self.settings):
                self._incidents.remove(incident)
        return notices

    def change_zones(self, zones: Sequence[Zone]) -> None:
        """Take other beds and sofas from the next picture on."""
        self._lying.zones = zones

    def finish(self) -> list[Notice]:
        """Take the end of the film; return the notices of falls whose wait it cuts short and which are clear enough."""
        pending = [one for one in self._incidents if one.is_pending]
        pending = [one for one in pending if one.confirmation.is_given_at_end(self._last, one.fall.confidence)]
        return [self._report(incident, self._last) for incident in pending]

    def unsettled(self, time: float) -> tuple[float, str] | None:
        """Return since when (s), and what, the end of a film leaves open: perhaps a fall; None where there is nothing.

        Arguments:
            time: of the last picture, s.
        """
        for one in self._incidents:
            if one.is_pending and not one.confirmation.is_upright:
                return one.fall.sign_s, "the first sign of a fall"
        down = self.went_down(time)
        if down is not None:
            return down, "somebody was last seen upright"
        lying = [one.fall.start_s for one in self._incidents if one.is_only_lying and one.last.is_down]
        return (lying[0], "somebody lay down, in no zone for it") if lying else None

    def went_down(self, time: float) -> float | None:
        """Return when a person was last seen upright who has just gone down; None where there is nobody.

        A film that ends so shows too little of what may be a fall.

        Arguments:
            time: of the last picture, s.
        """
        here = (past for past in self._past.values() if past.last.is_person and past.seen >= time - LOST)
        return next((at for past in here if (at := self._evidence.went_down(past, time)) is not None), None)

    def upright_for(self, time: float) -> float:
        """Return for how many seconds, `HISTORY` at most, the only person in view has been upright without a break.

        0 where nobody or several people are in view: one of them may be behind another.

        Arguments:
            time: of the last picture, s.
        """
        here = [past for past in self._past.values() if past.last.is_person and past.seen >= time - LOST]
        if len(here) != 1:
            return 0.0
        (past,) = here
        since, size = past.seen, past.usual_size
        for at, person in zip(reversed(past.times), reversed(past.people), strict=True):
            if since - at > GAP or self._evidence.posture(person, size) is not Posture.upright:
                break
            since = at
        return past.seen - since

    def _assign(self, frame: FrameResult) -> None:
        """Assign signs to open incidents; open an incident for each of the others."""
        ongoing = {number for one in self._incidents if one.fall.up_s is None and not one.is_only_lying for number in one.known}
        signs = self._evidence.signs(frame, self._past, ongoing)
        if self.settings.lies_for_s is not None:
            signs += self._lying.signs(frame, self._past)
        for sign in signs:
            past = self._past[sign.person]
            mine = [one for one in self._incidents if one.goes_on(frame.time, self.settings.merge_s) and one.is_of(past.last)]
            if mine and sign.kind == "fall" and mine[-1].is_only_lying:
                self._incidents.remove(mine.pop())
            if mine:
                mine[-1].count(sign, frame.time)
                continue
            start_s, peak_s = (max(time, cast(float, self._first)) for time in (sign.start_s, sign.peak_s))
            fall = Fall(sign.person, start_s, frame.time, peak_s, sign.probability, kind=sign.kind)
            self._incidents.append(Incident.begin(fall, past, frame.time, self._evidence))

    def _has_left(self, incident: Incident, frame: FrameResult) -> bool:
        past = self._past.get(incident.person)
        return past is not None and self._evidence.has_left(frame, past)

    def _report(self, incident: Incident, time: float) -> Notice:
        incident.reported, incident.fall.raised_s = True, time
        self.falls.append(incident.fall)
        return _notice("lying" if incident.fall.kind == "lying" else "possible fall", incident.fall, time)


def _notice(kind: Literal["possible fall", "lying", "still down"], fall: Fall, time: float) -> Notice:
    return Notice(kind, time, fall.track, fall.confidence, sign_s=fall.sign_s)
