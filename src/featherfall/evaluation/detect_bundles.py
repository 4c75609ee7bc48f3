"""Evaluate a detector's bundle on pictures with boxes, by the runtime itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from featherfall.core.class_names import ClassNames
from featherfall.core.errors import UserError
from featherfall.datasets import Dataset, by_names
from featherfall.evaluation.detection import GroundTruth, counts, detection_metrics
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.training.boxes import people, sides

LEAST = 0.005  # score of what counts for average precision
SEEN = "the bundle was trained on these pictures: not an honest figure; its run's metrics.json holds the honest one"


def evaluate_detector(detector: BoxDetector, dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Metrics of a detector on every picture of a dataset but those that it was trained on.

    Class names are taken for what the bundle's recipe takes them for.

    Returns: {"metrics", "counts", "notes", ...} as plain values. Raises: `UserError` where no picture could be judged.
    """
    manifest = detector.bundle.manifest
    recipe = manifest.provenance.get("recipe", {})
    known = recipe.get("labels", {}).get("names")
    if known is None:
        raise UserError(f"{detector.bundle.path}: its manifest does not say which class names are a fall; export it from its run again")
    names = ClassNames.model_validate(known)
    dataset = by_names(dataset, names)
    met = set(manifest.provenance.get("trained_on", [])) if recipe.get("dataset") == dataset.name else set()
    chosen = [source for source in dataset.sources if source.subject not in met] or list(dataset.sources)
    notes = [SEEN] if met and len(chosen) == len(dataset.sources) else []
    fall = detector.labels.index(detector.positive)
    found: list[list[Found]] = []
    truth: list[GroundTruth] = []
    for done, source in enumerate(chosen, start=1):
        try:
            recording = source.load()
            (video,) = recording.videos.values()
            found.append(detector.detect_file(video.path, LEAST))
            shown = people(recording.boxes, names, fall, 1 - fall)
            boxes = np.asarray([sides(box) for _, box in shown]).reshape(-1, 4)
            truth.append(GroundTruth(tuple(detector.labels[number] for number, _ in shown), boxes))
        except UserError as error:
            notes.append(f"left out: {error}")
        if progress:
            progress(done, len(chosen))
    if not truth:
        raise UserError(f"{dataset.folder}: no picture could be judged; {notes[-1] if notes else 'it is empty'}")
    return {
        "bundle": manifest.name,
        "model": detector.bundle.model.precision,
        "dataset": dataset.name,
        "metrics": detection_metrics(found, truth, detector.labels, detector.positive, detector.threshold),
        "counts": dict(counts(found, truth, detector.threshold)),
        "notes": notes,
    }
