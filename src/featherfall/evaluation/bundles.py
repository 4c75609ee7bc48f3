"""Evaluate a bundle on a dataset's recordings, by the runtime itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from featherfall.clips.build import named
from featherfall.clips.labels import IGNORED, of_fall
from featherfall.clips.store import RecordingFacts
from featherfall.core.class_names import ClassNames
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recipe import Clip
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset, Source, by_names, each_view
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import task_metrics
from featherfall.runtime import Bundle


def evaluate_bundle(bundle: Bundle, dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Metrics of a bundle on every recording that it was not trained on.

    On the dataset it comes from, the test side of its published split is judged; a bundle trained on everybody is judged on everybody,
    and a note says that this is no honest figure. On another dataset nothing is tuned.

    Returns: {"metrics", "counts", "notes", ...} as plain values.
    """
    manifest = bundle.manifest
    clip = clip_of(manifest)
    if clip is not None and clip.each_view:
        dataset = each_view(dataset)
    recipe: Mapping[str, Any] = manifest.provenance.get("recipe", {})
    if (known := recipe.get("labels", {}).get("names")) and any(source.names for source in dataset.sources):
        dataset = by_names(dataset, ClassNames.model_validate(known))
    chosen, notes = _unseen(dataset, recipe)
    judged: list[RecordingPredictions] = []
    for done, source in enumerate(chosen, start=1):
        try:
            judged.append(_judge(bundle, source.load(), clip))
        except UserError as error:
            notes.append(f"left out: {error}")
        if progress:
            progress(done, len(chosen))
    if not judged:
        raise UserError(f"{dataset.folder}: no recording could be judged; {notes[-1] if notes else 'it is empty'}")
    metrics, counts = task_metrics(judged, manifest.task, manifest.labels, manifest.positive, manifest.decision)
    return {
        "bundle": manifest.name,
        "model": bundle.model.precision,
        "dataset": dataset.name,
        "metrics": metrics,
        "counts": counts,
        "notes": notes,
    }


def _unseen(dataset: Dataset, recipe: Mapping[str, Any]) -> tuple[Sequence[Source], list[str]]:
    if not recipe or not _parts(recipe["dataset"]) & _parts(dataset.name):
        return dataset.sources, []
    published = dataset.splits.get(str(recipe["split"].get("list")))
    if recipe["split"]["protocol"] == "published" and published:
        return [source for source in dataset.sources if published(source) == "test"], []
    return dataset.sources, ["the bundle was trained on these subjects: not an honest figure; its run's metrics.json holds the honest one"]


def _parts(dataset: str) -> set[str]:
    """Names of the datasets that one is joined of."""
    return {part.strip().lower().replace("_", "-") for part in dataset.split("+")}


def clip_of(manifest: Manifest) -> Clip | None:
    """The clip of the recipe that a bundle comes from; None where the manifest does not tell."""
    clip = manifest.provenance.get("recipe", {}).get("clip")
    return None if clip is None else Clip.model_validate(clip)


def _judge(bundle: Bundle, recording: Recording, clip: Clip | None) -> RecordingPredictions:
    """Streams and films go by the names that the recipe gave them, or by those of the bundle's inputs."""
    known = recording if clip is None else named(recording, clip)
    streams, videos = {**recording.streams, **known.streams}, {**recording.videos, **known.videos}
    said = bundle.predict(replace(recording, streams=streams, videos=videos))
    keep = said.usable
    facts = RecordingFacts.of(recording, int(keep.sum()))
    truth = _truth(bundle.manifest, recording, said.centre_s[keep])
    return RecordingPredictions(facts, said.centre_s[keep], said.end_s[keep], said.probabilities[keep], truth)


def _truth(manifest: Manifest, recording: Recording, centre_s: np.ndarray) -> np.ndarray:
    """(K,) true class of each window, as in training: windows of a fall recording away from its fall have none."""
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
