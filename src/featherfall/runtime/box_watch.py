"""A camera that watches for falls with a detector: pictures -> boxes -> tracks -> possible fall, still down.

A detector says what somebody looks like in one picture; a fall is a change. Only who was up and is down a moment later has fallen; who lies
from first sight on (in bed) has not, whatever the detector says of one picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.camera import STILL_DOWN, Notice, Seen, Shown, Watched, as_video
from featherfall.runtime.decide.incidents import Fall
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.sources.prefetch import ahead
from featherfall.runtime.track.boxes import BoxTrack, BoxTracker
from featherfall.signals.video import Frame, read_frames

RATE = 10.0  # pictures looked at a second
SMOOTH = 0.3  # s, time constant of the share that looks fallen
WAS_UP = 0.8  # s seen up, in all, before somebody can fall
DOWN_FOR = 0.5  # s on end down, from which it counts
CHANGE = 3.0  # s, the longest from having been up to being down
SUNK = 0.2  # of the body's height while up: how much lower the box's top or middle must be than it was
UP_AGAIN = 1.0  # s on end up, from which somebody has got up


@dataclass(eq=False)
class Watch:
    """What is known of one track.

    Attributes:
        share: smoothed, 0..1: how far the detector takes the person for fallen.
        up_for: s seen up, in all. down_since: s, when the person went down; None while up.
        was_up: s, when last seen up; height, top, middle: of the box then (fractions of the picture), the median of the last second.
        fall: the one that is watched.
    """

    track: BoxTrack
    share: float = 0.0
    up_for: float = 0.0
    was_up: float = -np.inf
    up_since: float | None = None
    down_since: float | None = None
    height: float = 0.0
    top: float = 0.0
    middle: float = 0.0
    fall: Fall | None = None
    last: float = 0.0
    recent: list[tuple[float, float, float]] = field(default_factory=list)  # time, top, bottom while up


class BoxWatcher:
    """Judges a camera's pictures one by one, live or from a film; as `runtime.camera.Watcher`, but by a detector.

    - Every picture nearest to a step of `RATE` is looked at; people found are given to tracks.
    - Per track the share fall / (fall + other) of the scores is smoothed over `SMOOTH` seconds; .5 divides up from down.
    - A **possible fall**: down for `DOWN_FOR` seconds, after having been up (`WAS_UP` seconds in all) no more than `CHANGE` seconds before
      it went down, and the box has sunk by `SUNK` of the height it had.
    - **Still down**: still so `still_down_s` after; **got up**: up for `UP_AGAIN` seconds on end.

    Attributes:
        falls: all so far, each brought up to date.
    """

    def __init__(self, detector: BoxDetector, *, still_down_s: float = STILL_DOWN, rate: float = RATE) -> None:
        """Raises `UserError` for an impossible number."""
        if not still_down_s > 0:
            raise UserError(f"still down after {still_down_s:g} s; give more than 0")
        self.detector, self.still_down_s, self._rate = detector, still_down_s, rate
        self._positive = detector.labels.index(detector.positive)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next picture is of another film."""
        self.falls: list[Fall] = []
        self._tracker: BoxTracker | None = None
        self._watched: dict[int, Watch] = {}
        self._first: float | None = None
        self._wanted = 0

    def wants(self, time: float) -> bool:
        """Whether a picture of this time will be looked at."""
        return self._first is None or round((time - self._first) * self._rate) >= self._wanted

    def see(self, time: float, image: np.ndarray) -> Seen | None:
        """Take a picture, (H, W, 3) uint8 RGB, of a time (s) later than that of the last one; None where it was not needed."""
        if not self.wants(time):
            return None
        return self.take(time, self.detector.detect(image), image.shape[0], image.shape[1])

    def take(self, time: float, found: list[Found], height: int, width: int) -> Seen:
        """As `see`, of a picture whose people are known; its height and width in pixels."""
        if self._first is None:
            self._first = time
            self._tracker = BoxTracker(width / height)
        assert self._tracker is not None
        self._wanted = round((time - self._first) * self._rate) + 1
        tracks = self._tracker.update(time, found)
        notices: list[Notice] = []
        judged: dict[int, float] = {}
        shown = []
        for track in tracks:
            watch = self._watched.setdefault(track.id, Watch(track, last=time))
            notices += self._look(watch, time)
            judged[track.id] = watch.share
            shown.append(Shown(track.id, _as_pose(track.last, height, width), watch.share, True))
        self._watched = {number: watch for number, watch in self._watched.items() if watch.track in self._tracker.tracks}
        return Seen(time, tuple(shown), judged, tuple(notices))

    def _look(self, watch: Watch, time: float) -> list[Notice]:
        """Take up one track's sighting."""
        found = watch.track.last
        fall = found.scores[self._positive]
        now = fall / max(sum(found.scores), 1e-9)
        step = min(time - watch.last, 0.5)
        first = watch.track.born == time
        watch.share = now if first else watch.share + (now - watch.share) * (1 - float(np.exp(-step / SMOOTH)))
        watch.last = time
        return self._down(watch, time) if watch.share >= 0.5 else self._up(watch, time, step)

    def _up(self, watch: Watch, time: float, step: float) -> list[Notice]:
        top, bottom = watch.track.last.box[1], watch.track.last.box[3]
        watch.up_for += step
        watch.was_up, watch.down_since = time, None
        watch.up_since = time if watch.up_since is None else watch.up_since
        watch.recent = [row for row in watch.recent if row[0] > time - 1.0] + [(time, top, bottom)]
        tops, bottoms = (float(np.median([row[i] for row in watch.recent])) for i in (1, 2))
        watch.top, watch.middle, watch.height = tops, (tops + bottoms) / 2, bottoms - tops
        if watch.fall is not None and time - watch.up_since >= UP_AGAIN:
            watch.fall.up_s, watch.fall = time, None
        return []

    def _down(self, watch: Watch, time: float) -> list[Notice]:
        watch.up_since = None
        watch.down_since = time if watch.down_since is None else watch.down_since
        if watch.fall is not None:
            if watch.share > watch.fall.confidence:
                watch.fall.confidence, watch.fall.peak_s = watch.share, time
            if watch.fall.still_down_s is None and time - watch.fall.raised_s >= self.still_down_s:
                watch.fall.still_down_s = time
                return [Notice("still down", time, watch.track.id, watch.fall.confidence)]
            return []
        if time - watch.down_since < DOWN_FOR or watch.up_for < WAS_UP or watch.down_since - watch.was_up > CHANGE:
            return []
        top, bottom = watch.track.last.box[1], watch.track.last.box[3]
        sunk = max(top - watch.top, (top + bottom) / 2 - watch.middle)
        if sunk < SUNK * watch.height:
            return []
        watch.fall = Fall(watch.track.id, watch.down_since, time, time, watch.share)
        self.falls.append(watch.fall)
        return [Notice("possible fall", time, watch.track.id, watch.share)]


def _as_pose(found: Found, height: int, width: int) -> Pose:
    """A box as a pose whose joints nobody knows."""
    left, top, right, bottom = np.asarray(found.box, np.float32) * (width, height, width, height)
    middle = np.asarray([(left + right) / 2, (top + bottom) / 2], np.float32)
    return Pose(np.tile(middle, (17, 1)), np.zeros(17, np.float32), np.asarray([left, top, right, bottom], np.float32))


def watch_boxes(
    video: Video | str | Path,
    detector: BoxDetector,
    *,
    still_down_s: float = STILL_DOWN,
    problems: list[str] | None = None,
    on_picture: Callable[[Frame, Seen, BoxWatcher], object] | None = None,
) -> Watched:
    """Watch a film from its beginning to its end; arguments and errors as `runtime.camera.watch_film`."""
    video = video if isinstance(video, Video) else as_video(video)
    watcher = BoxWatcher(detector, still_down_s=still_down_s)
    notices: list[Notice] = []
    curve: list[tuple[float, float, float]] = []
    times: list[float] = []
    for frame, seen in _looked(watcher, video, problems):
        if on_picture is not None:
            on_picture(frame, seen, watcher)
        times.append(seen.time)
        notices += seen.notices
        curve += [(seen.time, float(number), share) for number, share in seen.judged.items()]
    return Watched(
        label=detector.positive if watcher.falls else next(name for name in detector.labels if name != detector.positive),
        falls=tuple(watcher.falls),
        notices=tuple(notices),
        curve=np.asarray(curve, np.float64).reshape(-1, 3),
        seconds=times[-1] - times[0] if times else 0.0,
        pictures=len(times),
    )


def _looked(watcher: BoxWatcher, video: Video, problems: list[str] | None) -> Iterator[tuple[Frame, Seen]]:
    for frame in ahead(read_frames(video, rate=watcher._rate, problems=problems)):
        seen = watcher.see(frame.time, frame.image)
        if seen is not None:
            yield frame, seen
