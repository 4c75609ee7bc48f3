"""Export a bundle in further formats: the same student, calibrated and proven on recordings of a dataset."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, write_json
from featherfall.core.manifest import Manifest
from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import evaluate_with
from featherfall.evaluation.of_windows import WindowEvaluator
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import MAIN, task_metrics
from featherfall.export.bundle import digests, write_models
from featherfall.export.contract import Contract
from featherfall.export.deployment import Exportable, GraphOutputs, Guard
from featherfall.runtime.bundle import Bundle, load_bundle, softmax
from featherfall.runtime.prediction import Prediction

CALIBRATION_WINDOWS = 512
BUDGET_POINTS = 0.5  # as of recipes


@dataclass(frozen=True, eq=False)
class Redeployment:
    """A bundle that gets another file, see `export.deployment.Deployable`."""

    contract: Contract
    network: Exportable
    sample: Mapping[str, np.ndarray]
    guard: Guard


class _Listening(Bundle):
    """A bundle that keeps the windows that it is shown, by recording."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle.path, bundle.manifest, bundle.model, bundle._session)
        self.windows: dict[str, dict[str, np.ndarray]] = {}
        self._shown: list[dict[str, np.ndarray]] = []

    def probabilities(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        self._shown.append({one.name: np.asarray(inputs[one.name], np.float32) for one in self.manifest.inputs})
        return super().probabilities(inputs)

    def predict(self, data: Any, **options: Any) -> Prediction:
        self._shown = []
        prediction = super().predict(data, **options)
        together = {one.name: np.concatenate([part[one.name] for part in self._shown]) for one in self.manifest.inputs}
        self.windows[data.id] = {name: values[prediction.usable] for name, values in together.items()}
        return prediction


def add_formats(path: str | Path, formats: Sequence[str], out: Path, dataset: Dataset) -> Manifest:
    """Write a bundle with further model files to a folder, which appears whole or not at all; return its manifest.

    Arguments:
        path: a bundle with a float32 model.
        formats: registered names.
        dataset: recordings that int8 is calibrated with and every file is proven on.
    Raises: `UserError` for a bundle or dataset that cannot be taken, and for a file that must not be deployed.
    """
    bundle = load_bundle(path, "float32")
    manifest = bundle.manifest
    if manifest.kind != "window":
        raise UserError(f"{path}: a bundle of kind {manifest.kind!r} is exported from its run alone; give the run")
    if out.resolve() == bundle.path.resolve():
        raise UserError(f"--out {out}: is the bundle itself; give another folder")
    contract = contract_of(manifest)
    guard = dataset_guard(bundle, dataset)
    network = Exportable(("logits",), manifest.parameters, manifest.macs, graph=bundle.path / bundle.model.file)
    deployment = Redeployment(contract, network, calibration_sample(guard.inputs), guard)
    with atomic_folder(out) as folder:
        kept = [one for one in manifest.models if not {one.format, f"{one.format}_{one.precision}"} & set(formats)]
        others = manifest.sha256.keys() - {name for one in manifest.models if one not in kept for name in one.files}
        for name in others:
            shutil.copy(bundle.path / name, folder)
        models = write_models(deployment, formats, folder, kept)
        sha256 = {name: manifest.sha256[name] for name in sorted(others)} | digests(folder, models)
        facts = {"proven_on": {"dataset": dataset.name, "windows": len(next(iter(guard.inputs.values())))}}
        made = manifest.model_copy(update={"models": models, "sha256": sha256, "provenance": {**manifest.provenance, **facts}})
        write_json(folder / "manifest.json", made.model_dump())
    return made


def contract_of(manifest: Manifest) -> Contract:
    """Return how the student of a bundle is fed, and how it decides."""
    one = manifest
    return Contract(one.name, one.window, one.inputs, one.labels, one.positive, one.decision, one.temperature)


def dataset_guard(bundle: Bundle, dataset: Dataset) -> Guard:
    """Return the guard on all windows of a dataset, by the metrics of `featherfall evaluate`."""
    manifest, listening = bundle.manifest, _Listening(bundle)
    evaluator = WindowEvaluator(listening)
    evaluate_with(evaluator, listening, dataset)
    predictions = [one for one in evaluator.predictions if len(one.labels)]
    if not predictions:
        raise UserError(f"{dataset.folder}: no recording gave a window of {manifest.name!r}; give recordings that it can judge")
    names = [one.name for one in manifest.inputs]
    inputs = {name: np.concatenate([listening.windows[one.recording.id][name] for one in predictions]) for name in names}
    ends = np.cumsum([0, *(len(one.labels) for one in predictions)])

    def score(outputs: GraphOutputs) -> dict[str, float]:
        probabilities = softmax(outputs[0] / manifest.temperature)
        judged: list[RecordingPredictions] = [
            replace(one, probabilities=probabilities[ends[i] : ends[i + 1]]) for i, one in enumerate(predictions)
        ]
        metrics, _ = task_metrics(judged, manifest.task, manifest.labels, manifest.positive, manifest.decision)
        return {MAIN[manifest.task]: metrics[MAIN[manifest.task]] or 0.0}

    return Guard(inputs, score, BUDGET_POINTS)


def calibration_sample(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return evenly spaced windows of all. inputs: (K, length, channels) by name."""
    count = len(next(iter(inputs.values())))
    chosen = np.linspace(0, count - 1, min(CALIBRATION_WINDOWS, count)).astype(int)
    return {name: values[chosen] for name, values in inputs.items()}
