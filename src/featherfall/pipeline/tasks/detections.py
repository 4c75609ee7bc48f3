"""A detector's boxes in the pictures of a part: stored in a file, and converted to predictions as of any model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.clips.store import ClipStore
from featherfall.core.documents import read_json
from featherfall.core.files import write_json
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.export.deployment import GraphOutputs
from featherfall.runtime.perceive.boxes import Found, decode_boxes

MIN_SCORE = 0.005  # of boxes that are stored for metrics: average precision also counts boxes of low scores


@dataclass(frozen=True, eq=False)
class Detections:
    """Boxes of a job's model in each test picture, with scores from `MIN_SCORE`.

    threshold: chosen for the model. train_accuracy: share of the training pictures that are classified correctly as fall or not.
    """

    found: Sequence[Sequence[Found]]
    threshold: float
    train_accuracy: float


def decode_outputs(outputs: GraphOutputs, labels: Sequence[str], least: float, overlap: float) -> list[list[Found]]:
    """Return the boxes of each picture, from a graph's scores (K, A, C) and boxes (K, A, 4)."""
    scores, boxes = outputs
    return [decode_boxes(where, which, list(labels), least, overlap) for which, where in zip(scores, boxes, strict=True)]


def write_detections(file: Path, detections: Detections) -> None:
    """Write them as JSON: of each box its scores by class, then its sides."""
    rows = [[[*one.scores, *one.box] for one in picture] for picture in detections.found]
    write_json(file, {"threshold": detections.threshold, "train_accuracy": detections.train_accuracy, "found": rows})


def read_detections(file: Path, labels: Sequence[str]) -> Detections:
    """Read what `write_detections` wrote."""
    saved, count = read_json(file), len(labels)

    def box(row: Sequence[float]) -> Found:
        scores = tuple(row[:count])
        return Found(labels[int(np.argmax(scores))], max(scores), (row[-4], row[-3], row[-2], row[-1]), scores)

    return Detections([[box(row) for row in picture] for picture in saved["found"]], saved["threshold"], saved["train_accuracy"])


def picture_predictions(
    store: ClipStore, recordings: np.ndarray, result: Detections, positive: int, threshold: float
) -> list[RecordingPredictions]:
    """Return pictures as recordings of one window.

    The probability of a fall is the best score of a box of that class, raised to the power that maps the model's own threshold to
    `threshold`, so that the same decision settings apply to all models.
    """
    power = np.log(threshold) / np.log(result.threshold)
    out = []
    for recording, found in zip(recordings, result.found, strict=True):
        facts = store.recordings[recording]
        best = max((one.score for one in found if one.scores[positive] == one.score), default=0.0) ** power
        probabilities = np.full((1, 2), best, np.float32)
        probabilities[0, 1 - positive] = 1 - best
        clip = store.clips_of(np.asarray([recording]))
        label = np.asarray([positive if facts.fall is not None else 1 - positive])
        out.append(RecordingPredictions(facts, store.centre_s[clip], store.end_s[clip], probabilities, label))
    return out
