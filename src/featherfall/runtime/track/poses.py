"""People over time: which pose of this picture is whose of the last one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from featherfall.runtime.perceive.pose import Pose, apart, rise
from featherfall.runtime.track.assign import assign


@dataclass(eq=False)
class Track:
    """One person of a film.

    Attributes:
        id: from 0, never used again.
        times, poses: when and how it was seen, the last `KEEP` seconds; times in s, increasing.
        born: s, when it was first seen.
        moved: how far the person has been from where it was first seen, in its sizes; small for ghosts, the poses that an estimator sees in
            furniture.
        start: (2,) pixels, where it was first seen.
    """

    id: int
    born: float
    times: deque[float] = field(default_factory=deque)
    poses: deque[Pose] = field(default_factory=deque)
    moved: float = 0.0
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))  # pixels/s, of the middle, smoothed
    size: float = 0.0  # pixels, smoothed
    start: np.ndarray = field(default_factory=lambda: np.zeros(2))
    _place: np.ndarray = field(default_factory=lambda: np.zeros(2))  # the middle, smoothed

    @property
    def seen(self) -> float:
        """When it was seen last, s."""
        return self.times[-1]

    @property
    def pose(self) -> Pose:
        """The last one."""
        return self.poses[-1]

    @property
    def is_person(self) -> bool:
        """Whether it has moved as only the living do; a person who has sat still from the film's first picture on is not yet one."""
        return self.moved >= MIN_MOVED


KEEP = 10.0  # s of a track's poses
MIN_MOVED = 0.25  # sizes; a ghost's middle wanders by some .1
SETTLE = 0.3  # s, time constant of the smoothed place, size and speed
# How far a person's middle may be from where it was expected, in its sizes (a size is about a body's length): some at once, for the
# estimator's errors, and more for every second unseen, up to a limit. Head and shoulders (`pose.rise`) may go up less far: a helper who
# stands where the fallen one was lost is not the fallen one.
SLACK, DRIFT, FARTHEST = 0.4, 1.0, 0.8
SLACK_UP, DRIFT_UP = 0.3, 0.3
RESIZE = 2.5  # ratio of sizes
COST = 2.5  # `unlikeness` above which a pose is somebody else
# After `patience` only who has stayed is known again: the same place, size and posture.
STAYED = 0.25  # sizes, of the middle and of `pose.apart`


class Tracker:
    """Gives each pose to the track of the person it belongs to, and begins new tracks for those that belong to none.

    Poses and tracks are paired at the least total `unlikeness` (Hungarian method). A pose that is implausibly far from all tracks begins a
    new one, so that no track ever jumps. A track that no pose continues waits `patience` seconds for a person who moves on, `memory`
    seconds for one who stays as it was (lies behind somebody who stands in front), then ends.
    """

    def __init__(self, patience: float = 1.0, memory: float = 10.0) -> None:
        self.patience, self.memory = patience, memory
        self.tracks: list[Track] = []
        self._next = 0

    def update(self, time: float, poses: Sequence[Pose]) -> list[Track]:
        """Take the people of one picture.

        Arguments:
            time: s, after that of the last picture.
            poses: of one picture, in any order.
        Returns: the track of each pose. `tracks` holds these and those that are waited for.
        """
        if any(track.seen >= time for track in self.tracks):
            raise ValueError(f"times should increase: {time} s comes after {max(track.seen for track in self.tracks)} s")
        self.tracks = [track for track in self.tracks if time - track.seen <= self.memory]
        cost = np.array([[self._cost(track, time, pose) for pose in poses] for track in self.tracks]).reshape(len(self.tracks), len(poses))
        owner = {column: self.tracks[row] for row, column in assign(cost, COST)}
        found = []
        for index, pose in enumerate(poses):
            track = owner.get(index) or self._begin(time, pose)
            _extend(track, time, pose)
            found.append(track)
        return found

    def _cost(self, track: Track, time: float, pose: Pose) -> float:
        if time - track.seen > self.patience and not _stayed(track, pose):
            return float("inf")
        return unlikeness(track, time, pose)

    def _begin(self, time: float, pose: Pose) -> Track:
        track = Track(self._next, time, size=pose.size, start=pose.middle, _place=pose.middle)
        self._next += 1
        self.tracks.append(track)
        return track


def unlikeness(track: Track, time: float, pose: Pose) -> float:
    """How unlike a pose is to be the track's next one: 0 for the same pose in the same place, inf for what no person can do.

    Sum of the middle's distance from where it is expected (0..1 of what is possible), and half each of what the boxes do not share (1 -
    intersection over union), the joints' distance (`pose.apart`, at most 1), the size's change (0..1 of what is possible) and the change of
    speed (in sizes/s, at most 1), by which people who cross are told apart. The person is expected to stay or to go on as before; what is
    less unlike counts, for who falls or stops does not go on.
    """
    gap = time - track.seen
    going = track.speed * min(gap, 2 * SETTLE)
    sudden = float(np.hypot(*((pose.middle - track.pose.middle) / gap - track.speed))) / track.size
    return min(_unlikeness(track, gap, pose, move) for move in (np.zeros(2), going)) + 0.5 * min(sudden, 1.0)


def _unlikeness(track: Track, gap: float, pose: Pose, move: np.ndarray) -> float:
    offset = (pose.middle - track.pose.middle - move) / track.size
    distance = float(np.hypot(*offset)) / min(SLACK + DRIFT * gap, FARTHEST)
    resized = abs(float(np.log(pose.size / track.size))) / float(np.log(RESIZE))
    if distance > 1 or resized > 1 or rise(track.pose, pose) > (SLACK_UP + DRIFT_UP * gap) * track.size:
        return float("inf")
    last = track.pose
    expected = Pose(last.joints + move.astype(np.float32), last.scores, last.box + np.tile(move, 2).astype(np.float32))
    return distance + 0.5 * ((1 - overlap(expected.box, pose.box)) + min(apart(expected, pose), 1.0) + resized)


def _stayed(track: Track, pose: Pose) -> bool:
    near = float(np.hypot(*(pose.middle - track.pose.middle))) <= STAYED * track.size
    return near and apart(track.pose, pose) <= STAYED


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes (left, top, right, bottom), 0..1."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    union = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - common
    return common / union if union > 0 else 0.0


def _extend(track: Track, time: float, pose: Pose) -> None:
    if track.times:
        gap = time - track.seen
        new = 1 - float(np.exp(-gap / SETTLE))
        track.speed = track.speed + new * ((pose.middle - track.pose.middle) / gap - track.speed)
        track.size += new * (pose.size - track.size)
        track._place = track._place + new * (pose.middle - track._place)
        track.moved = max(track.moved, float(np.hypot(*(track._place - track.start))) / max(track.size, pose.size))
    track.times.append(time)
    track.poses.append(pose)
    while track.times[0] < time - KEEP:
        track.times.popleft()
        track.poses.popleft()
