"""Cost of giving a pose to a track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.runtime.perceive.boxes import overlap
from featherfall.runtime.perceive.pose import Pose, apart, rise
from featherfall.runtime.track.tracker import SETTLE, Track

# How far a person's middle may be from where it is expected, in sizes (about body lengths): some at once, for the estimator's errors, and
# more for every second unseen (people walk about .8 lengths a second), up to a limit, so that nobody takes the track of somebody across
# the room. Chosen on drawn and simulated people who cross, hide each other and fall (tests/runtime/track); no real film was looked at.
SLACK, DRIFT, FARTHEST = 0.4, 1.0, 0.8
# Head and shoulders (`pose.rise`) may go up less far: people fall within a second, but nobody rises as fast. A helper who stands where
# the fallen one was lost is not the fallen one.
SLACK_UP, DRIFT_UP = 0.3, 0.3
RESIZE = 2.5  # ratio of sizes: a box's diagonal hardly changes in a fall, but a half-hidden body is half as large
STAYED = 0.25  # sizes, of the middle and of `pose.apart`: two estimates of one lying person are some .05 apart, two people .3 or more


@dataclass(frozen=True)
class PoseCost:
    """`unlikeness`, limited by how long a track has not been seen.

    Attributes:
        patience: s that a track waits for somebody who moves on; a second bridges what an estimator misses of a person who walks or falls.
        memory: s that it waits for somebody who stays as they are (who lies behind a helper who stands in front).
        limit: `unlikeness` reaches 3 where every bound is met at once; somebody who is near that in everything is somebody else.
    """

    patience: float = 1.0
    memory: float = 10.0
    limit: float = 2.5

    def __call__(self, track: Track[Pose], time: float, pose: Pose) -> float:
        """Return `unlikeness`; inf after `patience` for a pose that has not stayed in place, size and posture."""
        if time - track.seen > self.patience and not _stayed(track, pose):
            return float("inf")
        return unlikeness(track, time, pose)

    def doubtful(self, poses: Sequence[Pose]) -> list[bool]:
        """Return False for each: estimators do not give one person twice (`perceive.pose.SeveralPeople` sees to it)."""
        return [False] * len(poses)


def unlikeness(track: Track[Pose], time: float, pose: Pose) -> float:
    """Return how unlike a pose is to be the track's next one: 0 for the same pose in the same place, inf for what no person can do.

    Sum of the middle's distance from where it is expected (0..1 of what is possible), and half each of what the boxes do not share (1 -
    intersection over union), the joints' distance (`pose.apart`, at most 1), the size's change (0..1 of what is possible) and the change of
    speed (in sizes/s, at most 1), by which people who cross are told apart. The person is expected to stay or to go on as before; the less
    unlike of both counts, since who falls or stops does not go on.
    """
    gap = time - track.seen
    going = track.speed * min(gap, 2 * SETTLE)
    sudden = float(np.hypot(*((pose.middle - track.last.middle) / gap - track.speed))) / track.size
    return min(_unlikeness(track, gap, pose, move) for move in (np.zeros(2), going)) + 0.5 * min(sudden, 1.0)


def _unlikeness(track: Track[Pose], gap: float, pose: Pose, move: np.ndarray) -> float:
    last = track.last
    offset = (pose.middle - last.middle - move) / track.size
    distance = float(np.hypot(*offset)) / min(SLACK + DRIFT * gap, FARTHEST)
    resized = abs(float(np.log(pose.size / track.size))) / float(np.log(RESIZE))
    if distance > 1 or resized > 1 or rise(last, pose) > (SLACK_UP + DRIFT_UP * gap) * track.size:
        return float("inf")
    expected = Pose(last.joints + move.astype(np.float32), last.scores, last.box + np.tile(move, 2).astype(np.float32))
    shared = float(overlap(expected.box, pose.box)[0, 0])
    return distance + 0.5 * ((1 - shared) + min(apart(expected, pose), 1.0) + resized)


def _stayed(track: Track[Pose], pose: Pose) -> bool:
    near = float(np.hypot(*(pose.middle - track.last.middle))) <= STAYED * track.size
    return near and apart(track.last, pose) <= STAYED
