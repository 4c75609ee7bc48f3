"""Detectors: boxes around people in pictures. Teacher, student alone and distilled, int8 evaluated by the runtime.

Pretraining on pictures of simulated people is a fold of its own. Of the protocol's folds, only the first is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.boxes import unique_people
from featherfall.clips.splits import Fold, group_of
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.recording import Box
from featherfall.core.training_settings import Training
from featherfall.datasets import Dataset
from featherfall.evaluation.bootstrap import ratio_over_groups
from featherfall.evaluation.detection import GroundTruth, choose_threshold, detection_metrics, right_boxes
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.operating import Fitted
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.export.deployment import Deployment, Exportable, GraphOutputs, Guard, exportable, inputs_of, sample_of
from featherfall.export.onnx import onnx_outputs
from featherfall.models.detect.net import BOXES, SCORES, Detector, ScoresAndBoxes
from featherfall.pipeline.export import export_student
from featherfall.pipeline.simulated import simulated_pictures
from featherfall.pipeline.task import Context, CutClips, Job, Task
from featherfall.pipeline.tasks.detections import (
    MIN_SCORE,
    Detections,
    decode_outputs,
    picture_predictions,
    read_detections,
    write_detections,
)
from featherfall.runtime import load_bundle
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.training.boxes import box_table
from featherfall.training.checkpoint import load_tensors
from featherfall.training.detect import MAP_LOSSES, OUTPUT_LOSS, Pictures
from featherfall.training.detect_stages import DetectorTeacher, detect, learn, load_pictures
from featherfall.training.stages import FoldContext
from featherfall.training.yolo import YoloTraining, train_yolo, write_yolo

CALIBRATION_PICTURES = 64
PRETRAIN = "pretrain_"
PeopleOfEach = Sequence[Sequence[tuple[int, Box]]]  # of each recording: number of the class, and box


@dataclass(frozen=True, eq=False)
class Labelled:
    """A store of pictures, and the people in each of its recordings."""

    clips: Path
    people: PeopleOfEach


@dataclass(frozen=True, eq=False)
class DetectionTask(Task):
    """See `pipeline.task.Task`. labelled: the dataset's pictures. simulated: those to pretrain on, where the recipe has some."""

    labelled: Labelled
    simulated: Labelled | None = None
    stages: ClassVar[Mapping[str, str]] = {
        "pretrain_teacher": "teacher, on simulated people",
        "pretrain_student": "student, on simulated people",
        "teacher": "teacher",
        "alone": "student alone",
        "distilled": "student distilled",
        "int8": "int8, evaluated by the runtime",
    }
    requires: ClassVar[Mapping[str, Sequence[str]]] = {
        "teacher": ("pretrain_teacher",),
        "alone": ("pretrain_student",),
        "distilled": ("pretrain_student", "teacher"),
        "int8": ("alone", "distilled"),
    }
    unit: ClassVar[str] = "pictures"
    averages_teachers: ClassVar[bool] = False  # a student is distilled from the first one

    @classmethod
    def check(cls, recipe: Recipe) -> None:
        if recipe.labels.by != "fall" or recipe.labels.names is None:
            raise UserError(f"{recipe.name}: a detector needs labels by fall, and labels.names with the class names that are a fall")
        for role, one in recipe.networks.items():
            if one.kind != "detector":
                raise UserError(f"{recipe.name}: {role}.network.kind is {one.kind!r}; with a section 'detection' it must be 'detector'")
            if recipe.clip.films[one.inputs[0]].frames != 1:
                raise UserError(f"{recipe.name}: a detector takes one picture; set clip.films.{one.inputs[0]}.frames: 1")
        if is_yolo(recipe) and recipe.detection and recipe.detection.pretrain and recipe.detection.pretrain.replay:
            raise UserError(f"{recipe.name}: Ultralytics' training cannot replay pictures; set detection.pretrain.replay: 0")
        if is_yolo(recipe) and recipe.student.init:
            raise UserError(f"{recipe.name}: Ultralytics' networks cannot start from a run; leave out student.init")
        if recipe.supervision:
            losses = [term.loss for term in recipe.supervision.distillation.terms]
            embeddings = [name for name in losses if name in MAP_LOSSES]
            if set(losses) - {OUTPUT_LOSS, *MAP_LOSSES} or len(embeddings) > 1 or len(losses) != len(set(losses)):
                either = " or ".join(map(repr, MAP_LOSSES))
                raise UserError(
                    f"{recipe.name}: a detector is distilled by {either} (embedding), {OUTPUT_LOSS!r} (logits), or one and {OUTPUT_LOSS!r}"
                )

    @classmethod
    def open(cls, context: Context, dataset: Dataset) -> DetectionTask:
        return cls(context, _labelled(context.recipe, dataset, open_store(context.clips)))

    def check_fold(self, fold: Fold) -> None:
        """Raise `UserError` for a part without a box of some class (training), or without any box."""
        names = self.classes()
        where, mend = f"{self.context.recipe.name}, {fold.name}", "change the split (split.folds, split.validation, split.group)"
        for part in ("train", "validation", "test"):
            recordings: np.ndarray = getattr(fold, part)
            shown = {names[number] for i in recordings for number, _ in self.labelled.people[i]}
            lacking = [name for name in names if name not in shown]
            if len(recordings) and (lacking if part == "train" else not shown):
                what = " and ".join(lacking) if part == "train" else "anybody"
                raise UserError(f"{where}: no picture of the {part} part ({len(recordings)} pictures) has a box of {what}; {mend}")

    def prepare(self, cut: CutClips, *, quiet: bool, cache: Path | None) -> DetectionTask:
        """Draw the simulated pictures, unless they exist."""
        recipe, pretrain = self.context.recipe, self._detection.pretrain
        if pretrain is None:
            return self
        dataset = datasets.open("yolo", simulated_pictures(pretrain, recipe.clip.films[self._input].size, quiet=quiet, cache=cache))
        return replace(self, simulated=_labelled(recipe, dataset, cut(recipe, dataset)))

    @property
    def _detection(self) -> Any:
        assert self.context.recipe.detection is not None
        return self.context.recipe.detection

    @property
    def _input(self) -> str:
        return self.context.recipe.student.network.inputs[0]

    def folds(self, folds: Sequence[Fold]) -> list[Fold]:
        if self.simulated is None:
            return [folds[0]]
        none = np.zeros(0, np.int64)
        return [Fold("simulated", np.arange(len(self.simulated.people)), none, none), folds[0]]

    def shipped(self, folds: Sequence[Fold]) -> Fold:
        return folds[0]

    def roles(self, fold: Fold) -> list[tuple[str, Sequence[int]]]:
        recipe = self.context.recipe
        if not len(fold.test):
            return [(PRETRAIN + role, [0]) for role in recipe.networks]
        teachers: list[tuple[str, Sequence[int]]] = [("teacher", range(recipe.teacher.members))] if recipe.teacher else []
        students = ["alone", recipe.deployed_role, *(["int8"] if recipe.export.quantises else [])]
        return [*teachers, *((role, recipe.seeds) for role in dict.fromkeys(students))]

    def before(self, role: str) -> Sequence[str]:
        return (PRETRAIN + _network(role),)

    def needs(self, job: Job, other: Job) -> bool:
        """As `Task.needs`; trainings on simulated people are a fold of their own, which all folds need."""
        return super().needs(job, replace(other, fold=job.fold) if other.role.startswith(PRETRAIN) else other)

    def steps(self, role: str) -> int:
        recipe = self.context.recipe
        if role == "teacher" and recipe.teacher:
            return recipe.teacher.training.steps
        return recipe.student.training.steps + recipe.detection.embedding_steps if recipe.detection else 0

    def finished(self, job: Job) -> Path:
        return job.folder / ("weights.pt" if job.role.startswith(PRETRAIN) else "found.json")

    def execute(self, job: Job) -> None:
        if job.role == "int8":
            self._export(job)
            return
        stage = self._stage_of(job)
        pictures = self._pictures(stage.store, job.fold.train, self._people(job))
        if is_yolo(self.context.recipe):
            self._train_yolo(job, stage, len(pictures.clips))
        else:
            model = self._fresh(job, stage)
            if job.role == "distilled":
                self._distil(job, stage, model, pictures)
            else:
                learn(stage, model, pictures, self._training(job.role), job.number, job.folder, replayed=self._replayed(job))
        if not job.role.startswith(PRETRAIN):
            self._detect_test_part(job, stage)

    def _stage_of(self, job: Job) -> FoldContext:
        labelled = self.simulated if job.role.startswith(PRETRAIN) and self.simulated else self.labelled
        return FoldContext(self.context.recipe, open_store(labelled.clips), job.fold)

    def _people(self, job: Job) -> PeopleOfEach:
        return self.simulated.people if job.role.startswith(PRETRAIN) and self.simulated else self.labelled.people

    def _pictures(self, store: ClipStore, recordings: np.ndarray, people: PeopleOfEach) -> Pictures:
        return load_pictures(store, box_table(people), recordings, self._input)

    def _fresh(self, job: Job, stage: FoldContext) -> Detector:
        """Return the network to be trained: from pretrained weights, or those of `student.init`, where the recipe has them."""
        role = _network(job.role)
        model = stage.network(self.context.recipe.networks[role], job.number)
        assert isinstance(model, Detector)
        pretrained = self._pretrained(job)
        start = self.context.run.start(job.number) if role == "student" and self.context.recipe.student.init else None
        if pretrained is not None:
            model.load_state_dict(load_tensors(pretrained))
        elif start is not None:
            model.load_state_dict(load_tensors(Path(start.weights)))
        return model

    def _pretrained(self, job: Job) -> Path | None:
        weights = self.context.run.job("simulated", PRETRAIN + _network(job.role), 0) / "weights.pt"
        return weights if weights.is_file() and not job.role.startswith(PRETRAIN) else None

    def _replayed(self, job: Job) -> Pictures | None:
        """Return the simulated pictures to replay in every batch of real ones; None without replay."""
        pretrain = self._detection.pretrain
        if pretrain is None or not pretrain.replay or self.simulated is None or job.role.startswith(PRETRAIN):
            return None
        store = open_store(self.simulated.clips)
        return self._pictures(store, np.arange(len(store.recordings)), self.simulated.people)

    def _training(self, role: str) -> Training:
        """Return a role's training. The student alone trains for as many steps as the distilled one does on embedding and task."""
        recipe, detection, of_teacher = self.context.recipe, self._detection, _network(role) == "teacher"
        training = recipe.required_supervision.teacher.training if of_teacher else recipe.student.training
        if role.startswith(PRETRAIN):
            steps = detection.pretrain.teacher_steps if of_teacher else detection.pretrain.student_steps
            return training.model_copy(update={"steps": steps})
        if role == "alone" and embedding_loss(recipe):
            return training.model_copy(update={"steps": training.steps + detection.embedding_steps})
        return training

    def _distil(self, job: Job, stage: FoldContext, model: Detector, pictures: Pictures) -> None:
        """Learn the teacher's embedding first, if a term compares it, then the task, with the teacher's outputs if a term compares them."""
        supervision, training = self.context.recipe.required_supervision, self._training(job.role)
        weights = self.context.run.job(job.fold.name, "teacher", 0) / "weights.pt"
        teacher = stage.load_network(supervision.teacher.network, 0, weights)
        assert isinstance(teacher, Detector)
        replayed, embedding = self._replayed(job), embedding_loss(self.context.recipe)
        if embedding is not None and not (job.folder / "weights.pt").is_file():
            steps = training.model_copy(update={"steps": self._detection.embedding_steps})
            of_maps = DetectorTeacher(teacher, embedding)
            learn(stage, model, pictures, steps, job.number, job.folder / "embedding", of_maps, replayed)
        soft = [term.weight for term in supervision.distillation.terms if term.loss == OUTPUT_LOSS]
        of_outputs = DetectorTeacher(teacher, soft=soft[0]) if soft else None
        learn(stage, model, pictures, training, job.number, job.folder, of_outputs, replayed)

    def _train_yolo(self, job: Job, stage: FoldContext, pictures: int) -> None:
        """Train an Ultralytics network on the same pictures, as often; from pretrained weights where there are some."""
        recipe, name, store = self.context.recipe, self._input, stage.store
        network, training = recipe.networks[_network(job.role)], self._training(job.role)
        data = self.context.run.folder / "yolo" / job.fold.name.replace(" ", "-")
        if not (data / "data.yaml").is_file():
            parts = {"train": job.fold.train, "val": job.fold.validation if len(job.fold.validation) else job.fold.train[:8]}
            boxes = box_table(self._people(job))
            read = {part: (store.read(name, store.clips_of(some))[:, 0], boxes.at(torch.from_numpy(some))) for part, some in parts.items()}
            write_yolo(data, read, stage.classes)
        how = YoloTraining(
            str(self._pretrained(job) or network.options["yolo"]),
            data / "data.yaml",
            recipe.clip.films[name].size,
            name,
            epochs=max(1, round(training.steps * training.batch / pictures)),
            batch=training.batch,
            lr=training.lr,
            seed=job.number,
            teacher=self.context.run.job(job.fold.name, "teacher", 0) / "weights.pt" if job.role == "distilled" else None,
        )
        train_yolo(job.folder, how)

    def _detect_test_part(self, job: Job, stage: FoldContext) -> None:
        """Choose the threshold on the validation part (the recipe's without one), then detect in the test part."""
        recipe, labels, overlap = self.context.recipe, stage.classes, self._detection.overlap
        network = recipe.networks[_network(job.role)]
        model = None if is_yolo(recipe) else stage.load_network(network, 0, job.folder / "weights.pt")

        def look(recordings: np.ndarray) -> list[list[Found]]:
            if isinstance(model, Detector):
                pictures = self._pictures(stage.store, recordings, self.labelled.people)
                return detect(model, pictures.clips, labels, overlap, MIN_SCORE)
            inputs = {self._input: stage.store.read(self._input, stage.store.clips_of(recordings))}
            return decode_outputs(onnx_outputs(job.folder / "model.onnx", inputs, (SCORES, BOXES)), labels, MIN_SCORE, overlap)

        threshold = recipe.decision.stated.threshold
        if len(job.fold.validation):
            truth = self._truth(job.fold.validation)
            threshold = choose_threshold(look(job.fold.validation), truth, labels, str(recipe.labels.positive))
        self._save(job, look(job.fold.test), threshold, look(job.fold.train))

    def _export(self, job: Job) -> None:
        """Export the student of this seed that ships, and let the runtime detect people in the test pictures' files."""
        recipe, bundle = self.context.recipe, job.folder / "bundle"
        if not bundle.exists():
            export_student(self, job.fold, job.number, bundle, Fitted(recipe.decision.stated))
        runtime, recordings = BoxDetector(load_bundle(bundle)), open_store(self.labelled.clips).recordings
        view = recipe.clip.films[self._input].view

        def look(some: np.ndarray) -> list[list[Found]]:
            videos = [self.context.sources[recordings[i].id].load().videos for i in some]
            return [runtime.detect_file(one[view].path, MIN_SCORE) for one in videos]

        self._save(job, look(job.fold.test), runtime.threshold, look(job.fold.train))

    def _save(self, job: Job, found: Sequence[Sequence[Found]], threshold: float, training: Sequence[Sequence[Found]]) -> None:
        positive = str(self.context.recipe.labels.positive)
        known = detection_metrics(training, self._truth(job.fold.train), self.classes(), positive, threshold)
        write_detections(self.finished(job), Detections(found, threshold, known["picture_accuracy"] or 0.0))

    def _truth(self, recordings: np.ndarray) -> list[GroundTruth]:
        names, people = self.classes(), self.labelled.people
        return [GroundTruth.of(people[i], names) for i in recordings]

    def detections(self, job: Job) -> Detections:
        """Return what a finished job's model detects."""
        return read_detections(self.finished(job), self.classes())

    def predictions(self, job: Job) -> list[RecordingPredictions]:
        recipe = self.context.recipe
        positive = self.classes().index(str(recipe.labels.positive))
        return picture_predictions(
            open_store(self.labelled.clips), job.fold.test, self.detections(job), positive, recipe.decision.stated.threshold
        )

    def more_metrics(self, jobs: Sequence[Job]) -> tuple[Metrics, Mapping[str, Any]]:
        """Return the metrics of boxes ("box_recall", "map50", ...), beside those of pictures."""
        (job,) = jobs
        result, labels = self.detections(job), self.classes()
        boxes = detection_metrics(
            result.found, self._truth(job.fold.test), labels, str(self.context.recipe.labels.positive), result.threshold
        )
        own: Metrics = {
            name if name.startswith(("map", "recall_")) else f"box_{name}": value for name, value in boxes.items() if "picture" not in name
        }
        return own | {"train_accuracy": result.train_accuracy}, {"threshold": result.threshold}

    def more_summary(self, summary: dict[str, Any], jobs: Sequence[Job]) -> dict[str, Any]:
        right: dict[str, list[np.ndarray]] = {}
        fold, labels = jobs[0].fold, self.classes()
        for job in jobs:
            result = self.detections(job)
            sure = [[one for one in picture if one.score >= result.threshold] for picture in result.found]
            right.setdefault(job.role, []).append(right_boxes(sure, self._truth(fold.test), labels)[..., 0].sum(axis=1))
        recordings, group = open_store(self.labelled.clips).recordings, self.context.recipe.split.group
        teacher = right.pop("teacher", None)
        shares = {}
        if teacher and teacher[0].any():
            groups = [group_of(recordings[i], group) for i in fold.test]
            shares = {role: ratio_over_groups(np.stack(seeds), teacher[0], groups) for role, seeds in right.items()}
        of_teacher = [
            f"{role}: {100 * s:.0f}% [{100 * a:.0f}, {100 * b:.0f}] of the boxes its teacher finds" for role, (s, a, b) in shares.items()
        ]
        return summary | {
            "protocol": f"{summary['protocol']}, {fold.name}",
            "trained": {role: how.replace("cross-entropy", "classes and boxes") for role, how in summary["trained"].items()},
            "notes": [*summary["notes"], *of_teacher],
            "share_of_teacher": {role: {"mean": share, "ci95": [low, high]} for role, (share, low, high) in shares.items()},
        }

    def cost(self, role: str, jobs: Sequence[Job]) -> tuple[int, int]:
        recipe = self.context.recipe
        if is_yolo(recipe):
            trained = "teacher" if role == "teacher" else recipe.deployed_role
            facts = read_json(next(job.folder for job in jobs if job.role == trained) / "yolo.json")
            return facts["parameters"], facts["macs"]
        return super().cost(role, jobs)

    def deployment(self, fold: Fold, seed: int, weights: Path, provenance: Mapping[str, Any], fitted: Fitted) -> Deployment:
        recipe, store, labels = self.context.recipe, open_store(self.labelled.clips), self.classes()
        threshold, overlap = read_json(weights.with_name("found.json"))["threshold"], self._detection.overlap
        recordings = fold.validation if len(fold.validation) else fold.train
        truth, positive = self._truth(recordings), str(recipe.labels.positive)

        def score(outputs: GraphOutputs) -> dict[str, float]:
            metrics = detection_metrics(decode_outputs(outputs, labels, 0.0, overlap), truth, labels, positive, threshold)
            return {name: metrics[name] or 0.0 for name in ("map50", "recall")}

        guard = Guard({self._input: store.read(self._input, store.clips_of(recordings))}, score, recipe.export.budget_points)
        sample = sample_of(store, inputs_of(recipe), store.clips_of(fold.train), CALIBRATION_PICTURES)
        if is_yolo(recipe):
            facts = read_json(weights.with_name("yolo.json"))
            network = Exportable((SCORES, BOXES), facts["parameters"], facts["macs"], graph=weights.with_name("model.onnx"))
        else:
            model = FoldContext(recipe, store, fold).load_network(recipe.student.network, 0, weights)
            assert isinstance(model, Detector)
            network = exportable(ScoresAndBoxes(model), sample, (SCORES, BOXES))
        decision = fitted.decision.model_copy(update={"threshold": threshold, "overlap": overlap})
        return Deployment(recipe, store, labels, decision, network, sample, guard, provenance)

    def notes(self, threshold: float) -> list[str]:
        notes = [f"sensitivity, precision and F1 are of pictures (with a fall, or without); scores count from {threshold:g}"]
        if self._detection.pretrain is not None:
            who = "teacher and student were" if self.context.recipe.teacher else "the student was"
            notes.append(f"{who} pretrained on pictures of simulated people")
        return notes


def _network(role: str) -> str:
    """Return "teacher" or "student": the network that a job of this role trains."""
    return "teacher" if role in ("teacher", PRETRAIN + "teacher") else "student"


def _labelled(recipe: Recipe, dataset: Dataset, store: ClipStore) -> Labelled:
    """Return the store with the people of each of its recordings."""
    assert recipe.labels.names is not None
    other, fall = range(2)
    sources = {source.id: source for source in dataset.sources}
    return Labelled(
        store.folder, [unique_people(sources[one.id].load().boxes, recipe.labels.names, fall, other) for one in store.recordings]
    )


def embedding_loss(recipe: Recipe) -> str | None:
    """Return the loss of the embedding, where the recipe distils it."""
    terms = recipe.distillation.terms if recipe.distillation else []
    return next((term.loss for term in terms if term.loss in MAP_LOSSES), None)


def is_yolo(recipe: Recipe) -> bool:
    """Return whether the networks are Ultralytics' (option `yolo`: e.g. yolov8n.yaml)."""
    return "yolo" in recipe.student.network.options
