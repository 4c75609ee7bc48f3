"""A distilled student becomes a bundle, and the bundle is judged as it will be used: by the runtime, from the recordings' files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from featherfall import datasets
from featherfall.clips.build import named
from featherfall.clips.labels import clip_labels
from featherfall.core.manifest import Manifest
from featherfall.core.recipe import Recipe
from featherfall.evaluation.predictions import clip_predictions
from featherfall.evaluation.score import MAIN, measure
from featherfall.evaluation.summary import environment, protocol_name
from featherfall.export.bundle import write_bundle
from featherfall.pipeline.run import Start
from featherfall.runtime import load_bundle
from featherfall.training.stages import FoldContext


def export_student(stage: FoldContext, model: nn.Module, folder: Path, seed: int, start: Start | None = None) -> Manifest:
    """Export with parity proof and int8 guard. The guard compares on the validation part, or on the training part where there is none.

    Arguments:
        seed, start: what the student was trained with and from, for its provenance.
    """
    recipe, store, fold = stage.recipe, stage.store, stage.fold
    guard = fold.validation if len(fold.validation) else fold.train
    labels = clip_labels(store, recipe.labels)

    def score(logits: np.ndarray) -> float:
        judged = clip_predictions(store, guard, _softmax(logits), labels)
        metrics, _ = measure(judged, recipe.task, stage.classes, recipe.labels.positive, recipe.decision)
        return metrics[MAIN[recipe.task]]

    subjects = sorted({store.recordings[i].subject for i in fold.train})
    provenance: dict[str, Any] = {
        "recipe": recipe.model_dump(),
        "dataset": recipe.dataset,
        "protocol": protocol_name(recipe),
        "fold": fold.name,
        "trained_on": subjects,
        "environment": environment(),
        "seed": seed,
    }
    if start is not None:
        provenance["start"] = {"weights": start.weights, "sha256": start.sha256}
    return write_bundle(folder, model, recipe, store, stage.classes, stage.part(fold.train).clips, store.clips_of(guard), score, provenance)


def predict_by_runtime(recipe: Recipe, stage: FoldContext, data: Path, bundle: Path) -> np.ndarray:
    """(test clips, classes) probabilities from the bundle, reading the test recordings from their files as a device would.

    The runtime cuts its own windows; that there are as many as clips in the store is asserted: what was trained is what runs.
    """
    student = load_bundle(bundle)
    sources = {source.id: source for source in datasets.open_for(recipe, data).sources}
    out = []
    for index in stage.fold.test:
        facts = stage.store.recordings[index]
        prediction = student.predict(named(sources[facts.id].load(), recipe.clip))
        assert len(prediction.probabilities) == facts.clips, (
            f"{facts.id}: the runtime cut {len(prediction.probabilities)} windows, training {facts.clips}"
        )
        out.append(prediction.probabilities)
    return np.concatenate(out) if out else np.zeros((0, len(stage.classes)), np.float32)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]
