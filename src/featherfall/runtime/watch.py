"""Watch a camera or a film: pictures -> people -> trace -> falls and notices."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, Unpack, cast

import numpy as np

from featherfall.core.recording import Video
from featherfall.core.text import clock_time
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.coverage import BLANK, FROZEN, MIN_PERSON, NO_NUMBERS, NOBODY, TOO_SHORT, TOO_SMALL, Alertness, Coverage, too_few
from featherfall.runtime.decide.confirm import WAIT
from featherfall.runtime.decide.incidents import CLOSE_AFTER, CameraOptions, Decider, DecisionSettings
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.observation import AnalysisResult, Fall, FrameResult, Notice, Observation, Sighting
from featherfall.runtime.perceive.blank import PictureWatch
from featherfall.runtime.perceive.detector import BoxDetector, NoNumbersError
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.perceive.idle import IdlePictures
from featherfall.runtime.perceive.images import refuse_image
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.perceive.turn_check import Looks, TurnCheck
from featherfall.runtime.sources.film import as_video
from featherfall.runtime.sources.prefetch import prefetch
from featherfall.runtime.trace import STEP_SLACK, tracer
from featherfall.runtime.verdict import Verdict, give_verdict
from featherfall.signals.picture_steps import picture_step
from featherfall.signals.video import Frame, read_frames, reading_notes


class Perception(Protocol):
    """Find people in the pictures of one film: a pose estimator (`perceive.pose.Estimator`) or a `BoxDetector`."""

    def estimate(self, image: np.ndarray) -> Sequence[Sighting]:
        """Return the people in a picture, (H, W, 3) uint8 RGB."""

    def reset(self) -> None:
        """Forget the people seen so far: the next picture is of another film."""


class Monitor:
    """Watch one camera, picture by picture, live or from a film.

    - The first picture of each step of the tracer's rate is analysed (`picture_steps`; 15 Hz for keypoints, 10 for detectors).
    - The people in it are tracked, and their windows are classified (`runtime.trace`).
    - Falls and notices follow from that trace alone (`runtime.decide.incidents`).

    Pictures are not stored, except the last `keep_s` seconds in `pictures`, if set.

    Attributes:
        settings: decision settings of the trace.
        perception: pose estimator or detector.
        rate: pictures analysed a second, Hz.
        pictures: analysed pictures of the last `keep_s` seconds; none by default.
        idle: number of pictures that were not looked at, see `skip_idle`.
    """

    def __init__(
        self,
        bundle: Bundle,
        perception: Perception | None = None,
        *,
        rate: float | None = None,
        keep_s: float = 0.0,
        skip_idle: bool = False,
        **options: Unpack[CameraOptions],
    ) -> None:
        """Arguments:
            bundle: a camera's (keypoints) or a detector's.
            perception: of this camera alone; None takes the default pose estimator, or the detector itself.
            rate: pictures analysed a second, Hz; None takes what the bundle needs.
            keep_s: s of pictures held in memory, e.g. to store the seconds before an alarm.
            skip_idle: take pictures in which nothing has changed, a while after somebody was last seen, as without anybody and do not look
                at them (`perceive.idle`).
            options: `still_down_s`, `lies_for_s` and `zones`, see `DecisionSettings`.

        Raises: `UserError` for another bundle, an impossible number, or absent weights.
        """
        self.bundle = bundle
        self.settings = DecisionSettings.of(bundle.manifest, **options)
        self.pictures: deque[Frame] = deque()
        self._keep, self._skip_idle = keep_s, skip_idle
        self._begin()
        self.rate = rate or self._tracer.rate
        self.perception: Perception = perception or (BoxDetector(bundle) if self.settings.kind == "boxes" else open_estimator())

    def _begin(self) -> None:
        self._tracer, self._decider = tracer(self.bundle), Decider(self.settings)
        self._watch, self._alertness = PictureWatch(), Alertness()
        self._idle = IdlePictures(CLOSE_AFTER * self.settings.still_down_s) if self._skip_idle else None
        self.idle = 0
        self._last: float | None = None  # time of the last analysed picture, s
        self._first: float | None = None
        self._step = -1  # of the last analysed picture

    @property
    def falls(self) -> list[Fall]:
        """All falls so far, each with its latest state."""
        return self._decider.falls

    def change_zones(self, zones: Sequence[Zone]) -> None:
        """Take other beds and sofas from the next picture on; people are followed as before."""
        self.settings = replace(self.settings, zones=tuple(zones))
        self._decider.change_zones(zones)

    def finish(self) -> list[Notice]:
        """Take the end of the pictures; return the notices of signs that cannot be confirmed any more."""
        return self._decider.finish()

    def unsettled(self, time: float) -> tuple[float, str] | None:
        """Return since when (s), and what, a film that ends at a time (s) leaves open: perhaps a fall; None for nothing."""
        return self._decider.unsettled(time)

    @property
    def upright_for(self) -> float:
        """Seconds for which the only person in view has been upright, see `Decider.upright_for`."""
        return 0.0 if self._last is None else self._decider.upright_for(self._last)

    def reset(self) -> None:
        """Forget everything: the next picture is of another film."""
        self.perception.reset()
        self.pictures.clear()
        self._begin()

    def wants(self, time: float) -> bool:
        """Return whether a picture at this time (s) will be analysed, as of a film (`picture_step`)."""
        return self._first is None or picture_step(time, self._first, self.rate) > self._step

    def see(self, time: float, image: np.ndarray) -> FrameResult | None:
        """Take a picture.

        Arguments:
            time: s, later than that of the last one.
            image: (H, W, 3) uint8 RGB.
        Returns: its result; None where it is not analysed (the camera is faster than the model needs).
        """
        if not self.wants(time):
            return None
        if self._keep > 0:
            self.pictures.append(Frame(time, image))
            while self.pictures[0].time < time - self._keep:
                self.pictures.popleft()
        blank, frozen = self._watch.step(time, image)
        reason = BLANK if blank else FROZEN if frozen else ""
        people: Sequence[Sighting] = ()
        if self._idle is not None and self._idle.is_idle(time, image):
            self.idle += 1
        else:
            try:
                people = self.perception.estimate(image)
            except NoNumbersError:
                reason = NO_NUMBERS
        if self._idle is not None and people:
            self._idle.saw_people(time)
        return self.take(Observation(time, tuple(people), image.shape[0], image.shape[1]), reason)

    def take(self, seen: Observation, reason: str = "") -> FrameResult:
        """Take a picture whose people are already found; return its result. reason: why it cannot be judged, "" where it can."""
        self._first = seen.time if self._first is None else self._first
        self._step = picture_step(seen.time, self._first, self.rate)
        slow = self._last is not None and seen.time - self._last > self.longest_step
        self._last = seen.time
        result = self._tracer.follow(seen)
        reason = reason or (too_few(self._tracer.least_rate) if slow else result.unjudged)
        notices = (*self._decider.step(result), *self._alertness.step(seen.time, reason))
        return replace(result, notices=notices, unjudged=reason)

    @property
    def longest_step(self) -> float:
        """Seconds between two pictures, above which a fall between them can be missed."""
        return STEP_SLACK / self._tracer.least_rate


def watch_film(
    video: Video | str | Path,
    bundle: Bundle,
    perception: Perception | None = None,
    *,
    problems: list[str] | None = None,
    on_picture: Callable[[Frame, FrameResult, Monitor], object] | None = None,
    **options: Unpack[CameraOptions],
) -> AnalysisResult:
    """Watch a film from start to end as a live camera would; only a few pictures are in memory.

    Arguments:
        video: a `Video`, the path of a film, or of a folder of pictures that are named by their times.
        bundle, perception: as `Monitor`'s; perception is reset.
        problems: receives one line for each part of the film that is lost; None raises it.
        on_picture: called with each picture that was analysed, its result and the monitor, e.g. to draw.
        options: `still_down_s`, `lies_for_s` and `zones`, as `Monitor`'s.
    Raises: `UserError`, one line, for a film that cannot be read, and for a single picture where keypoints need motion.
    """
    video = as_video(video)
    refuse_image(bundle.manifest, video)
    monitor = Monitor(bundle, perception, **options)
    monitor.reset()

    lost: list[tuple[float, float]] = []
    check = TurnCheck() if monitor.settings.kind == "keypoints" else None

    def results() -> Iterator[FrameResult]:
        for frame in prefetch(read_frames(video, rate=monitor.rate, problems=problems, lost=lost)):
            result = monitor.see(frame.time, frame.image)
            if result is not None:
                if check is not None:
                    check.add(frame.time, frame.image, [one.sighting for one in result.people if isinstance(one.sighting, Pose)])
                if on_picture is not None:
                    on_picture(frame, result, monitor)
                yield result

    return _sum_up(monitor, results(), lost, reading_notes(video), check)


def replay(
    observations: Iterable[Observation], monitor: Monitor, on_result: Callable[[FrameResult], object] | None = None
) -> AnalysisResult:
    """Return the result for people that were found before, e.g. to compare bundles without decoding films or finding people again.

    The monitor is reset. on_result: called with each picture's result.
    """
    monitor.reset()

    def results() -> Iterator[FrameResult]:
        for one in observations:
            if monitor.wants(one.time):
                result = monitor.take(one)
                if on_result is not None:
                    on_result(result)
                yield result

    return _sum_up(monitor, results())


def _sum_up(
    monitor: Monitor,
    results: Iterable[FrameResult],
    lost: Sequence[tuple[float, float]] = (),
    notes: Sequence[str] = (),
    check: TurnCheck | None = None,
) -> AnalysisResult:
    """Return the result of a film.

    Arguments:
        lost: see `read_frames`; check: whether the film is turned. Both are complete after the last of `results`.
        notes: on how the film was read.
    """
    coverage = Coverage()
    notices: list[Notice] = []
    rows: list[np.ndarray] = []  # not the results themselves, so that a long film's poses do not stay in memory
    for one in results:
        coverage.add(one)
        notices += one.notices
        rows.append(curve([one]))
    notices += monitor.finish()
    seconds, end = coverage.seconds, coverage.last
    coverage.add_lost(lost)
    turn = check.needed_turn(cast(Looks, monitor.perception)) if check is not None and coverage.share > 0 else 0
    return AnalysisResult(
        verdict=film_verdict(monitor, coverage, end, notes, turn),
        falls=tuple(monitor.falls),
        notices=tuple(notices),
        curve=np.concatenate([curve([]), *rows]),
        seconds=seconds,
        pictures=coverage.pictures,
    )


def film_verdict(monitor: Monitor, coverage: Coverage, end: float, notes: Sequence[str] = (), turn: int = 0) -> Verdict:
    """Return the verdict on a film: the positive class where there is a fall, else the bundle's other class, if that can be said.

    Arguments:
        coverage: of all its pictures, what is lost included. end: time of the last picture, s.
        notes: on how the film was read, which go before the reasons.
        turn: that the film seems to need, degrees; 0 for none.
    """
    manifest, falls = monitor.bundle.manifest, monitor.falls
    reasons = [*notes, *coverage.reasons()]
    label: str | None = str(manifest.positive) if falls else next(name for name in manifest.labels if name != manifest.positive)
    if not falls and coverage.share > 0 and not coverage.windows:
        label = None
        reasons.append(TOO_SHORT if coverage.peopled else NOBODY)
    if coverage.small > coverage.peopled / 2:
        label = label if falls else None
        reasons.append(TOO_SMALL.format(MIN_PERSON))
    if turn:
        label = label if falls else None
        reasons.append(
            f"people look upright only when the film is turned: if it lies on its side or stands on its head, use --rotate {turn}"
        )
    for fall in falls:
        if fall.state == "possible fall" and end < fall.sign_s + monitor.settings.still_down_s:
            unsettled = "gets up at once" if fall.raised_s < fall.sign_s + WAIT and fall.kind == "fall" else "stays down"
            reasons.append(
                f"the film ends {max(end - fall.sign_s, 0.0):.1f} s after the possible fall at {clock_time(max(fall.sign_s, 0.0))}: "
                f"whether the person {unsettled} cannot be judged"
            )
    left_open = None if falls else monitor.unsettled(end)
    if left_open is not None:
        since, what = left_open
        label = None
        reasons.append(f"the film ends {end - since:.1f} s after {what}: whether this is a fall cannot be judged")
    return give_verdict(label, bool(falls), coverage.share, reasons)


def curve(trace: Iterable[FrameResult]) -> np.ndarray:
    """Return (K, 3) float64: time s, person's number, probability of a fall, of each window."""
    rows = [(one.time, number, probability) for one in trace for number, probability in one.scores.items()]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)
