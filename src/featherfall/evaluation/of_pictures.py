"""Detectors, evaluated on pictures with boxes."""

from __future__ import annotations

from typing import Any, ClassVar

from featherfall.clips.boxes import unique_people
from featherfall.core.checked import check
from featherfall.core.class_names import ClassNames
from featherfall.core.errors import UserError
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset, by_names
from featherfall.evaluation.detection import GroundTruth, detection_counts, detection_metrics
from featherfall.evaluation.evaluator import Evaluator
from featherfall.runtime import Bundle
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector

_MIN_SCORE = 0.005  # of boxes that count for average precision, which looks at all thresholds


class PictureEvaluator(Evaluator):
    """Class names are taken for what the bundle's recipe takes them for."""

    unit: ClassVar[str] = "picture"

    def __init__(self, bundle: Bundle) -> None:
        """Raises `UserError` where the bundle's recipe does not say which class names are a fall."""
        self._detector = BoxDetector(bundle)
        known = bundle.manifest.of_training("recipe", "labels", "names")
        if not known:
            raise UserError(f"{bundle.path}: its manifest does not say which class names are a fall; export it from its run again")
        self._names = check(ClassNames, known, bundle.path / "manifest.json: provenance.recipe.labels.names")
        self._detections: list[list[Found]] = []
        self._truth: list[GroundTruth] = []

    def prepare(self, dataset: Dataset) -> Dataset:
        """As `Evaluator.prepare`."""
        return by_names(dataset, self._names)

    def add(self, recording: Recording) -> list[str]:
        """As `Evaluator.add`."""
        (video,) = recording.videos.values()
        labels, fall = self._detector.labels, self._detector.labels.index(self._detector.positive)
        detections = self._detector.detect_file(video.path, _MIN_SCORE)
        people = unique_people(recording.boxes, self._names, fall, 1 - fall)
        self._detections.append(detections)
        self._truth.append(GroundTruth.of(people, labels))
        return []

    def result(self) -> dict[str, Any]:
        """As `Evaluator.result`."""
        detector = self._detector
        metrics = detection_metrics(self._detections, self._truth, detector.labels, detector.positive, detector.threshold)
        return {"metrics": metrics, "counts": dict(detection_counts(self._detections, self._truth, detector.threshold))}
