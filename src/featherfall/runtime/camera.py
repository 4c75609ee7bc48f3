"""A camera that watches for falls: pictures -> poses -> people -> windows of keypoints -> model -> possible fall, still down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.decide.incidents import Fall, Incident, Person, continues
from featherfall.runtime.perceive.images import refuse_image
from featherfall.runtime.perceive.keypoints import INPUT, check_camera, row, window
from featherfall.runtime.perceive.pose import Estimator, Pose
from featherfall.runtime.sources.prefetch import ahead
from featherfall.runtime.track.poses import KEEP, Tracker
from featherfall.signals.picture_file import is_image_file
from featherfall.signals.video import Frame, read_frames

STILL_DOWN = 7.0  # s
LEAST = 1.0  # s of a window in which the person must have been seen, to be judged
GONE, EDGE = 0.2, 0.15  # s unseen, sizes from the picture's left or right edge: who has left
MIN_MOTION = 0.1  # of a person's box changes at once in a fall; of a still scene's hardly a hundredth
STALE = 1.0  # s without being seen, after which nothing new can be said about a person


@dataclass(frozen=True)
class Notice:
    """Something to tell at once.

    Attributes:
        kind: "possible fall" or "still down".
        time_s: of the picture at which it is known.
        track: the person's number.
        confidence: probability of a fall, 0..1: of the window that raised it; for "still down" the highest of the fall.
    """

    kind: Literal["possible fall", "still down"]
    time_s: float
    track: int
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """The attributes as plain values."""
        return {"kind": self.kind, "time_s": round(self.time_s, 3), "track": self.track, "confidence": round(self.confidence, 4)}


@dataclass(frozen=True, eq=False)
class Shown:
    """One person in one picture. probability: of a fall, by the last window; None before the first. is_person: it has moved."""

    track: int
    pose: Pose
    probability: float | None
    is_person: bool


@dataclass(frozen=True, eq=False)
class Seen:
    """What one picture gave. time: s; people: those seen in it; judged: probability by person's number, of the windows that ended here."""

    time: float
    people: tuple[Shown, ...]
    judged: dict[int, float]
    notices: tuple[Notice, ...]


class Watcher:
    """Judges a camera's pictures one by one, live or from a film.

    A picture leaves nothing behind but its keypoints (`pictures` holds some seconds, only where asked for).

    - Every picture nearest to a step of the model's rate is looked at. People found are given to tracks; a track that begins where
      somebody was just lost inherits that person's past.
    - Every `stride_s` the last window of each person is judged. Where a person has been seen for less than a window, the first pose is
      held; less than `LEAST` seconds are not judged.
    - A window counts when its probability reaches the bundle's threshold, the person has moved since first seen (by the fall itself, if
      not before), the picture has changed where the person was (furniture that looks like a pose does neither), and the person has
      not left over the picture's side. The first that counts is a **possible fall**; others within `merge_s`, of the same person or in the
      same place, belong to it, and so do all of a person who is known to be still down.
    - **Still down**: the person has been down since (`incidents.Incident`), `still_down_s` after the possible fall.

    Attributes:
        falls: all so far, each brought up to date.
        pictures: the last `keep_s` seconds that were looked at; none by default.
    """

    def __init__(
        self, bundle: Bundle, estimator: Estimator, *, still_down_s: float = STILL_DOWN, rate: float | None = None, keep_s: float = 0.0
    ) -> None:
        """Arguments:
            estimator: of this camera alone.
            still_down_s: s after a possible fall.
            rate: pictures looked at a second, Hz; None takes the model's.
            keep_s: s of pictures held in memory, for who wants to store what led to an alarm.

        Raises: `UserError` where the bundle is not one for cameras or a number is impossible.
        """
        check_camera(bundle.path, bundle.manifest)
        if not still_down_s > 0:
            raise UserError(f"still down after {still_down_s:g} s; give more than 0")
        self.bundle, self.estimator = bundle, estimator
        self.still_down_s, self.keep_s = still_down_s, keep_s
        self.falls: list[Fall] = []
        self.pictures: deque[Frame] = deque()
        self._form, self._decision = bundle.manifest.window, bundle.manifest.decision
        self._fall_class = bundle.manifest.labels.index(str(bundle.manifest.positive))
        self._look_rate = rate or self._form.rate
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next picture is of another film."""
        self.estimator.reset()
        self.falls = []
        self.pictures.clear()
        self._tracker = Tracker()
        self._people: dict[int, Person] = {}  # by the number of the track that shows them now
        self._incidents: list[Incident] = []
        self._last: dict[int, float] = {}  # probability by person's number
        self._first: float | None = None
        self._wanted = 0  # of the pictures
        self._step = self._form.stride  # of the grid: the next to be judged
        self._times: deque[float] = deque(maxlen=31)

    def see(self, time: float, image: np.ndarray) -> Seen | None:
        """Take a picture.

        Arguments:
            time: s, later than that of the last one.
            image: (H, W, 3) uint8 RGB.
        Returns: what it gave; None where it was not needed (the camera is faster than the model).
        """
        if not self.wants(time):
            return None
        if self.keep_s > 0:
            self.pictures.append(Frame(time, image))
            while self.pictures[0].time < time - self.keep_s:
                self.pictures.popleft()
        return self.take(time, self.estimator.estimate(image), image.shape[0], image.shape[1])

    def wants(self, time: float) -> bool:
        """Whether a picture of this time will be looked at: it is the first that is nearer to the next step than to the one before."""
        return self._first is None or round((time - self._first) * self._look_rate) >= self._wanted

    def take(self, time: float, poses: Sequence[Pose], height: int, width: int) -> Seen:
        """As `see`, of a picture whose people are known; its height and width in pixels."""
        if self._first is None:
            self._first = time
        self._wanted = round((time - self._first) * self._look_rate) + 1
        self._times.append(time)
        tracks = self._tracker.update(time, poses)
        people = self._gather(time, [track.id for track in tracks])
        judged = self._judge(time, height)
        notices = self._raise(time, judged, width)
        for incident in list(self._incidents):
            if incident.follow(time, people, self._decision.merge_s, self.still_down_s):
                notices.append(Notice("still down", time, incident.fall.track, incident.fall.confidence))
            if incident.is_over(time, self._decision.merge_s, self.still_down_s):
                self._incidents.remove(incident)
        shown = tuple(Shown(one.id, one.track.pose, self._last.get(one.id), one.is_person) for one in people)
        return Seen(time, shown, judged, tuple(notices))

    def _gather(self, time: float, seen: list[int]) -> list[Person]:
        """The people seen in this picture, in the order of their tracks; those whom nobody waits for any more are forgotten."""
        tracks = {track.id: track for track in self._tracker.tracks}
        for number in seen:
            if number in self._people:
                continue
            new = tracks[number]
            lost = [one for one in self._people.values() if one.track.id not in seen and continues(one.track, time, new.pose)]
            if lost:
                person = max(lost, key=lambda one: one.seen)
                del self._people[person.track.id]
                person.tracks.append(new)
            else:
                person = Person(number, [new])
            self._people[number] = person
        for number, person in list(self._people.items()):
            if number not in tracks and time - person.seen > KEEP:
                del self._people[number]
                self._last.pop(person.id, None)
            person.tracks = [track for track in person.tracks if track is person.track or track.seen > time - KEEP]
        return [self._people[number] for number in seen]

    def _judge(self, time: float, height: int) -> dict[int, float]:
        """Probabilities of the last windows that have ended, by person's number."""
        assert self._first is not None
        judged: dict[int, float] = {}
        step = 1 / self._form.rate
        spacing = max(step, float(np.median(np.diff(self._times))) if len(self._times) > 1 else 0.0)
        while self._first + self._step * step <= time + 0.5 * step:
            end = self._first + self._step * step
            self._step += self._form.stride
            grid = end + np.arange(1 - self._form.length, 1) * step
            windows, who = [], []
            for person in self._people.values():
                if person.seen < end - STALE:
                    continue
                times, poses = person.sightings(float(grid[0]) - spacing)
                if len(times) * spacing >= LEAST:
                    rows = np.stack([row(pose, height) for pose in poses])
                    windows.append(window(times, rows, grid, gap=2.5 * spacing, hold=0.75 * spacing))
                    who.append(person.id)
            if windows:
                found = self.bundle.probabilities({INPUT: np.stack(windows)})[:, self._fall_class]
                judged = {number: float(probability) for number, probability in zip(who, found, strict=True)}
                self._last |= judged
        return judged

    def _raise(self, time: float, judged: dict[int, float], width: int) -> list[Notice]:
        """Windows that count, to the falls they belong to; or new falls."""
        notices = []
        middle = time - self._form.seconds / 2
        by_number = {person.id: person for person in self._people.values()}
        for number, probability in judged.items():
            person = by_number[number]
            if probability < self._decision.threshold or not person.is_person or _has_left(person, time, width):
                continue
            if person.with_motion(time - self._form.seconds) < MIN_MOTION:
                continue
            mine = [one for one in self._incidents if one.goes_on(time, self._decision.merge_s) and one.is_of(person)]
            if mine:
                incident = mine[-1]
                incident.counted = time
                if probability > incident.fall.confidence:
                    incident.fall.confidence, incident.fall.peak_s = probability, middle
                continue
            fall = Fall(number, middle, time, middle, probability)
            self.falls.append(fall)
            self._incidents.append(Incident.begin(fall, person, time))
            notices.append(Notice("possible fall", time, number, probability))
        return notices


def _has_left(person: Person, time: float, width: int) -> bool:
    """Whether somebody was lost at the picture's left or right edge: the last poses before, of a body cut in two, look like anything."""
    right = float(person.track.pose.middle[0])
    return time - person.seen > GONE and min(right, width - right) < EDGE * person.track.size


@dataclass(frozen=True, eq=False)
class Watched:
    """A film, watched.

    Attributes:
        label: the bundle's name of what falls are where there is one, else its other class.
        falls: those found, by the time they were raised.
        notices: in order of time.
        curve: (K, 3) float64: time s, person's number, probability of a fall, of each window.
        seconds: from the first picture to the last.
        pictures: how many were looked at.
    """

    label: str
    falls: tuple[Fall, ...]
    notices: tuple[Notice, ...]
    curve: np.ndarray
    seconds: float
    pictures: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dump`."""
        return {
            "label": self.label,
            "seconds": round(self.seconds, 3),
            "pictures": self.pictures,
            "events": [fall.to_json() for fall in self.falls],
            "notices": [notice.to_json() for notice in self.notices],
        }


def watch_film(
    video: Video | str | Path,
    bundle: Bundle,
    estimator: Estimator,
    *,
    still_down_s: float = STILL_DOWN,
    problems: list[str] | None = None,
    on_picture: Callable[[Frame, Seen, Watcher], object] | None = None,
) -> Watched:
    """Watch a film from its beginning to its end, as a camera would live; only a few pictures are in memory.

    Arguments:
        video: or the path of a film, or of a folder of pictures that are named by their times.
        estimator: is reset.
        problems: is told what of the film is lost; None raises it.
        on_picture: called with each picture that was looked at and what it gave; for who draws.
    Raises: `UserError`, one line, for a film that cannot be read, and for a still, which shows no motion.
    """
    video = video if isinstance(video, Video) else as_video(video)
    refuse_image(bundle.manifest, video)
    watcher = Watcher(bundle, estimator, still_down_s=still_down_s)

    def looked() -> Iterator[Seen]:
        for frame in ahead(read_frames(video, rate=bundle.manifest.window.rate, problems=problems)):
            seen = watcher.see(frame.time, frame.image)
            if seen is not None:
                if on_picture is not None:
                    on_picture(frame, seen, watcher)
                yield seen

    return _sum_up(watcher, looked())


def as_video(path: str | Path) -> Video:
    """A film by its path: a file, or a folder of pictures; a picture is a still."""
    path = Path(path)
    return Video(path, images=path.is_dir() or is_image_file(path))


def replay(poses: Iterable[tuple[float, Sequence[Pose]]], height: int, width: int, watcher: Watcher) -> Watched:
    """As `watch_film`, of poses that were found before: models are compared without decoding again.

    Arguments:
        poses: time (s) and people of each picture.
        height, width: of the pictures, pixels.
    """
    watcher.reset()
    return _sum_up(watcher, (watcher.take(time, people, height, width) for time, people in poses if watcher.wants(time)))


def _sum_up(watcher: Watcher, seen: Iterable[Seen]) -> Watched:
    notices: list[Notice] = []
    curve: list[tuple[float, float, float]] = []
    times: list[float] = []
    for one in seen:
        times.append(one.time)
        notices += one.notices
        curve += [(one.time, number, probability) for number, probability in one.judged.items()]
    lasted = times[-1] - times[0] if times else 0.0
    manifest = watcher.bundle.manifest
    label = manifest.positive if watcher.falls else next(name for name in manifest.labels if name != manifest.positive)
    table = np.array(curve, dtype=np.float64).reshape(-1, 3)
    return Watched(str(label), tuple(watcher.falls), tuple(notices), table, lasted, len(times))
