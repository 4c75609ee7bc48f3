"""Values passed from perception to tracking, decisions and sinks. None holds a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.verdict import Verdict

Sighting = Pose | PersonBox  # one person in one picture, by keypoints or by a detector's box
FallState = Literal["possible fall", "still down", "got up"]
FallKind = Literal["fall", "lying"]  # seen to fall, or found lying where one does not lie


@dataclass(frozen=True, eq=False)
class Observation:
    """The people that perception finds in one picture.

    Attributes:
        time: s.
        people: poses in any order, or boxes, best first.
        height, width: of the picture, pixels.
    """

    time: float
    people: tuple[Sighting, ...]
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class TrackedPerson:
    """One person in one picture.

    Attributes:
        id: the person's number, from 0; kept when the track breaks and is continued.
        sighting: pose or box.
        probability: of a fall by the person's last window, 0..1, None before the first; for boxes the smoothed share of the fall class.
        is_person: whether the track has moved (`Track.is_person`); False for a pose that may be furniture.
        born: start of the current track, s.
        start: (2,) where the current track started, pixels.
        size: pixels, smoothed; about a body's length.
    """

    id: int
    sighting: Sighting
    probability: float | None
    is_person: bool
    born: float
    start: np.ndarray
    size: float


@dataclass(frozen=True)
class Notice:
    """A notice to deliver at once.

    Attributes:
        kind: "possible fall", "lying" (where one does not lie), "still down"; "cannot judge": nothing can be found until this is mended;
            "left out": corrupt samples were.
        time_s: time of the picture in which it was raised.
        track: the person's number; -1 where it is about nobody.
        confidence: probability of a fall, 0..1: the highest so far; 0 for "lying", of which a model says nothing.
        reason: of "cannot judge" and "left out", one line for the user.
        sign_s: time of the picture with the first sign, before `time_s` where the sign had to be confirmed; None where it is about nobody.
    """

    kind: Literal["possible fall", "lying", "still down", "cannot judge", "left out"]
    time_s: float
    track: int
    confidence: float
    reason: str = ""
    sign_s: float | None = None

    @classmethod
    def cannot_judge(cls, time_s: float, reason: str) -> Notice:
        """Return the notice that a source cannot be judged."""
        return cls("cannot judge", time_s, -1, 0.0, reason)

    @classmethod
    def left_out(cls, time_s: float, reason: str) -> Notice:
        """Return the notice that samples were left out."""
        return cls("left out", time_s, -1, 0.0, reason)

    def to_json(self) -> dict[str, Any]:
        """Return the attributes as plain values, times to the millisecond."""
        facts: dict[str, Any] = {"kind": self.kind, "time_s": round(self.time_s, 3), "track": self.track}
        facts["confidence"] = round(self.confidence, 4)
        if self.reason:
            facts["reason"] = self.reason
        if self.sign_s is not None:
            facts["sign_s"] = round(self.sign_s, 3)
        return facts


@dataclass(frozen=True, eq=False)
class FrameResult:
    """The result for one picture. A film's are its trace, from which `decide.incidents.decide` derives falls and notices.

    Attributes:
        time: s.
        people: those seen in the picture.
        scores: probability of a fall (0..1) by person's number, of the windows that end here; for boxes the share of each person seen.
        height, width: of the picture, pixels.
        notices: empty in a trace that has not been decided.
        unjudged: why the time since the last picture cannot be judged, a line of `runtime.coverage`; "" where it can.
    """

    time: float
    people: tuple[TrackedPerson, ...]
    scores: dict[int, float]
    height: int
    width: int
    notices: tuple[Notice, ...] = ()
    unjudged: str = ""


@dataclass
class Fall:
    """One detected fall; times in s of the film.

    Attributes:
        track: number of the person who falls.
        start_s: centre of the first window that counts, the film's first picture at the earliest; for boxes, and for "lying", the time at
            which the person went down.
        raised_s: time of the picture in which a live camera raises it: its first sign is confirmed.
        peak_s: centre of the window with the highest probability.
        confidence: that probability, 0..1; 0 for "lying", of which a model says nothing.
        still_down_s: time at which "still down" was reached; None if not (yet).
        up_s: time at which the person had got up; None if not (yet).
        sign_s: time of the picture with the first sign; left out, `raised_s`.
        kind: by what it was found first.
    """

    track: int
    start_s: float
    raised_s: float
    peak_s: float
    confidence: float
    still_down_s: float | None = None
    up_s: float | None = None
    sign_s: float = math.nan
    kind: FallKind = "fall"

    def __post_init__(self) -> None:
        """Fill in the time of the sign."""
        self.sign_s = self.raised_s if math.isnan(self.sign_s) else self.sign_s

    @property
    def state(self) -> FallState:
        """The state reached so far."""
        return "got up" if self.up_s is not None else "possible fall" if self.still_down_s is None else "still down"

    def to_json(self) -> dict[str, Any]:
        """Return the attributes and the state as plain values, times to the millisecond."""
        named = {name: round(value, 3) if isinstance(value, float) else value for name, value in vars(self).items()}
        return named | {"state": self.state}


@dataclass(frozen=True, eq=False)
class AnalysisResult:
    """The result for a whole film.

    Attributes:
        verdict: the bundle's positive class if there is a fall, else its other class; "unknown" where that cannot be said.
        falls: in the order in which they were raised.
        notices: in order of time.
        curve: (K, 3) float64: time s, person's number, probability of a fall, of each window.
        seconds: from the first picture to the last.
        pictures: number of pictures that were analysed.
    """

    verdict: Verdict
    falls: tuple[Fall, ...]
    notices: tuple[Notice, ...]
    curve: np.ndarray
    seconds: float
    pictures: int

    @property
    def label(self) -> str:
        """The label of the whole film."""
        return self.verdict.label

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dump`."""
        return {
            **self.verdict.to_json(),
            "seconds": round(self.seconds, 3),
            "pictures": self.pictures,
            "events": [fall.to_json() for fall in self.falls],
            "notices": [notice.to_json() for notice in self.notices],
        }
