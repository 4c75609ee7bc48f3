"""Trainings as independent jobs, run side by side in processes of one thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from featherfall.clips.labels import clip_labels
from featherfall.clips.splits import Fold
from featherfall.clips.store import open_store
from featherfall.core.files import atomic_write
from featherfall.core.processes import exit_with_parent
from featherfall.core.recipe import Network, Recipe
from featherfall.evaluation.predictions import RecordingPredictions, clip_predictions
from featherfall.pipeline.export import export_student, predict_by_runtime
from featherfall.pipeline.run import Run
from featherfall.training.data import load_clips
from featherfall.training.outputs import logits_of
from featherfall.training.stages import FoldContext, train_student, train_teacher, write_teacher_outputs

J = TypeVar("J")


@dataclass(frozen=True)
class Job:
    """One unit of work on one fold. role: "teacher", "outputs", "alone", "distilled" or "int8"; number: ensemble member or seed."""

    run: Run
    recipe: Recipe
    data: Path
    store: Path
    fold: Fold
    role: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.fold.name}: {self.role} {self.number}"

    @property
    def folder(self) -> Path:
        return self.run.job(self.fold.name, self.role, self.number)

    @property
    def finished(self) -> Path:
        """The file whose presence says that the job is done."""
        return self.run.teacher_outputs(self.fold.name) / "outputs.pt" if self.role == "outputs" else self.folder / "predictions.npz"


def run_jobs(jobs: Sequence[J], workers: int, done: Callable[[J], None], work: Callable[[J], None] | None = None) -> None:
    """Run all jobs, at most `workers` at a time; `done` is called in this process after each. The first error stops the rest.

    Arguments:
        work: what does one, a module's function; `execute` by default.
    """
    todo: Callable[[Any], None] = work or execute
    if workers <= 1:
        for job in jobs:
            todo(job)
            done(job)
        return
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with ProcessPoolExecutor(workers, mp_context=context, initializer=exit_with_parent, initargs=(os.getpid(),)) as pool:
        waiting: dict[Future[None], J] = {pool.submit(todo, job): job for job in jobs}
        try:
            for future in _as_done(waiting):
                future.result()
                done(waiting[future])
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _as_done(waiting: Iterable[Future[None]]) -> Iterator[Future[None]]:
    pending = set(waiting)
    while pending:
        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
        yield from finished


def execute(job: Job) -> None:
    """Do one job on one thread, so that its result does not depend on how many run beside it. What is already done is left alone."""
    if not job.finished.is_file():
        with one_thread():
            _execute(job)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread within; then on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _execute(job: Job) -> None:
    stage = FoldContext(job.recipe, open_store(job.store), job.fold)
    if job.role == "outputs":
        write_teacher_outputs(stage, _teachers(job), job.run.teacher_outputs(job.fold.name))
    elif job.role == "teacher":
        _predict(job, stage, train_teacher(stage, job.number, job.folder), job.recipe.taught.teacher.network)
    elif job.role == "int8":
        _export(job, stage)
    else:
        outputs = job.run.teacher_outputs(job.fold.name) / "outputs.pt"
        start = job.run.start(job.number)
        weights = None if start is None else Path(start.weights)
        model = train_student(stage, job.role, job.number, job.folder, outputs, weights, _teachers(job))
        _predict(job, stage, model, job.recipe.student.network)


def _teachers(job: Job) -> list[Path]:
    """Folders of the fold's teachers."""
    supervision = job.recipe.supervision
    return [job.run.job(job.fold.name, "teacher", i) for i in range(supervision.teacher.members)] if supervision else []


def _predict(job: Job, stage: FoldContext, model: nn.Module, network: Network) -> None:
    """Write the probabilities of all test clips."""
    index = stage.store.clips_of(stage.fold.test)
    probabilities = np.zeros((0, len(stage.classes)), np.float32)
    if len(index):
        clips = load_clips(stage.store, index, np.zeros(len(index)), network.inputs)
        probabilities = torch.softmax(logits_of(model, clips), dim=1).numpy()
    _save(job, probabilities)


def _export(job: Job, stage: FoldContext) -> None:
    """Export the student of this seed that ships and judge the test recordings by the runtime itself."""
    weights = job.run.job(job.fold.name, job.recipe.deployed_role, job.number) / "weights.pt"
    model = stage.load_network(job.recipe.student.network, job.number, weights)
    export_student(stage, model, job.folder / "bundle", job.number, job.run.start(job.number))
    _save(job, predict_by_runtime(job.recipe, stage, job.data, job.folder / "bundle"))


def _save(job: Job, probabilities: np.ndarray) -> None:
    with atomic_write(job.finished) as file:
        np.savez_compressed(file, probabilities=probabilities)


def load_predictions(job: Job) -> list[RecordingPredictions]:
    """The test recordings of a finished job's fold, as its model judged them."""
    store = open_store(job.store)
    with np.load(job.finished) as saved:
        probabilities = saved["probabilities"]
    return clip_predictions(store, job.fold.test, probabilities, clip_labels(store, job.recipe.labels))
