"""Metrics of boxes: matching, average precision as COCO defines it, and what follows for the picture.

`GroundTruth` and detections (`runtime.perceive.boxes.Found`) of each picture. All metrics are fractions of 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.clips.boxes import box_edges
from featherfall.core.recording import Box
from featherfall.evaluation.metrics import ratio
from featherfall.runtime.perceive.boxes import Found, overlap

IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
_MAX_BOXES = 100  # boxes a picture that count, best first, as COCO has it


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """What a picture shows. names: (G,) classes. boxes: (G, 4) left, top, right, bottom as fractions."""

    names: tuple[str, ...]
    boxes: np.ndarray

    @classmethod
    def of(cls, people: Sequence[tuple[int, Box]], labels: Sequence[str]) -> GroundTruth:
        """Return that of people, each with the number of the class among `labels`."""
        boxes = np.asarray([box_edges(box) for _, box in people]).reshape(-1, 4)
        return cls(tuple(labels[number] for number, _ in people), boxes)


def match_boxes(found: Sequence[Found], truth: np.ndarray, least: float) -> np.ndarray:
    """Return (K,) the number of the true box of each found one, -1 for none.

    Best score first, each takes the free true box that it overlaps most, if by `least` (IoU) or more.

    Arguments:
        truth: (G, 4) boxes of the same class.
    """
    taken = np.full(len(found), -1)
    if not len(found) or not len(truth):
        return taken
    between = overlap(np.asarray([one.box for one in found]), truth)
    free = np.ones(len(truth), bool)
    for i in np.argsort([-one.score for one in found], kind="stable"):
        iou = np.where(free, between[i], -1)
        best = int(iou.argmax())
        if iou[best] >= least - 1e-9:
            taken[i], free[best] = best, False
    return taken


def average_precision(scores: np.ndarray, hits: np.ndarray, positives: int) -> float:
    """Return the area under precision over recall by COCO's 101 points.

    That is the mean over recalls 0, .01, ..., 1 of the best precision at that recall or more.

    Arguments:
        scores: (K,) of all found boxes of a class. hits: (K,) bool. positives: true boxes of the class; NaN comes back for none.
    """
    if not positives:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(hits[order])
    recall, precision = right / positives, right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1] if len(right) else precision
    at = np.searchsorted(recall, RECALLS - 1e-12, side="left")
    return float(np.where(at < len(envelope), np.append(envelope, 0.0)[np.minimum(at, len(envelope))], 0.0).mean())


def ranked(found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], name: str, least: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the scores (K,) of all boxes found of a class, which of them hit a true one (K,), and how many true ones there are."""
    scores: list[float] = []
    hits: list[bool] = []
    positives = 0
    for seen, real in zip(found, truth, strict=True):
        mine = sorted((one for one in seen if one.name == name), key=lambda one: -one.score)[:_MAX_BOXES]
        boxes = real.boxes[[one == name for one in real.names]]
        positives += len(boxes)
        scores += [one.score for one in mine]
        hits += (match_boxes(mine, boxes, least) >= 0).tolist()
    return np.asarray(scores), np.asarray(hits, bool), positives


def precision_of(found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], name: str, least: float) -> float:
    """Return the average precision of one class at one IoU over all pictures; NaN where none shows it."""
    return average_precision(*ranked(found, truth, name, least))


def recall_at(precision: float, found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], labels: Sequence[str]) -> float:
    """Return the highest recall of all classes' boxes (IoU .5) at any threshold with this precision or more; 0 where there is none."""
    scores, hits, positives = zip(*(ranked(found, truth, name, 0.5) for name in labels), strict=True)
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    enough = right >= precision * np.arange(1, len(right) + 1)
    return float(right[enough].max(initial=0) / max(sum(positives), 1))


def detection_metrics(
    found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], labels: Sequence[str], positive: str, threshold: float
) -> dict[str, float | None]:
    """Return all metrics of a set of pictures; None for one that there was nothing to measure by (recall where nothing is to be found).

    map, map50: mean over the classes that occur of the average precision, over IoU .5 to .95 and at .5, of all boxes found whatever their
    score. recall_at_half: `recall_at` a precision of .5, for models whose thresholds differ. At `threshold`: `precision`, `recall` and `f1`
    of all classes' boxes (IoU .5, right class), `recall_<class>`; `picture_...`: accuracy, precision, recall, f1 of "this picture shows a
    fall" (a found box of the class `positive`).

    Arguments:
        found: all boxes of each picture, also those of low scores.
    """
    occurs = [name for name in labels if any(name in real.names for real in truth)]
    by_class = {name: [precision_of(found, truth, name, least) for least in IOUS] for name in occurs}
    metrics: dict[str, float | None] = dict.fromkeys(("map", "map50"))
    if occurs:
        metrics = {"map": float(np.mean([*by_class.values()])), "map50": float(np.mean([values[0] for values in by_class.values()]))}
    metrics["recall_at_half"] = recall_at(0.5, found, truth, labels)
    metrics |= {f"map50_{name}": values[0] for name, values in by_class.items()}
    sure = [[one for one in seen if one.score >= threshold] for seen in found]
    table = right_boxes(sure, truth, labels).sum(axis=0)
    right, there = table.sum(axis=0).tolist()
    metrics |= _figures("", right, sum(map(len, sure)) - right, there - right)
    metrics |= {f"recall_{name}": hits / shown for name, (hits, shown) in zip(labels, table.tolist(), strict=True) if shown}
    shown = np.asarray([any(one.name == positive for one in seen) for seen in sure])
    real_falls = np.asarray([positive in real.names for real in truth])
    metrics |= _figures("picture_", int((shown & real_falls).sum()), int((shown & ~real_falls).sum()), int((~shown & real_falls).sum()))
    metrics["picture_accuracy"] = float((shown == real_falls).mean())
    return metrics


def right_boxes(found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], labels: Sequence[str]) -> np.ndarray:
    """Return (P, C, 2) int64 of each picture and class: right boxes among those found (IoU .5, right class), and true boxes."""
    out = np.zeros((len(truth), len(labels), 2), np.int64)
    for i, (seen, real) in enumerate(zip(found, truth, strict=True)):
        for j, name in enumerate(labels):
            boxes = real.boxes[[one == name for one in real.names]]
            out[i, j] = (match_boxes([one for one in seen if one.name == name], boxes, 0.5) >= 0).sum(), len(boxes)
    return out


def choose_threshold(found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], labels: Sequence[str], positive: str) -> float:
    """Return the score, of .05, .1, ... .9, at which f1 of the boxes and of the pictures together is best: on a validation part."""

    def score(threshold: float) -> float:
        metrics = detection_metrics(found, truth, labels, positive, threshold)
        return (metrics["f1"] or 0.0) + (metrics["picture_f1"] or 0.0)

    return max((round(0.05 * i, 2) for i in range(1, 19)), key=score)


def detection_counts(found: Sequence[Sequence[Found]], truth: Sequence[GroundTruth], threshold: float) -> Mapping[str, int]:
    """Return counts: pictures, true boxes, and (`told`) the boxes found at a threshold."""
    return {
        "pictures": len(truth),
        "boxes": sum(len(real.names) for real in truth),
        "told": sum(one.score >= threshold for seen in found for one in seen),
    }


def _figures(prefix: str, right: int, wrong: int, missed: int) -> dict[str, float | None]:
    return {
        f"{prefix}precision": ratio(right, right + wrong),
        f"{prefix}recall": ratio(right, right + missed),
        f"{prefix}f1": ratio(2 * right, 2 * right + wrong + missed),
    }
