"""Tell a film whose pictures lie on their side or stand on their head, by looking at some of them turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from featherfall.runtime.perceive.pose import Pose, upright_trunk

_SAMPLES = 12  # pictures held, spread over the film
_SPACING_S = 0.5  # at first, s
_MAX_SIDE = 320  # pixels of a held picture; pose networks take 192 or 256
MIN_SAMPLES = 4  # with fewer, somebody who lies for a moment looks like a turned film

# Chosen on 30 simulated films, 8 of them turned as well. Of upright people MoveNet's scores are .5 to .7, of the same turned 0 to .5.
# Somebody who has fallen looks upright in a turned picture, too, but not in those before: so most pictures must agree. Told were all 8
# turned films of daily life, none of 15 upright ones, and 2 of 15 upright films of falls (from a bed: nobody is upright at first).
_CLEAR = 0.45  # median score from which, with upright people, a film is not looked at again
_BETTER = 1.3  # times the score of the pictures as they are
_AGREE = 0.7  # share of upright people among those found when turned
_FOUND = 3  # pictures with somebody when turned


class Looks(Protocol):
    """What finds poses: see `perceive.pose.Estimator`."""

    def estimate(self, image: np.ndarray) -> Sequence[Pose]:
        """Return the people in a picture."""

    def reset(self) -> None:
        """Forget the people seen so far."""


class TurnCheck:
    """Hold some pictures of a film, and tell whether they make sense turned only."""

    def __init__(self) -> None:
        self._held: list[tuple[float, np.ndarray, float, bool]] = []  # time, picture, score and whether upright, as seen in the film
        self._spacing = _SPACING_S

    def add(self, time: float, image: np.ndarray, poses: Sequence[Pose]) -> None:
        """Take a picture, (H, W, 3) uint8, and the poses that were found in it."""
        if self._held and time - self._held[-1][0] < self._spacing:
            return
        self._held.append((time, _smaller(image), *_best(poses)))
        if len(self._held) > _SAMPLES:
            self._held, self._spacing = self._held[::2], 2 * self._spacing

    def needed_turn(self, estimator: Looks) -> int:
        """Return the clockwise turn that the pictures need: 90, 180 or 270 degrees; 0 for none, or where it is not clear.

        The estimator is reset; it looks at each picture four times only where the people in the film are faint or not upright.
        """
        if len(self._held) < MIN_SAMPLES:
            return 0
        seen = [score for _, _, score, _ in self._held]
        if np.median(seen) >= _CLEAR and np.mean([upright for _, _, _, upright in self._held]) >= 0.5:
            return 0
        looks = [self._look(estimator, quarter) for quarter in range(4)]
        scores = [sum(score for score, _ in found) for found in looks]
        best = int(np.argmax(scores))
        upright = [upright for score, upright in looks[best] if score > 0]
        clear = scores[best] >= _BETTER * scores[0] and len(upright) >= _FOUND and np.mean(upright) >= _AGREE
        return 90 * best if clear else 0

    def _look(self, estimator: Looks, quarter: int) -> list[tuple[float, bool]]:
        """Return score and uprightness of the clearest pose in each picture, turned clockwise by quarters."""
        found = []
        for _, image, _, _ in self._held:
            estimator.reset()
            found.append(_best(estimator.estimate(np.ascontiguousarray(np.rot90(image, -quarter)))))
        estimator.reset()
        return found


def _best(poses: Sequence[Pose]) -> tuple[float, bool]:
    """Return score and uprightness of the clearest pose; (0, False) without any."""
    if not poses:
        return 0.0, False
    pose = max(poses, key=lambda one: one.score)
    return pose.score, upright_trunk(pose)


def _smaller(image: np.ndarray) -> np.ndarray:
    """Return a picture whose longer side is `_MAX_SIDE` at most, by averaging blocks."""
    step = -(-max(image.shape[:2]) // _MAX_SIDE)
    if step == 1:
        return image.copy()
    height, width = image.shape[0] // step, image.shape[1] // step
    blocks = image[: height * step, : width * step].reshape(height, step, width, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8))
