"""Check whether a camera can be used: its speed, its light, how it hangs, and whether people are seen whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.recording import Video
from featherfall.runtime.coverage import MIN_PERSON
from featherfall.runtime.perceive.blank import is_blank
from featherfall.runtime.perceive.pose import Estimator, Pose
from featherfall.runtime.perceive.turn_check import TurnCheck
from featherfall.runtime.sources.prefetch import prefetch
from featherfall.runtime.trace import STEP_SLACK
from featherfall.runtime.verdict import percent_of
from featherfall.signals.video import read_frames

LONGEST = 60.0  # s of a film that are looked at: somebody walks through a room in less
_RATE = 15.0  # pictures looked at a second: the estimator follows people at the rate it was made for

MISSING = 0.1  # share of the time between pictures that are too far apart: one reconnection of a camera is no fault

# Gray levels of 255, of the brightest twentieth of a picture. Real rooms by day have 220 and more, by a night camera's lamp 150. In
# real pictures made darker MoveNet scores .5 at 30 and .4 at 20 (.6 by day), and finds nobody at 14.
DARK = 30.0
# Degrees. Postures are measured along the picture's vertical, and from about 20 on everybody seems low (docs/explanation/camera.md).
TILTED = 15.0
_LEANS = 60.0  # degrees; somebody whose trunk leans by more bends down or lies, and says nothing about the camera
# Shares of the pictures with people: of a walk through the room, half shows the person whole; cut off by furniture or the edge it is less.
WHOLE = 0.25
_SEEN = 0.2  # score of a joint that is seen, as for the region where a person is sought (`perceive.crop`)
_LEAST = 8  # pictures with a person, half a second: with fewer nothing about people is said

_HEAD, _SHOULDERS, _HIPS, _ANKLES = [0, 1, 2, 3, 4], [5, 6], [11, 12], [15, 16]  # of `core.skeletons.COCO_17`


@dataclass(frozen=True)
class CameraFinding:
    """One thing that was checked: its name, whether it is as it must be, and a line that says what was found, and the mend."""

    name: str
    good: bool
    line: str


class CameraCheck:
    """What a camera shows, picture by picture."""

    def __init__(self, least_rate: float) -> None:
        """least_rate: pictures a second that the model needs, Hz."""
        self._least_rate = least_rate
        self._times: list[float] = []
        self._bright: list[float] = []
        self._blank = 0
        self._poses: list[tuple[Pose, int, int]] = []  # the clearest of each picture, the picture's height and width
        self._turn = TurnCheck()

    def add(self, time: float, image: np.ndarray, poses: Sequence[Pose]) -> None:
        """Take a picture, (H, W, 3) uint8, at a later time (s), and the people found in it."""
        self._times.append(time)
        self._bright.append(float(np.percentile(image[::4, ::4].max(axis=2), 95)))
        self._blank += is_blank(image)
        if poses:
            self._poses.append((max(poses, key=lambda pose: pose.score), *image.shape[:2]))
        self._turn.add(time, image, poses)

    def findings(self, estimator: Estimator) -> list[CameraFinding]:
        """Return what was found: speed and light, and where pictures can be seen how the camera hangs and whom it shows."""
        light = self._light()
        out = [self._speed(), light]
        if not light.good:
            return out
        turn = self._turn.needed_turn(estimator)
        lies = f"lies on its side or stands on its head: turn it, or use --rotate {turn}"
        out.append(CameraFinding("turned", not turn, lies if turn else "not turned"))
        return out if turn else [*out, self._level(), self._view()]

    def _speed(self) -> CameraFinding:
        steps = np.diff(self._times)
        rate = 1 / float(np.median(steps)) if len(steps) else 0.0
        shown = f"{rate:.1f} pictures a second are looked at" if rate else "one picture"
        if rate * STEP_SLACK < self._least_rate:
            return CameraFinding("speed", False, f"{shown}: too few, set the camera to {self._least_rate:g} or more")
        missing = float(steps[steps > STEP_SLACK / self._least_rate].sum()) / (self._times[-1] - self._times[0])
        if missing > MISSING:
            line = f"{shown}, but {percent_of(missing)} of the time is without: check the network and the power supply"
            return CameraFinding("speed", False, line)
        return CameraFinding("speed", True, shown)

    def _light(self) -> CameraFinding:
        if self._blank > len(self._times) / 2:
            return CameraFinding("light", False, "the pictures show nothing: uncover the lens, or light the room")
        bright = float(np.median(self._bright))
        if bright < DARK:
            return CameraFinding("light", False, f"too dark (brightest places {bright:.0f} of 255): light the room, or use infrared light")
        return CameraFinding("light", True, f"light enough (brightest places {bright:.0f} of 255)")

    def _level(self) -> CameraFinding:
        leans = [lean for pose, _, _ in self._poses if (lean := trunk_lean(pose)) is not None and abs(lean) < _LEANS]
        if len(leans) < _LEAST:
            return CameraFinding("level", True, "nobody was upright for long enough to tell whether it is level")
        lean = float(np.median(leans))
        if abs(lean) < TILTED:
            return CameraFinding("level", True, f"level to {max(abs(lean), 1):.0f} degrees")
        way = "counter-clockwise" if lean > 0 else "clockwise"
        return CameraFinding(
            "level", False, f"tilted: people lean by {abs(lean):.0f} degrees; turn the camera {way} until doors stand upright"
        )

    def _view(self) -> CameraFinding:
        if len(self._poses) < _LEAST:
            return CameraFinding("view", False, "nobody in full view: let somebody walk through the room while it films")
        size = float(np.median([pose.size for pose, _, _ in self._poses]))
        if size < MIN_PERSON:
            return CameraFinding("view", False, f"people are {size:.0f} pixels tall, and {MIN_PERSON:g} are needed: move the camera nearer")
        whole = float(np.mean([in_full_view(*one) for one in self._poses]))
        if whole < WHOLE:
            return CameraFinding("view", False, "nobody in full view (head or feet are hidden or out of the picture): move the camera back")
        return CameraFinding("view", True, f"people in full view in {100 * whole:.0f}% of the pictures with people, {size:.0f} pixels tall")


def trunk_lean(pose: Pose) -> float | None:
    """Return by how much the trunk leans to the right, degrees from upright, -180 to 180; None where it is not seen."""
    if not (pose.scores[_SHOULDERS] > _SEEN).all() or not (pose.scores[_HIPS] > _SEEN).all():
        return None
    right, down = pose.joints[_SHOULDERS].mean(axis=0) - pose.joints[_HIPS].mean(axis=0)
    return float(np.degrees(np.arctan2(right, -down)))


def in_full_view(pose: Pose, height: int, width: int) -> bool:
    """Return whether head, hips and feet of a person are seen within the picture."""
    inside = ((pose.joints >= 0) & (pose.joints < (width, height))).all(axis=1) & (pose.scores > _SEEN)
    return all(bool(inside[part].any()) for part in (_HEAD, _HIPS, _ANKLES))


def check_camera_film(video: Video, estimator: Estimator, least_rate: float) -> list[CameraFinding]:
    """Return what the first minute of a film says about its camera.

    Arguments:
        estimator: it is reset.
        least_rate: pictures a second that the model needs, Hz.
    Raises: `UserError` for a film that cannot be read.
    """
    check = CameraCheck(least_rate)
    estimator.reset()
    first: float | None = None
    for frame in prefetch(read_frames(video, rate=_RATE, problems=[])):
        first = frame.time if first is None else first
        if frame.time > first + LONGEST:
            break
        check.add(frame.time, frame.image, estimator.estimate(frame.image))
    return check.findings(estimator)
