"""Cost of assigning a pose to a track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.runtime.perceive.boxes import overlap
from featherfall.runtime.perceive.pose import Pose, apart, rise
from featherfall.runtime.track.tracker import SETTLE, Track

# How far a person's middle may be from where it is expected, in sizes (about body lengths): at once (the estimator's errors), per second
# unseen (people walk about .8 lengths a second), and at most, so that a track never jumps to a person across the room. Chosen on drawn and
# simulated people who cross, hide each other and fall (tests/runtime/track); no real film was used.
SLACK, DRIFT, MAX_DRIFT = 0.4, 1.0, 0.8
# Head and shoulders (`pose.rise`) may rise less: people fall within a second but do not get up as fast. A helper who stands where the
# fallen person was lost must not take over the track.
SLACK_UP, DRIFT_UP = 0.3, 0.3
MAX_POSE_RESIZE = 2.5  # largest ratio of sizes: the diagonal hardly changes in a fall, but a half-hidden body is half as large
STAYED = 0.25  # sizes, of the middle and of `pose.apart`: two estimates of one lying person differ by about .05, two people by .3 or more


@dataclass(frozen=True)
class PoseCost:
    """`pose_cost`, limited by the time since the track was last seen.

    Attributes:
        patience: s that a track waits for a person who moves; one second bridges what estimators miss of people who walk or fall.
        memory: s that it waits for a person who does not move, e.g. one who lies behind a helper.
        limit: `pose_cost` is 3 where every bound is reached at once; a pose that is near all of them is another person.
    """

    patience: float = 1.0
    memory: float = 10.0
    limit: float = 2.5

    def __call__(self, track: Track[Pose], time: float, pose: Pose) -> float:
        """Return `pose_cost`; inf after `patience` for a pose that differs from the last one in place or posture."""
        if time - track.seen > self.patience and not _stayed(track, pose):
            return float("inf")
        return pose_cost(track, time, pose)

    def doubtful(self, poses: Sequence[Pose]) -> list[bool]:
        """Return False for each: estimators report a person once (`perceive.movenet.SeveralPeople` ensures it)."""
        return [False] * len(poses)


def pose_cost(track: Track[Pose], time: float, pose: Pose) -> float:
    """Return the cost of a pose as the track's next one: 0 for the same pose in the same place, inf for an impossible movement.

    Sum of the middle's distance from the expected place (0..1 of the bound), and half each of 1 - IoU of the boxes, the joints' distance
    (`pose.apart`, at most 1), the change of size (0..1 of the bound) and the change of speed (sizes/s, at most 1), which separates people
    who cross. The expected place assumes that the person stays, or moves on as before; the lower cost counts, since a person who falls or
    stops does not move on.
    """
    gap = time - track.seen
    going = track.speed * min(gap, 2 * SETTLE)
    sudden = float(np.hypot(*((pose.middle - track.last.middle) / gap - track.speed))) / track.size
    return min(_unlikeness(track, gap, pose, move) for move in (np.zeros(2), going)) + 0.5 * min(sudden, 1.0)


def _unlikeness(track: Track[Pose], gap: float, pose: Pose, move: np.ndarray) -> float:
    last = track.last
    offset = (pose.middle - last.middle - move) / track.size
    distance = float(np.hypot(*offset)) / min(SLACK + DRIFT * gap, MAX_DRIFT)
    resized = abs(float(np.log(pose.size / track.size))) / float(np.log(MAX_POSE_RESIZE))
    if distance > 1 or resized > 1 or rise(last, pose) > (SLACK_UP + DRIFT_UP * gap) * track.size:
        return float("inf")
    expected = Pose(last.joints + move.astype(np.float32), last.scores, last.box + np.tile(move, 2).astype(np.float32))
    shared = float(overlap(expected.box, pose.box)[0, 0])
    return distance + 0.5 * ((1 - shared) + min(apart(expected, pose), 1.0) + resized)


def _stayed(track: Track[Pose], pose: Pose) -> bool:
    near = float(np.hypot(*(pose.middle - track.last.middle))) <= STAYED * track.size
    return near and apart(track.last, pose) <= STAYED
