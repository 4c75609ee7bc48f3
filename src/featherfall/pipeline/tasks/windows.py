"""Windows of sensors, keypoints or pictures: a teacher's outputs, the student alone and distilled, int8 evaluated by the runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from featherfall.clips.labelled import with_labels
from featherfall.clips.labels import clip_labels
from featherfall.clips.mapping import named
from featherfall.clips.protocols import cross_validates
from featherfall.clips.splits import Fold, full_fit
from featherfall.clips.store import open_store
from featherfall.core.files import atomic_write
from featherfall.core.recipe import Network
from featherfall.core.registry import facts
from featherfall.datasets import Source
from featherfall.evaluation.operating import Fitted
from featherfall.evaluation.predictions import RecordingPredictions, clip_predictions
from featherfall.evaluation.score import MAIN, task_metrics
from featherfall.export.deployment import Deployment, GraphOutputs, Guard, exportable, inputs_of, sample_of
from featherfall.pipeline.bundle_teacher import open_teacher, write_bundle_outputs
from featherfall.pipeline.export import export_student
from featherfall.pipeline.task import Job, Task
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import softmax
from featherfall.training.data import load_clips
from featherfall.training.outputs import logits_of
from featherfall.training.parts import check_parts
from featherfall.training.stages import FoldContext, train_student, train_teacher, write_teacher_outputs

CALIBRATION_CLIPS = 512
CALIBRATION_FILMS = 48  # pictures are large: the activations of a whole batch are kept while scales are set


@dataclass(frozen=True, eq=False)
class WindowsTask(Task):
    """See `pipeline.task.Task`."""

    stages: ClassVar[Mapping[str, str]] = {
        "teacher": "teachers",
        "outputs": "teachers' outputs",
        "assistant": "teaching assistant",
        "alone": "student alone",
        "distilled": "student distilled",
        "int8": "int8, evaluated by the runtime",
    }
    requires: ClassVar[Mapping[str, Sequence[str]]] = {
        "outputs": ("teacher",),
        "assistant": ("teacher", "outputs"),
        "distilled": ("teacher", "outputs", "assistant"),
        "int8": ("alone", "distilled"),
    }

    def check_fold(self, fold: Fold) -> None:
        check_parts(self.stage(fold))

    def folds(self, folds: Sequence[Fold]) -> list[Fold]:
        """Return the protocol's folds; cross-validation adds a fold of all recordings, whose student is exported."""
        return [*folds, *self._full_fit()]

    def shipped(self, folds: Sequence[Fold]) -> Fold:
        return [*self._full_fit(), *folds][0]

    def _full_fit(self) -> list[Fold]:
        recipe = self.context.recipe
        split = recipe.split
        if not cross_validates(split) or split.part == "validation":
            return []
        recordings = open_store(self.context.clips).recordings
        return [with_labels(full_fit(recordings, split), recordings, split, recipe.labels)]

    def roles(self, fold: Fold) -> list[tuple[str, Sequence[int]]]:
        recipe, tested = self.context.recipe, len(fold.test) > 0
        seeds = recipe.seeds if tested else recipe.seeds[:1]
        roles: list[tuple[str, Sequence[int]]] = []
        if recipe.supervision:
            roles.append(("teacher", range(recipe.supervision.teacher.members)))
            if not recipe.supervision.distillation.live:
                roles.append(("outputs", [0]))
            if recipe.by_assistant:
                roles.append(("assistant", [0]))
            roles.append(("distilled", seeds))
        elif recipe.distillation:
            roles += [("outputs", [0]), ("distilled", seeds)]
        if tested or recipe.deployed_role == "alone":
            roles.append(("alone", seeds))
        return [*roles, ("int8", seeds)] if tested and recipe.export.quantises else roles

    def steps(self, role: str) -> int:
        trainings = [one.training for one in (self.context.recipe.student, self.context.recipe.teacher) if one]
        return max(training.steps for training in trainings)

    def finished(self, job: Job) -> Path:
        return self._outputs(job) if job.role == "outputs" else job.folder / "predictions.npz"

    def _outputs(self, job: Job) -> Path:
        return self.context.run.teacher_outputs(job.fold.name) / "outputs.pt"

    def execute(self, job: Job) -> None:
        run, recipe = self.context.run, self.context.recipe
        stage = self.stage(job.fold)
        if job.role == "outputs" and recipe.required_distillation.bundle is not None:
            teacher_bundle = open_teacher(recipe.required_distillation.bundle, stage.classes, recipe)
            write_bundle_outputs(stage, teacher_bundle, self.context.sources, self._outputs(job))
        elif job.role == "outputs":
            stage, outputs, teachers = self._taught(job, stage)
            write_teacher_outputs(stage, teachers, outputs.parent)
        elif job.role == "teacher":
            teacher = recipe.required_supervision.teacher
            _save(job, predict_test_part(stage, train_teacher(stage, job.number, job.folder), teacher.network))
        elif job.role == "int8":
            export_student(self, job.fold, job.number, job.folder / "bundle", Fitted(recipe.decision.stated))
            _save(job, predict_by_runtime(stage, self.context.sources, job.folder / "bundle"))
        else:
            start = run.start(job.number) if job.role != "assistant" else None
            weights = None if start is None else Path(start.weights)
            stage, outputs, teachers = self._taught(job, stage)
            role = "alone" if job.role == "alone" else "distilled"
            model = train_student(stage, role, job.number, job.folder, outputs, weights, teachers)
            if job.role == "assistant" and (by := recipe.by_assistant) and not recipe.required_supervision.distillation.live:
                write_teacher_outputs(replace(stage, recipe=by[1]), [job.folder], job.folder)
            _save(job, predict_test_part(stage, model, stage.recipe.student.network))

    def _taught(self, job: Job, stage: FoldContext) -> tuple[FoldContext, Path, list[Path]]:
        """Return the recipe by which a job's student or assistant is distilled, the file of its teachers' outputs, and their folders."""
        by = self.context.recipe.by_assistant
        if by is None or job.role == "alone":
            return stage, self._outputs(job), self._teachers(job)
        if job.role in ("outputs", "assistant"):
            return replace(stage, recipe=by[0]), self._outputs(job), self._teachers(job)
        folder = self.context.run.job(job.fold.name, "assistant", 0)
        return replace(stage, recipe=by[1]), folder / "outputs.pt", [folder]

    def _teachers(self, job: Job) -> list[Path]:
        """Return the folders of the fold's teachers."""
        teacher = self.context.recipe.teacher
        return [self.context.run.job(job.fold.name, "teacher", i) for i in range(teacher.members)] if teacher else []

    def predictions(self, job: Job) -> list[RecordingPredictions]:
        store, recipe = open_store(self.context.clips), self.context.recipe
        with np.load(job.finished) as saved:
            probabilities = saved["probabilities"]
        return clip_predictions(store, job.fold.test, probabilities, clip_labels(store, recipe.labels, recipe.clip.reference))

    def decides_by_windows(self) -> bool:
        """As `Task.decides_by_windows`: not of people in films, of whom a camera also judges posture and course."""
        return "keypoints" not in facts("model", self.context.recipe.student.network.kind).get("looks_at", [])

    def deployment(self, fold: Fold, seed: int, weights: Path, provenance: Mapping[str, Any], fitted: Fitted) -> Deployment:
        stage = self.stage(fold)
        return deployment(stage, stage.load_network(self.context.recipe.student.network, seed, weights), provenance, fitted)


def deployment(stage: FoldContext, model: nn.Module, provenance: Mapping[str, Any], fitted: Fitted) -> Deployment:
    """Return the deployment of a student. The guard compares on the validation part, or on the training part without one."""
    recipe, store, fold = stage.recipe, stage.store, stage.fold
    names, labels = inputs_of(recipe), clip_labels(store, recipe.labels, recipe.clip.reference)
    recordings = fold.validation if len(fold.validation) else fold.train

    def score(outputs: GraphOutputs) -> dict[str, float]:
        predictions = clip_predictions(store, recordings, softmax(outputs[0] / fitted.temperature), labels)
        metrics, _ = task_metrics(predictions, recipe.task, stage.classes, recipe.labels.positive, fitted.decision)
        return {MAIN[recipe.task]: metrics[MAIN[recipe.task]] or 0.0}  # None without falls and alarms: nothing is lost

    clips = store.clips_of(recordings)
    guard = Guard({name: store.read(name, clips) for name in names}, score, recipe.export.budget_points)
    most = CALIBRATION_FILMS if any(name in store.films for name in names) else CALIBRATION_CLIPS
    sample = sample_of(store, names, stage.pairs.clips, most)
    network = exportable(model, sample)
    return Deployment(
        recipe, store, stage.classes, fitted.decision, network, sample, guard, provenance, fitted.temperature, fitted.operating
    )


def predict_test_part(stage: FoldContext, model: nn.Module, network: Network) -> np.ndarray:
    """Return the (test clips, classes) float32 probabilities of a trained network."""
    index = stage.store.clips_of(stage.fold.test)
    if not len(index):
        return np.zeros((0, len(stage.classes)), np.float32)
    clips = load_clips(stage.store, index, np.zeros(len(index)), network.inputs)
    probabilities: np.ndarray = torch.softmax(logits_of(model, clips), dim=1).numpy()
    return probabilities


def predict_by_runtime(stage: FoldContext, sources: Mapping[str, Source], bundle: Path) -> np.ndarray:
    """Return the (test clips, classes) float32 probabilities of a bundle, which reads the recordings from their files as a device would.

    The runtime cuts its own windows; it is asserted that there are as many as clips in the store, so that both cut alike.
    """
    student = load_bundle(bundle)
    out = []
    for index in stage.fold.test:
        recording = stage.store.recordings[index]
        prediction = student.predict(named(sources[recording.id].load(), stage.recipe.clip), placement_ok=True)
        assert len(prediction.probabilities) == recording.clips, (
            f"{recording.id}: the runtime cut {len(prediction.probabilities)} windows, training {recording.clips}"
        )
        out.append(prediction.probabilities)
    return np.concatenate(out) if out else np.zeros((0, len(stage.classes)), np.float32)


def _save(job: Job, probabilities: np.ndarray) -> None:
    with atomic_write(job.finished) as file:
        np.savez_compressed(file, probabilities=probabilities)
