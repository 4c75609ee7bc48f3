"""Whether an alarm is of the person who fell: its track must lie where the film's pictures change, not on furniture beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.core.recording import Video
from featherfall.runtime.observation import Fall, FrameResult
from featherfall.signals.video import read_frames

# Films of one person only (URFD, UP-Fall): whatever moves is the person.
_HEIGHT = 120  # pixels to which pictures are made smaller: noise is averaged, a limb is still some pixels wide
_RATE = 7.5  # pictures a second: a fall of .6 s is seen in four
_CHANGED = 30.0  # gray levels of 255, darkest to brightest; noise and exposure stay below 15, a body before a wall above 40
_MARGIN = 0.1  # sizes by which a pose's box is enlarged for what lies beyond the joints: hair, hands, feet
# Share of the changed place that the track must cover. In 50 real falls the track covers .9 and more in 44, .54 where others move behind
# glass; an alarm on that glass covers .18.
ON_PERSON = 0.5
LOOK_BACK_S = 2.7  # s before an alarm: a camera's window, which holds the fall and how the person stood before


def changed_place(video: Video, since: float, until: float) -> np.ndarray:
    """Return where the pictures change between two times (s), (h, w) bool, h = 120: the place of whoever moves, at each moment of it."""
    span = (since, until)
    read = read_frames(video, (_HEIGHT * 4, _HEIGHT), rate=_RATE, between=span, fit="inside", gray=True, problems=[])
    frames = [frame.image for frame in read]
    if len(frames) < 2:
        return np.zeros((_HEIGHT, _HEIGHT), bool)
    pictures = np.stack(frames).astype(np.float32)
    pictures -= np.median(pictures, axis=(1, 2), keepdims=True)  # a lamp, the camera's exposure
    return _without_specks(np.ptp(pictures, axis=0) > _CHANGED)


def _without_specks(changed: np.ndarray) -> np.ndarray:
    """Return the places whose 3 x 3 surroundings are mostly changed, too."""
    around = np.pad(changed, 1).astype(np.int64)
    count = sum(around[1 + i : 1 + i + changed.shape[0], 1 + j : 1 + j + changed.shape[1]] for i in (-1, 0, 1) for j in (-1, 0, 1))
    return np.asarray(changed & (count >= 6))


def share_of_change(changed: np.ndarray, boxes: Sequence[np.ndarray]) -> float:
    """Return which share of a changed place, (h, w) bool with any, lies in any of the boxes, 0..1.

    Arguments:
        boxes: (4,) left, top, right, bottom, each, as fractions of the picture.
    """
    height, width = changed.shape
    inside = np.zeros_like(changed)
    for box in boxes:
        left, top, right, bottom = np.rint(np.asarray(box) * (width, height, width, height)).astype(int).clip(0)
        inside[top:bottom, left:right] = True
    return float(inside[changed].mean())


class TrackPlaces:
    """Where the tracks of a film are, picture by picture."""

    def __init__(self) -> None:
        self._boxes: dict[int, list[tuple[float, np.ndarray]]] = {}

    def add(self, result: FrameResult) -> None:
        """Take a picture's people."""
        for one in result.people:
            box = np.asarray(one.sighting.box, np.float64)
            room = _MARGIN * one.sighting.size
            whole = box + np.array([-room, -room, room, room])
            self._boxes.setdefault(one.id, []).append((result.time, whole / (result.width, result.height, result.width, result.height)))

    def of(self, track: int, since: float, until: float) -> list[np.ndarray]:
        """Return a track's boxes between two times (s), fractions of the picture."""
        return [box for time, box in self._boxes.get(track, []) if since <= time <= until]


def alarm_on_person(video: Video, falls: Sequence[Fall], places: TrackPlaces) -> bool | None:
    """Return whether any of a film's alarms is of the person who moves in it; None where nothing moves while they last, so nobody knows."""
    shares = [
        share_of_change(changed, places.of(fall.track, fall.raised_s - LOOK_BACK_S, fall.raised_s))
        for fall in falls
        if (changed := changed_place(video, fall.raised_s - LOOK_BACK_S, fall.raised_s + 1 / _RATE)).any()
    ]
    return None if falls and not shares else any(share >= ON_PERSON for share in shares)
