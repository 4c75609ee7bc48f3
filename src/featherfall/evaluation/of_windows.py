"""Bundles of sensors, films and pictures, evaluated window by window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from featherfall.clips.build import named
from featherfall.clips.labels import IGNORED, of_fall
from featherfall.clips.store import RecordingFacts
from featherfall.core.class_names import ClassNames
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recipe import Clip
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset, by_names, each_view
from featherfall.evaluation.evaluator import Evaluator
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import task_metrics
from featherfall.runtime import Bundle


class WindowEvaluator(Evaluator):
    """Streams and films go by the names that the bundle's recipe gave them, or by those of its inputs."""

    unit: ClassVar[str] = "recording"

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._recipe: Mapping[str, Any] = bundle.manifest.provenance.get("recipe", {})
        clip = self._recipe.get("clip")
        self._clip = None if clip is None else Clip.model_validate(clip)
        self._predictions: list[RecordingPredictions] = []

    def prepare(self, dataset: Dataset) -> Dataset:
        """Take films one by one and class names for what the recipe takes them for."""
        if self._clip is not None and self._clip.each_view:
            dataset = each_view(dataset)
        known = self._recipe.get("labels", {}).get("names")
        if known and any(source.names for source in dataset.sources):
            dataset = by_names(dataset, ClassNames.model_validate(known))
        return dataset

    def add(self, recording: Recording) -> list[str]:
        """As `Evaluator.add`."""
        known = recording if self._clip is None else named(recording, self._clip)
        streams, videos = {**recording.streams, **known.streams}, {**recording.videos, **known.videos}
        prediction = self._bundle.predict(replace(recording, streams=streams, videos=videos))
        keep = prediction.usable
        facts = RecordingFacts.of(recording, int(keep.sum()))
        labels = true_labels(self._bundle.manifest, recording, prediction.centre_s[keep])
        windows = prediction.centre_s[keep], prediction.end_s[keep], prediction.probabilities[keep]
        self._predictions.append(RecordingPredictions(facts, *windows, labels))
        return []

    def result(self) -> dict[str, Any]:
        """As `Evaluator.result`."""
        manifest = self._bundle.manifest
        metrics, counts = task_metrics(self._predictions, manifest.task, manifest.labels, manifest.positive, manifest.decision)
        return {"metrics": metrics, "counts": counts}


def true_labels(manifest: Manifest, recording: Recording, centre_s: np.ndarray) -> np.ndarray:
    """Return (K,) the true class of each window, as in training: windows of a fall recording away from its fall have none."""
    if manifest.task == "fall":
        positive = manifest.labels.index(str(manifest.positive))
        if recording.fall is None:
            return np.full(len(centre_s), 1 - positive)
        margin = manifest.provenance.get("recipe", {}).get("labels", {}).get("margin_s", 1.0)
        whole = manifest.window.kind == "trial"
        return np.asarray(
            [positive if whole or of_fall(float(centre), recording.fall, margin) else IGNORED for centre in centre_s], np.int64
        )
    if recording.activity not in manifest.labels:
        raise UserError(f"{recording.id}: activity {recording.activity!r} is not among the bundle's labels")
    return np.full(len(centre_s), manifest.labels.index(recording.activity))
