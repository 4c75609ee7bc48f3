"""Run jobs in parallel processes of one thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

import torch

from featherfall.core.processes import exit_with_parent
from featherfall.core.registry import known_names, register
from featherfall.pipeline.task import Job
from featherfall.training.held import forget_clips


def run_jobs(jobs: Sequence[Job], workers: int, done: Callable[[Job], None]) -> None:
    """Run all jobs, at most `workers` at a time; `done` is called in this process after each. The first error stops the rest.

    A job starts as soon as those that it needs (`Task.needs`) are finished; jobs stand behind those that they need. A worker stays with a
    fold as long as it can: it holds the fold's clips, and another worker has the next fold.
    """
    if workers <= 1:
        try:
            for job in jobs:
                execute(job)
                done(job)
        finally:
            forget_clips()
        return
    with _Workers(min(workers, max(len(jobs), 1))) as pool:
        waiting = _Waiting(jobs)
        while waiting.left or pool.running:
            for worker in pool.idle():
                ready = waiting.take(pool.folds[worker], [fold for other, fold in enumerate(pool.folds) if other != worker])
                if ready is None:
                    break
                pool.start(worker, ready)
            for job in pool.finished():
                waiting.finish(job)
                done(job)


class _Waiting:
    """Jobs that have not been started, and what each still needs."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.left = list(jobs)
        self._needs = {id(job): {id(other) for other in jobs if other is not job and _needs(job, other)} for job in jobs}

    def take(self, last: str | None, others: Sequence[str | None]) -> Job | None:
        """Return a job that can be started: of the fold worked on last, else of one that nobody is at, else any; None where all wait.

        Arguments:
            last: fold of the worker. others: folds of the other workers.
        """
        ready = [job for job in self.left if not self._needs[id(job)]]
        mine = [job for job in ready if job.fold.name == last]
        free = [job for job in ready if job.fold.name not in others]
        chosen = next(iter([*mine, *free, *ready]), None)
        if chosen is not None:
            self.left = [job for job in self.left if job is not chosen]
        return chosen

    def finish(self, job: Job) -> None:
        """Note that a job is finished."""
        for needs in self._needs.values():
            needs.discard(id(job))


def _needs(job: Job, other: Job) -> bool:
    return job.task.context.run == other.task.context.run and job.task.needs(job, other)


class _Workers:
    """Processes of one worker each, so that each one's next job can be chosen.

    Attributes:
        folds: of each worker's last job; None before the first.
        running: the jobs at work, with their worker.
    """

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
        parent = os.getpid()
        self._pools = [ProcessPoolExecutor(1, context, exit_with_parent, (parent,)) for _ in range(count)]
        self.folds: list[str | None] = [None] * count
        self.running: dict[Future[None], tuple[int, Job]] = {}

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for pool in self._pools:
            if kind is not None:
                for process in list((pool._processes or {}).values()):
                    process.terminate()
            pool.shutdown(wait=kind is None, cancel_futures=True)

    def idle(self) -> list[int]:
        """Return the workers without a job."""
        busy = {worker for worker, _ in self.running.values()}
        return [worker for worker in range(len(self._pools)) if worker not in busy]

    def start(self, worker: int, job: Job) -> None:
        """Give a job to a worker."""
        self.folds[worker] = job.fold.name
        self.running[self._pools[worker].submit(execute, job)] = worker, job

    def finished(self) -> list[Job]:
        """Wait until a job is finished; return those that are. Raises what a job raised."""
        over, _ = wait(self.running, return_when=FIRST_COMPLETED)
        jobs = []
        for future in over:
            _, job = self.running.pop(future)
            future.result()
            jobs.append(job)
        return jobs


def execute(job: Job) -> None:
    """Run one job on one thread, so that its result does not depend on parallel jobs. A finished job is skipped."""
    if job.finished.is_file():
        return
    for name, factory in job.task.context.models.items():
        if name not in known_names("model"):
            register("model", name)(factory)
    with _one_thread():
        job.task.execute(job)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Limit torch to one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
