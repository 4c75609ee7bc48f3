"""Tasks and jobs: a run is a list of jobs, and a task says what a job does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from featherfall.clips.labels import classes
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.recipe import Recipe
from featherfall.datasets import Dataset, Source
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.operating import Fitted
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.export.deployment import Deployment
from featherfall.models.count import macs, parameters
from featherfall.pipeline.run import Run
from featherfall.training.stages import FoldContext, without_unseen

Factory = Callable[..., nn.Module]  # (inputs, channels, classes, **options) -> a network, as `models.build.build_network` calls it
CutClips = Callable[[Recipe, Dataset], ClipStore]  # the clips of a dataset, from the cache or cut now


@dataclass(frozen=True, eq=False)
class Context:
    """What all jobs of a run share. It can be pickled to a worker process.

    Attributes:
        dataset: name of the dataset, as metrics and provenance state it.
        sources: the recordings by their ids.
        clips: folder of the clip store.
        unlisted: `Dataset.unlisted`.
        models: networks registered by this process only, by name; a worker registers them anew.
    """

    run: Run
    recipe: Recipe
    dataset: str
    sources: Mapping[str, Source]
    clips: Path
    models: Mapping[str, Factory] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Job:
    """One unit of work on one fold. role: one of the task's stages. number: ensemble member or seed."""

    task: Task
    fold: Fold
    role: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.fold.name}: {self.role} {self.number}"

    @property
    def folder(self) -> Path:
        return self.task.context.run.job(self.fold.name, self.role, self.number)

    @property
    def finished(self) -> Path:
        """The file whose presence marks the job as done."""
        return self.task.finished(self)


@dataclass(frozen=True, eq=False)
class Task(ABC):
    """What differs between kinds of recipes. Pickled to worker processes along with each job.

    Attributes:
        stages: description of each role's jobs, in order, for progress bars.
        requires: of a role, the roles that must be finished before it begins.
        unit: noun for the recordings of this task, for messages.
        averages_teachers: whether the members of a teacher ensemble are also evaluated together.
    """

    context: Context
    stages: ClassVar[Mapping[str, str]]
    requires: ClassVar[Mapping[str, Sequence[str]]]
    unit: ClassVar[str] = "recordings"
    averages_teachers: ClassVar[bool] = True

    @classmethod
    def check(cls, recipe: Recipe) -> None:
        """Raise `UserError` for a recipe that this task cannot run."""
        return

    @classmethod
    def open(cls, context: Context, dataset: Dataset) -> Self:
        """Return the task of a run on a dataset."""
        return cls(context)

    def check_fold(self, fold: Fold) -> None:
        """Raise `UserError` for a fold of the protocol on which nothing can be trained."""
        return

    def prepare(self, cut: CutClips, *, quiet: bool, cache: Path | None) -> Self:
        """Return the task with what training needs beside the dataset's clips."""
        return self

    @abstractmethod
    def folds(self, folds: Sequence[Fold]) -> list[Fold]:
        """Return the folds to work on, from those of the protocol."""

    @abstractmethod
    def shipped(self, folds: Sequence[Fold]) -> Fold:
        """Return the fold whose student (of the first seed) becomes the bundle; folds: of the protocol."""

    @abstractmethod
    def roles(self, fold: Fold) -> list[tuple[str, Sequence[int]]]:
        """Return the roles of a fold, each with its numbers."""

    def before(self, role: str) -> Sequence[str]:
        """Return the roles without which this one cannot be trained alone."""
        return ()

    def needs(self, job: Job, other: Job) -> bool:
        """Return whether a job can begin only when another one of the run is finished: one on its fold, of a role that it requires; for
        int8, of its own number."""
        required = other.role in self.requires.get(job.role, ()) and (job.role != "int8" or job.number == other.number)
        return required and job.fold.name == other.fold.name

    @abstractmethod
    def steps(self, role: str) -> int:
        """Return the steps of a role's longest training."""

    @abstractmethod
    def finished(self, job: Job) -> Path:
        """Return the file whose presence says that the job is done."""

    @abstractmethod
    def execute(self, job: Job) -> None:
        """Do a job, resumable."""

    @abstractmethod
    def predictions(self, job: Job) -> list[RecordingPredictions]:
        """Return the test recordings of a finished job's fold, with what its model predicts."""

    def decides_by_windows(self) -> bool:
        """Return whether the bundle decides by the windows of recordings alone, so that a curve of their thresholds is its own."""
        return False

    def more_metrics(self, jobs: Sequence[Job]) -> tuple[Metrics, Mapping[str, Any]]:
        """Return metrics and counts of one role and number beyond those of any task; jobs: one per fold."""
        return {}, {}

    def more_summary(self, summary: dict[str, Any], jobs: Sequence[Job]) -> dict[str, Any]:
        """Return what `metrics.json` holds, from what every task says of its finished jobs."""
        return summary

    def notes(self, threshold: float) -> list[str]:
        """Return what a reader of the metrics must know; threshold: of the bundle that ships."""
        return []

    @abstractmethod
    def deployment(self, fold: Fold, seed: int, weights: Path, provenance: Mapping[str, Any], fitted: Fitted) -> Deployment:
        """Return what the bundle of a trained student is made of. fitted: how it decides, unless the task has a rule of its own."""

    def cost(self, role: str, jobs: Sequence[Job]) -> tuple[int, int]:
        """Return parameters and multiply-accumulates per clip of the "teacher" or "student"."""
        network, stage = self.context.recipe.networks[role], self.stage(jobs[0].fold)
        model = stage.network(network, 0)
        return parameters(model), macs(model, stage.blank(network))

    def stage(self, fold: Fold) -> FoldContext:
        """Return the recipe on a fold of the dataset's clips; see `stages.without_unseen`."""
        recipe, store = self.context.recipe, open_store(self.context.clips)
        return FoldContext(recipe, without_unseen(recipe, store, fold), fold)

    def classes(self) -> list[str]:
        """Return the class names in the order of the logits."""
        return classes(open_store(self.context.clips), self.context.recipe.labels)
