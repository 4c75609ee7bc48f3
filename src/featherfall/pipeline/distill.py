"""A recipe, whole: clips, teachers, the student alone and distilled, int8, metrics, bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.build import prepare
from featherfall.clips.labels import classes
from featherfall.clips.splits import Fold, folds, full_fit
from featherfall.clips.store import ClipStore, RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.files import read_json, write_json
from featherfall.core.recipe import Recipe
from featherfall.datasets import Dataset
from featherfall.evaluation.bootstrap import over_groups
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.report import write_report
from featherfall.evaluation.score import MAIN, measure
from featherfall.evaluation.summary import summarise
from featherfall.export.bundle import int8_refusal
from featherfall.models.count import macs, parameters
from featherfall.pipeline.export import export_student
from featherfall.pipeline.jobs import Job, execute, load_predictions, run_jobs
from featherfall.pipeline.progress import Show, follow_logs
from featherfall.pipeline.run import Run, Start, open_run, read_run
from featherfall.pipeline.warm_start import check_start, starts
from featherfall.runtime.bundle import read_manifest
from featherfall.training.stages import FoldContext

STAGES = {
    "teacher": "teachers",
    "outputs": "teachers' outputs",
    "alone": "student alone",
    "distilled": "student distilled",
    "int8": "int8, judged by the runtime",
}


def distill(
    recipe: Recipe, data: Path, out: Path, *, resume: bool = False, workers: int = 1, quiet: bool = False, cache: Path | None = None
) -> dict[str, Any]:
    """Run a recipe and return what `metrics.json` holds.

    Arguments:
        data: folder that holds datasets by their usual names.
        out: run directory; must be new unless `resume`.
        workers: trainings (of one thread each) side by side.
        quiet: no progress bars.
        cache: where prepared clips are kept.
    Raises: `UserError`.
    """
    if recipe.detection is not None:
        from featherfall.pipeline.detect import detect

        return detect(recipe, data, out, resume=resume, workers=workers, quiet=quiet, cache=cache)
    dataset = datasets.open_for(recipe, data)
    start = starts(recipe, data)
    with open_run(out, recipe, data, resume) as run, Show(quiet) as show:
        store = make_clips(recipe, dataset, workers, show, cache)
        parts = make_folds(recipe, dataset, store)
        begin(run, recipe, store, parts, start)
        jobs = plan(run, recipe, data, store, parts)
        steps = max([recipe.student.training.steps] + ([recipe.teacher.training.steps] if recipe.teacher else []))
        for role, description in STAGES.items():
            chosen = [job for job in jobs if job.role == role]
            if not chosen:
                continue
            stage = show.stage(description, len(chosen))
            with follow_logs(run.folder, stage, steps):
                run_jobs(chosen, workers, lambda job, stage=stage: stage.step(job.name))  # type: ignore[misc]
        stage = show.stage("bundle", 1)
        notes = finish_bundle(run, recipe, store, parts, run.bundle)
        stage.step(str(run.bundle))
        metrics = collect(recipe, store, parts, jobs, notes) | {"simulated": dataset.simulated}
        write_json(run.metrics, metrics)
        write_run_report(run)
    return metrics


def begin(run: Run, recipe: Recipe, store: ClipStore, parts: Sequence[Fold], start: Mapping[int, Start]) -> None:
    """Note what the run is made of. An absent class, or weights to start from that do not fit, are refused before anything is trained."""
    run.of_clips(store.folder.name)
    for fold in parts:
        stage = FoldContext(recipe, store, fold)
        stage.training_part  # noqa: B018 (refuses)
        for one in start.values():
            check_start(one, stage)
    run.of_starts(start)


def write_run_report(run: Run) -> Path:
    """Write `report.html` from a run's metrics and logs."""
    logs = {role: sorted(run.folder.glob(f"folds/*/{role}/*/log.csv")) for role in ("teacher", "alone", "distilled")}
    write_report(run.report, read_json(run.metrics), logs)
    return run.report


def make_clips(recipe: Recipe, dataset: Dataset, workers: int, show: Show, cache: Path | None = None) -> ClipStore:
    """The recipe's clips, from the cache or cut now."""
    stage = show.stage("clips", len(dataset.sources))
    required = recipe.student.network.inputs
    store = prepare(dataset, recipe.clip, required, cache=cache, workers=workers, progress=stage.at)
    stage.at(len(dataset.sources), len(dataset.sources), f"{len(store)} clips of {len(store.recordings)} recordings")
    return store


def make_folds(recipe: Recipe, dataset: Dataset, store: ClipStore) -> list[Fold]:
    """The folds of the recipe's protocol."""
    published = None
    if recipe.split.protocol == "published":
        if recipe.split.list not in dataset.splits:
            known = ", ".join(dataset.splits) or "none"
            raise UserError(f"split.list {recipe.split.list!r}: {dataset.name} has no such published split; known: {known}")
        side = dataset.splits[str(recipe.split.list)]
        by_id = {source.id: source for source in dataset.sources}

        def published(recording: RecordingFacts) -> str:
            return side(by_id[recording.id])

    return folds(store.recordings, recipe.split, published)


def plan(run: Run, recipe: Recipe, data: Path, store: ClipStore, parts: Sequence[Fold]) -> list[Job]:
    """Every job of a run, in the order of the stages. Cross-validation adds a fold of everybody, whose student (first seed) ships."""
    jobs: list[Job] = []
    for fold in [*parts, *_full_fit(recipe, store)]:
        seeds = recipe.seeds if len(fold.test) else recipe.seeds[:1]

        def add(role: str, numbers: Sequence[int], fold: Fold = fold) -> None:
            jobs.extend(Job(run, recipe, data, store.folder, fold, role, number) for number in numbers)

        if recipe.supervision:
            add("teacher", range(recipe.supervision.teacher.members))
            if not recipe.supervision.distillation.live:
                add("outputs", [0])
            add("distilled", seeds)
        if len(fold.test) or recipe.deployed_role == "alone":
            add("alone", seeds)
        if len(fold.test):
            add("int8", seeds)
    return jobs


def _full_fit(recipe: Recipe, store: ClipStore) -> list[Fold]:
    if recipe.split.protocol == "published" or recipe.split.part == "validation":
        return []
    return [full_fit(store.recordings, recipe.split)]


def finish_bundle(run: Run, recipe: Recipe, store: ClipStore, parts: Sequence[Fold], out: Path) -> list[str]:
    """Write the bundle that ships: the first seed's student (distilled, if it has a teacher), of the published split or of everybody.
    Returns notes for the reader."""
    whole = _full_fit(recipe, store)
    fold, seed = (whole or parts)[0], recipe.seeds[0]
    stage = FoldContext(recipe, store, fold)
    weights = run.job(fold.name, recipe.deployed_role, seed) / "weights.pt"
    if not weights.is_file():
        raise UserError(f"{weights}: no trained student; finish the run first (featherfall distill ... --resume)")
    manifest = export_student(stage, stage.load_network(recipe.student.network, seed, weights), out, seed, run.start(seed))
    notes = [f"{len(store.skipped)} recordings left out: {'; '.join(store.skipped[:5])}"] if store.skipped else []
    if whole:
        notes.append(
            "the bundle's student was trained on everybody; the figures are of the folds' students, which never met whom they judge"
        )
    refusal = int8_refusal(manifest)
    return [*notes, refusal] if refusal else notes


def collect(recipe: Recipe, store: ClipStore, parts: Sequence[Fold], jobs: Sequence[Job], notes: Sequence[str]) -> dict[str, Any]:
    """Metrics of all finished jobs: each seed's folds pooled."""
    names = classes(store, recipe.labels)

    def score(judged: Sequence[RecordingPredictions]) -> tuple[Metrics, dict[str, Any]]:
        return measure(judged, recipe.task, names, recipe.labels.positive, recipe.decision)

    roles: dict[str, list[Metrics]] = {}
    counts: dict[str, list[Mapping[str, Any]]] = {}
    by_fold: dict[str, list[list[float]]] = {}
    tested = [job for job in jobs if len(job.fold.test)]
    pooled: dict[str, list[list[RecordingPredictions]]] = {}
    for role in ("teacher", "alone", "distilled", "int8"):
        for number in sorted({job.number for job in tested if job.role == role}):
            per_fold = [load_predictions(job) for job in tested if job.role == role and job.number == number]
            pooled.setdefault(role, []).append([one for judged in per_fold for one in judged])
            _add(roles, counts, role, score(pooled[role][-1]))
            by_fold.setdefault(role, []).append([score(judged)[0][MAIN[recipe.task]] for judged in per_fold])
    if recipe.teacher and recipe.teacher.members > 1:
        pooled["teacher_ensemble"] = [_ensemble([job for job in tested if job.role == "teacher"])]
        _add(roles, counts, "teacher_ensemble", score(pooled["teacher_ensemble"][0]))
    ratio = float(np.mean([len(fold.test) / len(fold.train) for fold in parts]))
    summary = summarise(recipe, roles, counts, by_fold, ratio, _sizes(recipe, store, tested), notes)
    if recipe.task == "fall":
        positive = names.index(str(recipe.labels.positive))
        summary["over_groups"] = {
            "group": recipe.split.group,
            "roles": {role: over_groups(seeds, positive, recipe.decision, recipe.split.group) for role, seeds in pooled.items()},
        }
    return summary


def _add(
    roles: dict[str, list[Metrics]], counts: dict[str, list[Mapping[str, Any]]], role: str, scored: tuple[Metrics, dict[str, Any]]
) -> None:
    roles.setdefault(role, []).append(scored[0])
    counts.setdefault(role, []).append(scored[1])


def _ensemble(teachers: Sequence[Job]) -> list[RecordingPredictions]:
    """The teachers' recordings with the mean of the members' probabilities."""
    out: list[RecordingPredictions] = []
    for fold in dict.fromkeys(job.fold.name for job in teachers):
        members = [load_predictions(job) for job in teachers if job.fold.name == fold]
        for same in zip(*members, strict=True):
            first = same[0]
            mean = np.mean([one.probabilities for one in same], axis=0)
            out.append(RecordingPredictions(first.recording, first.centre_s, first.end_s, mean, first.labels))
    return out


def _sizes(recipe: Recipe, store: ClipStore, jobs: Sequence[Job]) -> dict[str, dict[str, int]]:
    """Parameters, multiply-accumulates a clip, bytes of the weights (float32; int8: the whole model file)."""
    sizes = {}
    stage = FoldContext(recipe, store, jobs[0].fold)
    for role, network in recipe.networks.items():
        model = stage.network(network, 0)
        clip = {name: torch.from_numpy(np.zeros_like(store.read(name, np.arange(2)))) for name in network.inputs}
        sizes[role] = {"parameters": parameters(model), "macs": macs(model, clip), "bytes": 4 * parameters(model)}
    sizes |= dict.fromkeys(["alone", recipe.deployed_role], sizes.pop("student"))
    exported = [read_manifest(job.folder / "bundle") for job in jobs if job.role == "int8"]
    small = [model.bytes for manifest in exported for model in manifest.models if model.precision == "int8"]
    if small:
        sizes["int8"] = {**sizes["alone"], "bytes": max(small)}
    return sizes


def train_one(
    recipe: Recipe, data: Path, out: Path, role: str, *, resume: bool = False, quiet: bool = False, cache: Path | None = None
) -> Path:
    """One stage of a recipe on its first fold: role "teacher" or "alone", first member or seed. Returns the folder of its weights."""
    if recipe.detection is not None:
        raise UserError(f"{recipe.name}: a detector's recipe runs whole: featherfall distill {recipe.name}")
    if role == "teacher" and recipe.teacher is None:
        raise UserError(f"{recipe.name}: has no teacher; train --role alone, or give the recipe 'teacher' and 'distillation'")
    dataset = datasets.open_for(recipe, data)
    start = starts(recipe, data)
    with open_run(out, recipe, data, resume) as run, Show(quiet) as show:
        store = make_clips(recipe, dataset, 1, show, cache)
        fold = make_folds(recipe, dataset, store)[0]
        begin(run, recipe, store, [fold], start)
        job = Job(run, recipe, data, store.folder, fold, role, 0 if role == "teacher" else recipe.seeds[0])
        stage = show.stage(STAGES[role], 1)
        with follow_logs(run.folder, stage, recipe.student.training.steps):
            execute(job)
        stage.step(str(job.folder))
    return job.folder


def export_run(folder: Path, out: Path, int8: bool) -> list[str]:
    """Write the bundle of a finished run to `out`. Returns what a user wants to know, line by line."""
    run, recipe, data = read_run(folder)
    if recipe.detection is not None:
        from featherfall.pipeline.detect import export_detector_run

        return export_detector_run(run, out, int8)
    recipe = recipe.model_copy(update={"export": recipe.export.model_copy(update={"int8": int8})})
    with Show(quiet=True) as show:
        dataset = datasets.open_for(recipe, data)
        store = make_clips(recipe, dataset, 1, show)
        notes = finish_bundle(run, recipe, store, make_folds(recipe, dataset, store), out)
    return [
        f"bundle   {out}",
        *(f"{model.precision:<8} {model.file}, {model.bytes:,} bytes" for model in read_manifest(out).models),
        *notes,
    ]
