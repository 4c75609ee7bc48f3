"""Make the trace of a film: tracked people and their probabilities of a fall. `runtime.decide` derives falls from it."""

from __future__ import annotations

from collections import deque
from typing import Protocol, cast

import numpy as np

from featherfall.runtime.bundle import Bundle
from featherfall.runtime.coverage import NO_NUMBERS
from featherfall.runtime.observation import FrameResult, Observation, Sighting, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.keypoints import INPUT, check_camera, row, window
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.track.boxes import BoxCost, FallenShare
from featherfall.runtime.track.people import People, Person
from featherfall.runtime.track.poses import PoseCost
from featherfall.runtime.track.tracker import Track, Tracker

BOX_RATE = 10.0  # pictures a second for detectors: a fall takes .6 to 1 s, and shares are smoothed over .3 s
MIN_SEEN = 1.0  # s of a window in which the person must have been seen: with less, most of the window would repeat the first pose
# Of the window's rate: 3 pictures a second at 15 Hz. Of 15 simulated falls 14 were found with every third and every fifth picture, 13 with
# every seventh, and about 7 at 1 Hz.
LEAST_SHARE = 1 / 5
LEAST_BOX_RATE = 2.0  # pictures a second: a step longer than `evidence.GAP` counts as unseen
STEP_SLACK = 1.05  # of the longest step: a camera's clock jitters
STALE = 1.0  # s unseen after which a person has no new windows: a track that is continued later may be another person's


class Tracer(Protocol):
    """Turn the observations of one film, in order of time, into its trace.

    Attributes:
        rate: pictures a second that it takes, Hz.
        least_rate: pictures a second below which it cannot judge, Hz.
    """

    rate: float
    least_rate: float

    def follow(self, seen: Observation) -> FrameResult:
        """Take the people of the next picture; return its result."""


class PoseTracer:
    """Poses -> tracks -> people -> windows of keypoints -> the bundle's probabilities.

    Every `stride_s` the last window of each person is classified. Where a person has been seen for less than a window, the first pose is
    held; people seen for less than `MIN_SEEN` seconds of it have no window.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Raises `UserError` where the bundle is not one for cameras."""
        check_camera(bundle.path, bundle.manifest)
        self.rate = bundle.manifest.window.rate
        self.least_rate = self.rate * LEAST_SHARE
        self._bundle, self._form = bundle, bundle.manifest.window
        self._fall_class = bundle.manifest.labels.index(str(bundle.manifest.positive))
        self._tracker: Tracker[Pose] = Tracker(PoseCost())
        self._people = People()
        self._last: dict[int, float] = {}  # probability by person's number
        self._first = 0.0  # s, of the first picture
        self._step = self._form.stride  # of the grid of samples: where the next window ends
        self._unjudged = ""  # why the last windows have no probability
        self._times: deque[float] = deque(maxlen=31)  # of pictures, to know the camera's spacing: two seconds at 15 Hz

    def follow(self, seen: Observation) -> FrameResult:
        """As `Tracer.follow`, of poses."""
        if not self._times:
            self._first = seen.time
        self._times.append(seen.time)
        tracks = self._tracker.update(seen.time, cast(tuple[Pose, ...], seen.people))
        people = self._people.update(seen.time, tracks, self._tracker.tracks)
        scores = self._classify(seen.time, seen.height)
        known = {person.id for person in self._people}
        self._last = {number: score for number, score in (self._last | scores).items() if number in known}
        shown = tuple(_tracked(one.id, one.track, self._last.get(one.id), one.is_person) for one in people)
        return FrameResult(seen.time, shown, scores, seen.height, seen.width, unjudged=self._unjudged)

    def _classify(self, time: float, height: int) -> dict[int, float]:
        """Return the probabilities of the last windows that have ended, by person's number."""
        scores: dict[int, float] = {}
        step = 1 / self._form.rate
        spacing = max(step, float(np.median(np.diff(self._times))) if len(self._times) > 1 else 0.0)
        while self._first + self._step * step <= time + 0.5 * step:
            end = self._first + self._step * step
            self._step += self._form.stride
            grid = end + np.arange(1 - self._form.length, 1) * step
            windows = {}
            for person in self._people:
                values = self._window(person, grid, spacing, height)
                if values is not None:
                    windows[person.id] = values
            if windows and spacing <= STEP_SLACK / self.least_rate:
                found = self._bundle.probabilities({INPUT: np.stack(list(windows.values()))})[:, self._fall_class]
                scores = {
                    number: float(probability) for number, probability in zip(windows, found, strict=True) if np.isfinite(probability)
                }
                self._unjudged = "" if scores else NO_NUMBERS
        return scores

    @staticmethod
    def _window(person: Person, grid: np.ndarray, spacing: float, height: int) -> np.ndarray | None:
        if person.seen < grid[-1] - STALE:
            return None
        times, poses = person.sightings(float(grid[0]) - spacing)
        if len(times) * spacing < MIN_SEEN:
            return None
        # Up to two missing pictures are interpolated, since a body moves evenly enough in between; longer gaps stay gaps. A camera's jitter
        # must not end a window early, so the last pose is held for three quarters of a step.
        return window(times, np.stack([row(pose, height) for pose in poses]), grid, gap=2.5 * spacing, hold=0.75 * spacing)


class BoxTracer:
    """A detector's boxes -> tracks -> the smoothed share of the fall class of each."""

    rate = BOX_RATE
    least_rate = LEAST_BOX_RATE

    def __init__(self) -> None:
        self._tracker: Tracker[PersonBox] = Tracker(BoxCost())
        self._share = FallenShare()

    def follow(self, seen: Observation) -> FrameResult:
        """As `Tracer.follow`, of boxes, best first."""
        tracks = self._tracker.update(seen.time, cast(tuple[PersonBox, ...], seen.people))
        scores = {track.id: self._share.update(track) for track in tracks}
        self._share.keep(self._tracker.tracks)
        # Detectors learn not to find people in furniture, so people need not move first.
        shown = tuple(_tracked(track.id, track, scores[track.id], True) for track in tracks)
        return FrameResult(seen.time, shown, scores, seen.height, seen.width)


def _tracked(number: int, track: Track[Pose] | Track[PersonBox], probability: float | None, is_person: bool) -> TrackedPerson:
    last: Sighting = track.last
    return TrackedPerson(number, last, probability, is_person, track.born, track.start, track.size)


def tracer(bundle: Bundle) -> Tracer:
    """Return a new tracer for one film; raises `UserError` where the bundle is neither a camera's nor a detector's."""
    return BoxTracer() if bundle.manifest.kind == "detector" else PoseTracer(bundle)
