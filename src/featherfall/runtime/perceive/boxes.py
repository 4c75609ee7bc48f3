"""Boxes in NumPy: overlap and non-maximum suppression.

Boxes: (..., 4) left, top, right, bottom, as fractions of the picture unless stated otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Most places of a detector's output score near 0; without these bounds, suppression would compare thousands of boxes pairwise.
MIN_CANDIDATE_SCORE = 1e-3  # score
MAX_CANDIDATES = 300  # places


@dataclass(frozen=True)
class Found:
    """One person in a picture.

    Attributes:
        name: the class of the highest score.
        score: that score, 0..1.
        box: left, top, right, bottom as fractions of the picture.
        scores: of every class, in the order of the bundle's labels.
    """

    name: str
    score: float
    box: tuple[float, float, float, float]
    scores: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return name, score and box as plain values."""
        return {"name": self.name, "score": round(self.score, 4), "box": [round(side, 4) for side in self.box]}


@dataclass(frozen=True, eq=False)
class PersonBox:
    """One person in one picture, in the picture's pixels.

    Attributes:
        box: (4,) float64 left, top, right, bottom.
        share: of the fall class among the scores of all classes, 0..1.
        score: the highest of the scores, 0..1.
    """

    box: np.ndarray
    share: float
    score: float

    @property
    def middle(self) -> np.ndarray:
        """(2,) the box's middle."""
        return np.asarray((self.box[:2] + self.box[2:]) / 2)

    @property
    def size(self) -> float:
        """The box's diagonal."""
        return float(np.hypot(*(self.box[2:] - self.box[:2])))


def in_pixels(found: Found, positive: int, height: int, width: int) -> PersonBox:
    """Return a detector's box in pixels of the picture; positive: number of the fall class among the scores."""
    box = np.asarray(found.box, np.float64) * (width, height, width, height)
    return PersonBox(box, found.scores[positive] / max(sum(found.scores), 1e-9), found.score)


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each pair, 0..1; 0 where a box is empty. (K, 4), (L, 4) -> (K, L); one box may be (4,)."""
    first, second = np.asarray(first, np.float64).reshape(-1, 1, 4), np.asarray(second, np.float64).reshape(1, -1, 4)
    low, high = np.maximum(first[..., :2], second[..., :2]), np.minimum(first[..., 2:], second[..., 2:])
    both = np.clip(high - low, 0, None).prod(axis=-1)
    union = area(first) + area(second) - both
    return np.asarray(np.divide(both, union, out=np.zeros(both.shape), where=union > 0))


def area(boxes: np.ndarray) -> np.ndarray:
    """Return (...,) width x height, 0 where a side is negative."""
    return np.asarray(np.clip(boxes[..., 2] - boxes[..., 0], 0, None) * np.clip(boxes[..., 3] - boxes[..., 1], 0, None))


def suppress(boxes: np.ndarray, scores: np.ndarray, most_overlap: float) -> np.ndarray:
    """Return the indices of the boxes that non-maximum suppression keeps, best first.

    Arguments:
        boxes: (K, 4). scores: (K,). most_overlap: IoU, 0..1; a box that overlaps a better one by more is dropped.
    """
    order = np.argsort(-scores, kind="stable")
    between = overlap(boxes[order], boxes[order])
    stays = np.ones(len(order), bool)
    for i in range(len(order)):
        if stays[i]:
            stays[i + 1 :] &= between[i, i + 1 :] <= most_overlap
    return np.asarray(order[stays])


def decode_boxes(boxes: np.ndarray, scores: np.ndarray, labels: list[str], least: float, most_overlap: float) -> list[Found]:
    """Return the people in one picture from a detector's outputs; suppression is across classes, so a person has one box.

    Arguments:
        boxes: (A, 4). scores: (A, C), 0..1. labels: C names.
        least: score below which boxes are left out. most_overlap: see `suppress`.
    Returns: best first.
    """
    best = scores.max(axis=1)
    likely = np.flatnonzero(best >= max(least, MIN_CANDIDATE_SCORE))
    likely = likely[np.argsort(-best[likely], kind="stable")[:MAX_CANDIDATES]]
    kept = likely[suppress(boxes[likely], best[likely], most_overlap)]
    return [
        Found(
            labels[int(scores[i].argmax())],
            float(best[i]),
            tuple(np.clip(boxes[i], 0, 1).tolist()),
            tuple(scores[i].tolist()),
        )
        for i in kept
    ]
