"""A detector's recipe, whole: pictures with boxes, teacher, student alone and distilled, int8, metrics, bundle."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.splits import Fold, group_of
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, read_json, write_json
from featherfall.core.recipe import Recipe
from featherfall.core.recording import Box
from featherfall.datasets import Dataset
from featherfall.evaluation.bootstrap import over_groups, ratio_over_groups
from featherfall.evaluation.detection import Truth, detection_metrics, right_boxes
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.score import measure
from featherfall.evaluation.summary import summarise
from featherfall.export.bundle import int8_refusal
from featherfall.models.count import macs, parameters
from featherfall.pipeline.detect_jobs import Album, DetectJob, Told, execute, is_yolo, told
from featherfall.pipeline.distill import make_clips, make_folds, write_run_report
from featherfall.pipeline.jobs import run_jobs
from featherfall.pipeline.progress import Show, follow_logs
from featherfall.pipeline.run import Run, open_run
from featherfall.pipeline.simulated_pictures import simulated_pictures
from featherfall.runtime.bundle import read_manifest
from featherfall.training.boxes import box_edges, unique_people
from featherfall.training.detect_stages import labels_of, network

STAGES = {
    "first_teacher": "teacher, on simulated people",
    "first_student": "student, on simulated people",
    "teacher": "teacher",
    "alone": "student alone",
    "distilled": "student distilled",
    "int8": "int8, judged by the runtime",
}
ROLES = ("teacher", "alone", "distilled", "int8")


def detect(
    recipe: Recipe, data: Path, out: Path, *, resume: bool = False, workers: int = 1, quiet: bool = False, cache: Path | None = None
) -> dict[str, Any]:
    """As `pipeline.distill.distill`, of a recipe with a section `detection`. The first fold of the protocol is the test."""
    _check(recipe)
    assert recipe.detection is not None
    dataset = datasets.open_for(recipe, data)
    with open_run(out, recipe, data, resume) as run, Show(quiet) as show:
        store = make_clips(recipe, dataset, workers, show, cache)
        fold = make_folds(recipe, dataset, store)[0]
        run.of_clips(store.folder.name)
        album = Album(store.folder, boxes_of(recipe, dataset, store))
        truth = [_truth(recipe, one) for one in album.shown]
        first: Album | None = None
        if recipe.detection.first is not None:
            size = recipe.clip.films[recipe.student.network.inputs[0]].size
            simulated = datasets.open("yolo", simulated_pictures(recipe.detection.first, size, quiet=quiet, cache=cache))
            simulated_store = make_clips(recipe, simulated, workers, show, cache)
            first = Album(simulated_store.folder, boxes_of(recipe, simulated, simulated_store))
        jobs = plan(run, recipe, data, album, fold, first)
        for role, description in STAGES.items():
            chosen = [job for job in jobs if job.role == role]
            if not chosen:
                continue
            stage = show.stage(description, len(chosen))
            with follow_logs(run.folder, stage, _steps(recipe, role)):
                run_jobs(chosen, workers, lambda job, stage=stage: stage.step(job.name), execute)  # type: ignore[misc]
        deployed_role = next(job for job in jobs if job.role == "int8")
        notes = _place_bundle(run, recipe, deployed_role, store)
        metrics = collect(recipe, store, fold, truth, jobs, notes) | {"simulated": dataset.simulated}
        write_json(run.metrics, metrics)
        write_run_report(run)
    return metrics


def _check(recipe: Recipe) -> None:
    if recipe.labels.by != "fall" or recipe.labels.names is None:
        raise UserError(f"{recipe.name}: a detector labels by fall, and needs labels.names: which class names are a fall")
    for role, one in recipe.networks.items():
        if one.kind != "detector":
            raise UserError(f"{recipe.name}: {role}.network.kind is {one.kind!r}; with a section 'detection' it must be 'detector'")
        if recipe.clip.films[one.inputs[0]].frames != 1:
            raise UserError(f"{recipe.name}: a detector looks at one picture; set clip.films.{one.inputs[0]}.frames: 1")
    assert recipe.detection is not None
    if is_yolo(recipe) and recipe.detection.first and recipe.detection.first.replay:
        raise UserError(f"{recipe.name}: Ultralytics' training cannot replay; set detection.first.replay: 0")
    if recipe.supervision:
        losses = [term.loss for term in recipe.supervision.distillation.terms]
        if set(losses) - {"soft", "l2", "cosine"} or len({"l2", "cosine"} & set(losses)) > 1 or len(losses) != len(set(losses)):
            raise UserError(f"{recipe.name}: a detector is distilled by 'l2' or 'cosine' (embedding), 'soft' (words), or one and 'soft'")


def plan(run: Run, recipe: Recipe, data: Path, album: Album, fold: Fold, simulated: Album | None) -> list[DetectJob]:
    """Every training and the export of each seed, in order."""

    def job(role: str, number: int) -> DetectJob:
        if role.startswith("first_"):
            assert simulated is not None
            full_fit = Fold("simulated", np.arange(len(simulated.shown)), np.zeros(0, np.int64), np.zeros(0, np.int64))
            return DetectJob(run, recipe, data, simulated, full_fit, role, number, None)
        return DetectJob(run, recipe, data, album, fold, role, number, simulated)

    roles = [(role, [0]) for role in ("first_teacher", "first_student") if simulated and (recipe.supervision or role == "first_student")]
    if recipe.supervision:
        roles += [("teacher", list(range(recipe.supervision.teacher.members)))]
    roles += [(role, list(recipe.seeds)) for role in dict.fromkeys(["alone", recipe.deployed_role, "int8"])]
    return [job(role, number) for role, numbers in roles for number in numbers]


def boxes_of(recipe: Recipe, dataset: Dataset, store: ClipStore) -> list[list[tuple[int, Box]]]:
    """The people of each recording of the store: class number and box."""
    assert recipe.labels.names is not None
    other, fall = range(2)
    sources = {source.id: source for source in dataset.sources}
    return [unique_people(sources[one.id].load().boxes, recipe.labels.names, fall, other) for one in store.recordings]


def _truth(recipe: Recipe, shown: Sequence[tuple[int, Box]]) -> Truth:
    names = labels_of(recipe)
    return Truth(tuple(names[number] for number, _ in shown), np.asarray([box_edges(box) for _, box in shown]).reshape(-1, 4))


def _steps(recipe: Recipe, role: str) -> int:
    assert recipe.detection is not None
    if role == "teacher" and recipe.teacher:
        return recipe.teacher.training.steps
    return recipe.student.training.steps + recipe.detection.embedding_steps


def _place_bundle(run: Run, recipe: Recipe, shipped: DetectJob, store: ClipStore) -> list[str]:
    """Copy the first seed's bundle to the run's. Returns notes for the reader."""
    with atomic_folder(run.bundle) as temporary:
        shutil.copytree(shipped.folder / "bundle", temporary, dirs_exist_ok=True)
    manifest = read_manifest(run.bundle)
    notes = [f"{len(store.skipped)} pictures left out: {'; '.join(store.skipped[:5])}"] if store.skipped else []
    notes.append(
        f"sensitivity, precision and F1 are of pictures (a fall is in it, or not); scores count from {manifest.decision.threshold:g}"
    )
    if recipe.detection is not None and recipe.detection.first is not None:
        notes.append("teacher and student learnt from pictures of simulated people first")
    refusal = int8_refusal(manifest)
    return [*notes, refusal] if refusal else notes


def export_detector_run(run: Run, out: Path, int8: bool) -> list[str]:
    """Write the bundle of a finished run to `out`, without its int8 model where that is not wanted. Returns lines for the user."""
    if not (run.bundle / "manifest.json").is_file():
        raise UserError(f"{run.folder}: holds no bundle; finish the run first (featherfall distill ... --resume)")
    manifest = read_manifest(run.bundle)
    kept = [model for model in manifest.models if int8 or model.precision != "int8"]
    with atomic_folder(out) as temporary:
        for model in kept:
            shutil.copy(run.bundle / model.file, temporary / model.file)
        changes = {"models": kept, "sha256": {model.file: manifest.sha256[model.file] for model in kept}}
        write_json(temporary / "manifest.json", manifest.model_copy(update=changes).model_dump())
    return [f"bundle   {out}", *(f"{model.precision:<8} {model.file}, {model.bytes:,} bytes" for model in kept)]


def collect(
    recipe: Recipe, store: ClipStore, fold: Fold, truth: Sequence[Truth], jobs: Sequence[DetectJob], notes: Sequence[str]
) -> dict[str, Any]:
    """Metrics of all finished jobs: of pictures as of any recording, of boxes beside them ("box_recall", "map50", ...)."""
    labels = labels_of(recipe)
    roles: dict[str, list[Metrics]] = {}
    counts: dict[str, list[Mapping[str, Any]]] = {}
    pooled: dict[str, list[list[RecordingPredictions]]] = {}
    right: dict[str, list[np.ndarray]] = {}
    for job in jobs:
        if job.role not in ROLES:
            continue
        said = told(job)
        sure = [[one for one in seen if one.score >= said.threshold] for seen in said.found]
        right.setdefault(job.role, []).append(right_boxes(sure, [truth[i] for i in fold.test], labels)[..., 0].sum(axis=1))
        judged = judge_pictures(store, fold.test, said, labels.index(str(recipe.labels.positive)), recipe.decision.threshold)
        metrics, count = measure(judged, "fall", labels, recipe.labels.positive, recipe.decision)
        boxes = detection_metrics(said.found, [truth[i] for i in fold.test], labels, str(recipe.labels.positive), said.threshold)
        own = {
            name if name.startswith(("map", "recall_")) else f"box_{name}": value for name, value in boxes.items() if "picture" not in name
        }
        roles.setdefault(job.role, []).append(metrics | own | {"train_accuracy": said.train_accuracy})
        counts.setdefault(job.role, []).append(count | {"threshold": said.threshold})
        pooled.setdefault(job.role, []).append(judged)
    ratio = len(fold.test) / len(fold.train)
    groups = [group_of(store.recordings[i], recipe.split.group) for i in fold.test]
    shares = {
        role: ratio_over_groups(np.stack(seeds), right["teacher"][0], groups)
        for role, seeds in right.items()
        if role != "teacher" and "teacher" in right and right["teacher"][0].any()
    }
    told_of = [
        f"{role}: {100 * s:.0f}% [{100 * a:.0f}, {100 * b:.0f}] of the boxes its teacher finds" for role, (s, a, b) in shares.items()
    ]
    summary = summarise(recipe, roles, counts, {}, ratio, _sizes(recipe, store, jobs), [*notes, *told_of])
    summary["share_of_teacher"] = {role: {"mean": share, "ci95": [low, high]} for role, (share, low, high) in shares.items()}
    summary["trained"] = {role: how.replace("cross-entropy", "classes and boxes") for role, how in summary["trained"].items()}
    summary["protocol"] = f"{summary['protocol']}, {fold.name}"
    positive = labels.index(str(recipe.labels.positive))
    summary["over_groups"] = {
        "group": recipe.split.group,
        "roles": {role: over_groups(seeds, positive, recipe.decision, recipe.split.group) for role, seeds in pooled.items()},
    }
    return summary


def judge_pictures(store: ClipStore, recordings: np.ndarray, said: Told, positive: int, threshold: float) -> list[RecordingPredictions]:
    """Pictures as judged recordings of one window: the probability of a fall is the best score of a box of that class, to the power that
    takes the model's own threshold to `threshold`, so that one decision serves all models."""
    power = np.log(threshold) / np.log(said.threshold)
    out = []
    for recording, found in zip(recordings, said.found, strict=True):
        facts = store.recordings[recording]
        best = max((one.score for one in found if one.scores[positive] == one.score), default=0.0) ** power
        probabilities = np.full((1, 2), best, np.float32)
        probabilities[0, 1 - positive] = 1 - best
        clip = store.clips_of(np.asarray([recording]))
        label = np.asarray([positive if facts.fall is not None else 1 - positive])
        out.append(RecordingPredictions(facts, store.centre_s[clip], store.end_s[clip], probabilities, label))
    return out


def _sizes(recipe: Recipe, store: ClipStore, jobs: Sequence[DetectJob]) -> dict[str, dict[str, int]]:
    sizes = {}
    for role, one in recipe.networks.items():
        if is_yolo(recipe):
            facts = read_json(
                next(job.folder for job in jobs if job.role == (role if role == "teacher" else recipe.deployed_role)) / "yolo.json"
            )
            sizes[role] = {**facts, "bytes": 4 * facts["parameters"]}
            continue
        model = network(recipe, one, store, 0)
        clip = {one.inputs[0]: torch.from_numpy(store.read(one.inputs[0], np.arange(1)))}
        sizes[role] = {"parameters": parameters(model), "macs": macs(model, clip), "bytes": 4 * parameters(model)}
    sizes |= dict.fromkeys(["alone", recipe.deployed_role], sizes.pop("student"))
    manifests = [read_manifest(job.folder / "bundle") for job in jobs if job.role == "int8"]
    small = [model.bytes for manifest in manifests for model in manifest.models if model.precision == "int8"]
    return sizes | ({"int8": {**sizes["alone"], "bytes": max(small)}} if small else {})
