"""Bundles of sensors, films and pictures, evaluated window by window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from featherfall.clips.labels import IGNORED, of_fall
from featherfall.clips.mapping import AvailableInput, Choice, choose_streams, fitted_stream, offers, renamed
from featherfall.clips.store import RecordingFacts
from featherfall.core.checked import check
from featherfall.core.class_names import ClassNames
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.placement import same_place
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset, by_names, each_view
from featherfall.datasets.content import Content, contents
from featherfall.datasets.notes import NoteSummary
from featherfall.evaluation.by_dataset import by_dataset
from featherfall.evaluation.curve import activities_by_subject, auc, by_subject, intervals_of, threshold_curve
from featherfall.evaluation.evaluator import Evaluator
from featherfall.evaluation.events import USUAL, Tolerance
from featherfall.evaluation.metrics import Metrics, fall_metrics
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import task_metrics
from featherfall.runtime import Bundle
from featherfall.runtime.decide.events import has_numbers


class WindowEvaluator(Evaluator):
    """Takes the streams and films that fit the bundle's inputs, see `clips.mapping.choose_streams`."""

    unit: ClassVar[str] = "recording"

    def __init__(self, bundle: Bundle, choice: Choice | None = None, tolerance: Tolerance = USUAL) -> None:
        self._bundle, self._choice, self._tolerance = bundle, choice or Choice(), tolerance
        clip = bundle.manifest.of_training("recipe", "clip")
        self._clip = check(Clip, clip, bundle.path / "manifest.json: provenance.recipe.clip") if clip else None
        self._streams: dict[str, dict[str, list[AvailableInput]]] = {}
        self._predictions: list[RecordingPredictions] = []
        self._noted = NoteSummary()

    def prepare(self, dataset: Dataset) -> Dataset:
        """Take films one by one and class names for what the recipe takes them for, and choose the streams."""
        if self._clip is not None and self._clip.each_view:
            dataset = each_view(dataset)
        known = self._bundle.manifest.of_training("recipe", "labels", "names")
        if known and any(source.names for source in dataset.sources):
            where = self._bundle.path / "manifest.json: provenance.recipe.labels.names"
            dataset = by_names(dataset, check(ClassNames, known, where))
        clip = self._clip
        usual = {} if clip is None else {name: clip.behind(name) for name in clip.names}
        unreadable: list[str] = []
        offered = offers(dataset, unreadable)
        try:
            self._streams = choose_streams(self._bundle.manifest.inputs, offered, self._choice, usual)
        except UserError as error:
            raise UserError(f"{error} (not all recordings can be read: {unreadable[0]})" if unreadable else str(error)) from error
        return dataset

    def contents(self, recording: Recording) -> Sequence[Content]:
        """As `Evaluator.contents`: of the bundle's reference, whose content its training noted."""
        reference = self._bundle.manifest.inputs[0].name
        chosen = self._streams.get(recording.dataset, {}).get(reference, [])
        return list(contents(renamed(recording, {reference: [one.name for one in chosen]})).values())

    def add(self, recording: Recording) -> list[str]:
        """As `Evaluator.add`."""
        manifest = self._bundle.manifest
        fitted = self.fitted(recording)
        self._noted.add(fitted)
        prediction = self._bundle.predict(fitted, placement_ok=True)  # `fitted` has checked it
        keep = prediction.usable
        numbers = has_numbers(prediction.probabilities)
        if len(numbers) and not numbers.any():
            raise UserError(f"{recording.id}: {prediction.verdict.reasons[0]}")
        facts = RecordingFacts.of(recording, int(keep.sum()))
        labels = true_labels(manifest, recording, prediction.centre_s[keep])
        windows = prediction.centre_s[keep], prediction.end_s[keep], prediction.probabilities[keep]
        self._predictions.append(RecordingPredictions(facts, *windows, labels))
        return [] if numbers.all() else [f"{recording.id}: {prediction.verdict.reasons[0]}"]

    def fitted(self, recording: Recording) -> Recording:
        """Return the recording with the bundle's inputs only, in its units."""
        chosen = self._streams[recording.dataset]
        mine = renamed(recording, {name: [one.name for one in found] for name, found in chosen.items()})
        lacking = [
            " or ".join(one.name for one in chosen[need.name])
            for need in self._bundle.manifest.inputs
            if need.name not in mine.streams and need.name not in mine.videos
        ]
        if lacking:
            raise UserError(f"{recording.id}: lacks {', '.join(lacking)}")
        inputs = {need.name: need for need in self._bundle.manifest.inputs}
        streams = {name: fitted_stream(recording.id, inputs[name], one, self._choice) for name, one in mine.streams.items()}
        return replace(mine, streams=streams)

    @property
    def predictions(self) -> list[RecordingPredictions]:
        """The recordings so far."""
        return self._predictions

    def result(self) -> dict[str, Any]:
        """As `Evaluator.result`, with "inputs" (what was taken for each), "shares", "rates", "thresholds" and "subjects"; of several
        datasets also "datasets"."""
        manifest = self._bundle.manifest
        how = manifest.positive, manifest.decision, self._tolerance
        metrics, counts = task_metrics(self._predictions, manifest.task, manifest.labels, *how)
        return {"metrics": metrics, "counts": counts, "inputs": self._taken(), **self._details(metrics, counts)}

    def _details(self, metrics: Metrics, counts: Mapping[str, Any]) -> dict[str, Any]:
        """Return intervals, the curve over thresholds and a row for each subject; add "auc" to the metrics."""
        manifest = self._bundle.manifest
        if manifest.positive is None or manifest.task == "activity":
            return {"subjects": activities_by_subject(self._predictions, manifest.labels)}
        positive = manifest.labels.index(manifest.positive)
        metrics["auc"] = auc(self._predictions, positive)
        shares, rates = intervals_of(counts)
        rows = by_dataset(self._predictions, positive, lambda some: fall_metrics(some, positive, manifest.decision, self._tolerance))
        return {
            "shares": shares,
            "rates": rates,
            "thresholds": threshold_curve(self._predictions, positive, manifest.decision, self._tolerance),
            **({"datasets": rows} if len(rows) > 1 else {}),
            "subjects": by_subject(self._predictions, positive, manifest.decision, self._tolerance),
        }

    def remarks(self) -> list[str]:
        """Return a line for each input whose placement is not stated, or differs from the bundle's."""
        lines = []
        for need in self._bundle.manifest.inputs:
            for dataset, chosen in self._streams.items():
                for one in chosen[need.name]:
                    same = same_place(need.placement, one.placement)
                    if same is False:
                        lines.append(
                            f"{dataset}: {one.name} is worn at the {one.placement}, the bundle was trained for the {need.placement}"
                        )
                    elif same is None and need.placement:
                        lines.append(
                            f"{dataset}: it is not stated where {one.name} is worn; the bundle was trained for the {need.placement}"
                        )
        return lines

    def noted(self) -> list[str]:
        """As `Evaluator.noted`."""
        return self._noted.lines()

    def _taken(self) -> list[dict[str, str]]:
        return [
            {"input": name, "dataset": dataset, "stream": one.name, "placement": one.placement}
            for dataset, chosen in self._streams.items()
            for name, found in chosen.items()
            for one in found
        ]


def true_labels(manifest: Manifest, recording: Recording, centre_s: np.ndarray) -> np.ndarray:
    """Return (K,) the true class of each window, as in training: windows of a fall recording away from its fall have none."""
    if manifest.task == "fall":
        positive = manifest.labels.index(str(manifest.positive))
        if recording.fall is None:
            return np.full(len(centre_s), 1 - positive)
        stated = manifest.of_training("recipe", "labels").get("margin_s")
        margin = float(stated) if isinstance(stated, int | float) else 1.0
        whole = manifest.window.kind == "trial"
        return np.asarray(
            [positive if whole or of_fall(float(centre), recording.fall, margin) else IGNORED for centre in centre_s], np.int64
        )
    if recording.activity not in manifest.labels:
        raise UserError(f"{recording.id}: activity {recording.activity!r} is not among the bundle's labels")
    return np.full(len(centre_s), manifest.labels.index(recording.activity))
