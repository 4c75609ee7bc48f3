"""Collect the metrics of finished jobs for `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.evaluation.bootstrap import over_groups
from featherfall.evaluation.by_dataset import over_datasets
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import MAIN, task_metrics
from featherfall.evaluation.summary import summarise
from featherfall.pipeline.task import Job, Task
from featherfall.runtime.bundle import onnx_models, read_manifest

EVALUATED = ("teacher", "alone", "distilled", "int8")


def collect(task: Task, jobs: Sequence[Job], notes: Sequence[str]) -> dict[str, Any]:
    """Return the metrics of all finished jobs: each seed's folds pooled."""
    recipe, names = task.context.recipe, task.classes()

    def score(predictions: Sequence[RecordingPredictions]) -> tuple[Metrics, dict[str, Any]]:
        return task_metrics(predictions, recipe.task, names, recipe.labels.positive, recipe.decision)

    tested = [job for job in jobs if job.role in EVALUATED and len(job.fold.test)]
    refused = _refused(task, [job for job in tested if job.role == "int8"])
    if refused:
        tested, notes = [job for job in tested if job.role != "int8"], [*notes, refused]
    roles: dict[str, list[Metrics]] = {}
    counts: dict[str, list[Mapping[str, Any]]] = {}
    by_fold: dict[str, list[list[float | None]]] = {}
    pooled: dict[str, list[list[RecordingPredictions]]] = {}

    def add(role: str, predictions: list[RecordingPredictions], more: tuple[Metrics, Mapping[str, Any]]) -> None:
        metrics, count = score(predictions)
        pooled.setdefault(role, []).append(predictions)
        roles.setdefault(role, []).append({**metrics, **more[0]})
        counts.setdefault(role, []).append({**count, **more[1]})

    for role in EVALUATED:
        for number in sorted({job.number for job in tested if job.role == role}):
            folds = [job for job in tested if job.role == role and job.number == number]
            per_fold = [task.predictions(job) for job in folds]
            add(role, [one for predictions in per_fold for one in predictions], task.more_metrics(folds))
            by_fold.setdefault(role, []).append([score(predictions)[0][MAIN[recipe.task]] for predictions in per_fold])
    if recipe.teacher and recipe.teacher.members > 1 and task.averages_teachers:
        add("teacher_ensemble", _ensemble(task, [job for job in tested if job.role == "teacher"]), ({}, {}))
    parts = {job.fold.name: job.fold for job in tested}.values()
    ratio = float(np.mean([len(fold.test) / len(fold.train) for fold in parts]))
    summary = summarise(recipe, roles, counts, by_fold, ratio, sizes(task, tested), notes) | {"dataset": task.context.dataset}
    if recipe.task == "fall":
        positive, group = names.index(str(recipe.labels.positive)), recipe.split.group
        intervals = {role: over_groups(seeds, positive, recipe.decision, group) for role, seeds in pooled.items()}
        summary["over_groups"] = {"group": group, "roles": intervals}
        summary |= over_datasets(pooled, positive, score)
    return task.more_summary(summary, tested)


def _refused(task: Task, exported: Sequence[Job]) -> str:
    """Return why there are no figures of int8 though it was asked for, "" where there are.

    A bundle without an int8 model was evaluated with its float32 one, whose figures must not go by the name of the other.
    """
    without = sum(not _has_int8(job.folder / "bundle") for job in exported)
    if without:
        return f"no figures of int8: it was refused for {without} of {len(exported)} students"
    if exported and not _has_int8(task.context.run.bundle):
        return "no figures of int8: it was refused for the student that ships"
    return ""


def _has_int8(bundle: Path) -> bool:
    return any(model.precision == "int8" for model in onnx_models(read_manifest(bundle)))


def _ensemble(task: Task, teachers: Sequence[Job]) -> list[RecordingPredictions]:
    """Average the probabilities of the members, recording by recording."""
    out: list[RecordingPredictions] = []
    for fold in dict.fromkeys(job.fold.name for job in teachers):
        members = [task.predictions(job) for job in teachers if job.fold.name == fold]
        for same in zip(*members, strict=True):
            first = same[0]
            mean = np.mean([one.probabilities for one in same], axis=0)
            out.append(RecordingPredictions(first.recording, first.centre_s, first.end_s, mean, first.labels))
    return out


def sizes(task: Task, jobs: Sequence[Job]) -> dict[str, dict[str, int]]:
    """Return parameters, multiply-accumulates per clip, and bytes of the weights (float32; int8: the whole model file) by role."""
    recipe = task.context.recipe
    found = {}
    for role in recipe.networks:
        parameters, macs = task.cost(role, jobs)
        found[role] = {"parameters": parameters, "macs": macs, "bytes": 4 * parameters}
    found |= dict.fromkeys(["alone", recipe.deployed_role], found.pop("student"))
    exported = [read_manifest(job.folder / "bundle") for job in jobs if job.role == "int8"]
    small = [model.bytes for manifest in exported for model in manifest.models if model.precision == "int8"]
    return found | ({"int8": {**found["alone"], "bytes": max(small)}} if small else {})
