"""Trainings and exports of a detector's recipe as independent jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.files import read_json, write_json
from featherfall.core.recipe import Recipe, Training
from featherfall.core.recording import Box
from featherfall.evaluation.detection import Truth, choose_threshold, detection_metrics
from featherfall.evaluation.summary import environment, protocol_name
from featherfall.export.detector import Source, of_detector, of_file, run_onnx, write_detector_bundle
from featherfall.models.detect.net import Detector
from featherfall.pipeline.jobs import one_thread
from featherfall.pipeline.run import Run
from featherfall.runtime.perceive.boxes import Found, decode
from featherfall.runtime.perceive.detector import open_detector
from featherfall.training.boxes import box_edges, make_box_table
from featherfall.training.checkpoint import load_tensors
from featherfall.training.detect import Pictures
from featherfall.training.detect_stages import find, labels_of, learn, load_network, load_pictures, network
from featherfall.training.yolo import train_yolo, write_yolo

LEAST = 0.005  # score of what is kept for metrics


@dataclass(frozen=True)
class Told:
    """What a finished job's model found in each test picture (all boxes of some score), the threshold chosen for it, and how well it knows
    the training pictures."""

    found: list[list[Found]]
    threshold: float
    train_accuracy: float


@dataclass(frozen=True, eq=False)
class Album:
    """A store of pictures, and who is in each of its recordings: number of the class and box."""

    store: Path
    shown: Sequence[Sequence[tuple[int, Box]]]


@dataclass(frozen=True, eq=False)
class DetectJob:
    """One unit of work. role: "first_teacher", "first_student", "teacher", "alone", "distilled" or "int8"; number: member or seed.

    simulated: pictures of simulated people, where the recipe has some.
    """

    run: Run
    recipe: Recipe
    data: Path
    album: Album
    fold: Fold
    role: str
    number: int
    simulated: Album | None

    @property
    def name(self) -> str:
        return f"{self.role} {self.number}"

    @property
    def folder(self) -> Path:
        return self.run.job(self.fold.name, self.role, self.number)

    @property
    def finished(self) -> Path:
        """The file whose presence says that the job is done."""
        return self.folder / ("weights.pt" if self.role.startswith("first_") else "found.json")


def execute(job: DetectJob) -> None:
    """Do one job on one thread; what is already done is left alone."""
    if not job.finished.is_file():
        with one_thread():
            _execute(job)


def _execute(job: DetectJob) -> None:
    store = open_store(job.album.store)
    pictures = load_pictures(store, make_box_table(job.album.shown), job.fold.train, _input(job.recipe))
    if job.role == "int8":
        _export(job, store, pictures)
        return
    of_teacher = job.role in ("teacher", "first_teacher")
    training = _training(job, of_teacher)
    if is_yolo(job.recipe):
        _yolo(job, store, pictures, training)
    else:
        model = _fresh(job, store, of_teacher)
        if job.role == "distilled":
            _distil(job, store, model, pictures, training)
        else:
            learn(job.recipe, model, pictures, training, job.number, job.folder, rehearsed=_rehearsed(job))
    if not job.role.startswith("first_"):
        _tell(job, store)


def _fresh(job: DetectJob, store: ClipStore, of_teacher: bool) -> Detector:
    """The network to be trained: from the weights that simulated people gave, where the recipe has them."""
    role = "teacher" if of_teacher else "student"
    model = network(job.recipe, job.recipe.networks[role], store, job.number)
    first = job.run.job("simulated", f"first_{role}", 0) / "weights.pt"
    if not job.role.startswith("first_") and first.is_file():
        model.load_state_dict(load_tensors(first))
    return model


def _rehearsed(job: DetectJob) -> Pictures | None:
    """The simulated pictures that come along while real ones are learnt from."""
    first = job.recipe.detection.first if job.recipe.detection else None
    if first is None or not first.replay or job.simulated is None or job.role.startswith("first_"):
        return None
    store = open_store(job.simulated.store)
    return load_pictures(store, make_box_table(job.simulated.shown), np.arange(len(store.recordings)), _input(job.recipe))


def _training(job: DetectJob, of_teacher: bool) -> Training:
    """Alone learns the task for as long as the distilled student learns embedding and task."""
    detection = job.recipe.detection
    assert detection is not None
    training = job.recipe.taught.teacher.training if of_teacher else job.recipe.student.training
    if job.role.startswith("first_"):
        assert detection.first is not None
        return training.model_copy(update={"steps": detection.first.teacher_steps if of_teacher else detection.first.student_steps})
    if job.role == "alone" and _embedding(job.recipe):
        return training.model_copy(update={"steps": training.steps + detection.embedding_steps})
    return training


def _distil(job: DetectJob, store: ClipStore, model: Detector, pictures: Pictures, training: Training) -> None:
    """The teacher's embedding first (if a term says so), then the task, with the teacher's words (if a term says so)."""
    supervision, detection = job.recipe.taught, job.recipe.detection
    assert detection is not None
    weights = job.run.job(job.fold.name, "teacher", 0) / "weights.pt"
    teacher = load_network(job.recipe, supervision.teacher.network, store, weights)
    rehearsed, kind = _rehearsed(job), _embedding(job.recipe)
    if kind is not None and not (job.folder / "weights.pt").is_file():
        steps = training.model_copy(update={"steps": detection.embedding_steps})
        folder = job.folder / "embedding"
        learn(job.recipe, model, pictures, steps, job.number, folder, teacher=teacher, embedding=kind, rehearsed=rehearsed)
    words = [term.weight for term in supervision.distillation.terms if term.loss == "soft"]
    task, soft = (teacher, words[0]) if words else (None, 1.0)
    learn(job.recipe, model, pictures, training, job.number, job.folder, teacher=task, soft=soft, rehearsed=rehearsed)


def _embedding(recipe: Recipe) -> str | None:
    """ "l2" or "cosine", where the recipe distils the embedding."""
    terms = recipe.distillation.terms if recipe.distillation else []
    return next((term.loss for term in terms if term.loss in ("l2", "cosine")), None)


def is_yolo(recipe: Recipe) -> bool:
    """Whether the networks are Ultralytics' (option `yolo`: e.g. yolov8n.yaml)."""
    return "yolo" in recipe.student.network.options


def _yolo(job: DetectJob, store: ClipStore, pictures: Pictures, training: Training) -> None:
    """Train an Ultralytics network on the same pictures, as many looks at them; from simulated people's weights where there are some."""
    recipe, role = job.recipe, "teacher" if job.role in ("teacher", "first_teacher") else "student"
    network, name = recipe.networks[role], _input(recipe)
    data = job.run.folder / "yolo" / job.fold.name.replace(" ", "-")
    if not (data / "data.yaml").is_file():
        parts = {"train": job.fold.train, "val": job.fold.validation if len(job.fold.validation) else job.fold.train[:8]}
        shown = make_box_table(job.album.shown)
        read = {part: (store.read(name, store.clips_of(some))[:, 0], shown.at(torch.from_numpy(some))) for part, some in parts.items()}
        write_yolo(data, read, labels_of(recipe))
    first = job.run.job("simulated", f"first_{role}", 0) / "weights.pt"
    train_yolo(
        job.folder,
        str(first) if first.is_file() and not job.role.startswith("first_") else network.options["yolo"],
        data / "data.yaml",
        recipe.clip.films[name].size,
        name,
        epochs=max(1, round(training.steps * training.batch / len(pictures.clips))),
        batch=training.batch,
        lr=training.lr,
        seed=job.number,
        teacher=job.run.job(job.fold.name, "teacher", 0) / "weights.pt" if job.role == "distilled" else None,
    )


def _looker(job: DetectJob, store: ClipStore) -> Callable[[np.ndarray], list[list[Found]]]:
    """What the trained model of a job finds in the pictures of some recordings."""
    recipe, detection = job.recipe, job.recipe.detection
    assert detection is not None
    name, labels = _input(recipe), labels_of(recipe)
    if is_yolo(recipe):

        def by_graph(recordings: np.ndarray) -> list[list[Found]]:
            scores, boxes = run_onnx(job.folder / "model.onnx", name, store.read(name, store.clips_of(recordings)))
            return [decode(where, which, labels, LEAST, detection.overlap) for which, where in zip(scores, boxes, strict=True)]

        return by_graph
    network = recipe.networks["teacher" if job.role == "teacher" else "student"]
    model = load_network(recipe, network, store, job.folder / "weights.pt")
    return lambda some: find(
        model, load_pictures(store, make_box_table(job.album.shown), some, name).clips, labels, detection.overlap, LEAST
    )


def _tell(job: DetectJob, store: ClipStore) -> None:
    """Choose the threshold on the validation part (the recipe's where there is none), then look at the test part."""
    labels, look = labels_of(job.recipe), _looker(job, store)

    threshold = job.recipe.decision.threshold
    if len(job.fold.validation):
        threshold = choose_threshold(look(job.fold.validation), _truths(job, job.fold.validation), labels, str(job.recipe.labels.positive))
    _save(job, look(job.fold.test), threshold, look(job.fold.train))


def _save(job: DetectJob, found: Sequence[Sequence[Found]], threshold: float, training: Sequence[Sequence[Found]]) -> None:
    labels = labels_of(job.recipe)
    known = detection_metrics(training, _truths(job, job.fold.train), labels, str(job.recipe.labels.positive), threshold)
    rows = [[[*one.scores, *one.box] for one in seen] for seen in found]
    write_json(job.finished, {"threshold": threshold, "train_accuracy": known["picture_accuracy"], "found": rows})


def told(job: DetectJob) -> Told:
    """What a finished job found."""
    saved: dict[str, Any] = read_json(job.finished)
    labels = labels_of(job.recipe)
    count = len(labels)
    found = [
        [
            Found(labels[int(np.argmax(row[:count]))], max(row[:count]), (row[-4], row[-3], row[-2], row[-1]), tuple(row[:count]))
            for row in seen
        ]
        for seen in saved["found"]
    ]
    return Told(found, saved["threshold"], saved["train_accuracy"])


def _export(job: DetectJob, store: ClipStore, pictures: Pictures) -> None:
    """Export the student of this seed that ships, and let the runtime find people in the test pictures' files."""
    recipe, detection = job.recipe, job.recipe.detection
    assert detection is not None
    source = job.run.job(job.fold.name, recipe.deployed_role, job.number)
    calibration = store.read(_input(recipe), store.clips_of(job.fold.train))
    threshold = read_json(source / "found.json")["threshold"]
    labels, positive, name = labels_of(recipe), str(recipe.labels.positive), _input(recipe)
    guard = job.fold.validation if len(job.fold.validation) else job.fold.train
    provenance = {
        "recipe": recipe.model_dump(),
        "dataset": recipe.dataset,
        "protocol": protocol_name(recipe),
        "fold": job.fold.name,
        "trained_on": sorted({store.recordings[i].subject for i in job.fold.train}),
        "environment": environment(),
        "seed": job.number,
    }
    bundle = job.folder / "bundle"
    if not bundle.exists():
        write_detector_bundle(
            bundle,
            _source(job, store, source, calibration),
            recipe.name,
            labels,
            positive,
            recipe.decision.model_copy(update={"threshold": threshold, "overlap": detection.overlap}),
            calibration,
            store.read(name, store.clips_of(guard)),
            lambda found: detection_metrics(found, _truths(job, guard), labels, positive, threshold),
            recipe.export.int8,
            recipe.export.budget_points,
            provenance,
        )
    runtime = open_detector(bundle)
    sources = {one.id: one for one in datasets.open_for(recipe, job.data).sources}

    def look(recordings: np.ndarray) -> list[list[Found]]:
        videos = [sources[store.recordings[i].id].load().videos for i in recordings]
        view = recipe.clip.films[name].view
        return [runtime.detect_file(one[view].path, LEAST) for one in videos]

    _save(job, look(job.fold.test), threshold, look(job.fold.train))


def _source(job: DetectJob, store: ClipStore, folder: Path, pictures: np.ndarray) -> Source:
    """The trained student in `folder`, ready to be written."""
    recipe = job.recipe
    if is_yolo(recipe):
        facts = read_json(folder / "yolo.json")
        return of_file(folder / "model.onnx", _input(recipe), facts["parameters"], facts["macs"])
    return of_detector(load_network(recipe, recipe.student.network, store, folder / "weights.pt"), pictures, recipe.name)


def _input(recipe: Recipe) -> str:
    return recipe.student.network.inputs[0]


def _truths(job: DetectJob, recordings: np.ndarray) -> list[Truth]:
    names = labels_of(job.recipe)
    return [
        Truth(
            tuple(names[number] for number, _ in job.album.shown[i]),
            np.asarray([box_edges(box) for _, box in job.album.shown[i]]).reshape(-1, 4),
        )
        for i in recordings
    ]
