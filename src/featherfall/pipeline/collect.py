"""Collect the metrics of finished jobs for `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.evaluation.bootstrap import over_groups
from featherfall.evaluation.by_dataset import over_datasets
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import MAIN, task_metrics
from featherfall.evaluation.summary import summarise
from featherfall.pipeline.points import decide_folds
from featherfall.pipeline.task import Job, Task
from featherfall.runtime.bundle import onnx_models, read_manifest

EVALUATED = ("teacher", "alone", "distilled", "int8")


def collect(task: Task, jobs: Sequence[Job], notes: Sequence[str]) -> dict[str, Any]:
    """Return the metrics of all finished jobs: each seed's folds pooled."""
    recipe, names = task.context.recipe, task.classes()

    def score(predictions: Sequence[RecordingPredictions]) -> tuple[Metrics, dict[str, Any]]:
        return task_metrics(predictions, recipe.task, names, recipe.labels.positive, recipe.decision.stated)

    tested = [job for job in jobs if job.role in EVALUATED and len(job.fold.test)]
    refused = _refused(task, [job for job in tested if job.role == "int8"])
    if refused:
        tested, notes = [job for job in tested if job.role != "int8"], [*notes, refused]
    roles: dict[str, list[Metrics]] = {}
    counts: dict[str, list[Mapping[str, Any]]] = {}
    by_fold: dict[str, list[list[float | None]]] = {}
    pooled: dict[str, list[list[RecordingPredictions]]] = {}
    chosen: dict[str, list[list[dict[str, Any]]]] = {}

    def add(role: str, predictions: list[RecordingPredictions], more: tuple[Metrics, Mapping[str, Any]]) -> None:
        metrics, count = score(predictions)
        pooled.setdefault(role, []).append(predictions)
        roles.setdefault(role, []).append({**metrics, **more[0]})
        counts.setdefault(role, []).append({**count, **more[1]})

    for role in EVALUATED:
        for number in sorted({job.number for job in tested if job.role == role}):
            folds = [job for job in tested if job.role == role and job.number == number]
            decided = decide_folds(recipe, names, [task.predictions(job) for job in folds])
            per_fold = decided.folds
            chosen.setdefault(role, []).append(decided.to_json())
            add(role, [one for predictions in per_fold for one in predictions], task.more_metrics(folds))
            by_fold.setdefault(role, []).append([score(predictions)[0][MAIN[recipe.task]] for predictions in per_fold])
    if recipe.teacher and recipe.teacher.members > 1 and task.averages_teachers:
        decided = decide_folds(recipe, names, _ensemble(task, [job for job in tested if job.role == "teacher"]))
        add("teacher_ensemble", [one for predictions in decided.folds for one in predictions], ({}, {}))
    parts = {job.fold.name: job.fold for job in tested}.values()
    ratio = float(np.mean([len(fold.test) / len(fold.train) for fold in parts]))
    summary = summarise(recipe, roles, counts, by_fold, ratio, sizes(task, tested), notes) | {"dataset": task.context.dataset}
    if recipe.decision.point is not None:
        summary["thresholds"] = {"point": recipe.decision.point, "roles": chosen}
    if recipe.task == "fall":
        positive, group = names.index(str(recipe.labels.positive)), recipe.split.group
        intervals = {role: over_groups(seeds, positive, recipe.decision.stated, group) for role, seeds in pooled.items()}
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


def _ensemble(task: Task, teachers: Sequence[Job]) -> list[list[RecordingPredictions]]:
    """Average the probabilities of the members, fold by fold and recording by recording."""
    out: list[list[RecordingPredictions]] = []
    for fold in dict.fromkeys(job.fold.name for job in teachers):
        members = [task.predictions(job) for job in teachers if job.fold.name == fold]
        means = [np.mean([one.probabilities for one in same], axis=0) for same in zip(*members, strict=True)]
        out.append([replace(first, probabilities=mean) for first, mean in zip(members[0], means, strict=True)])
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
    small = [model.bytes for manifest in exported for model in onnx_models(manifest) if model.precision == "int8"]
    return found | ({"int8": {**found["alone"], "bytes": max(small)}} if small else {})
