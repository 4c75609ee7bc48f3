"""Run jobs in parallel processes of one thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

import torch

from featherfall.core.processes import exit_with_parent
from featherfall.core.registry import known_names, register
from featherfall.pipeline.task import Job


def run_jobs(jobs: Sequence[Job], workers: int, done: Callable[[Job], None]) -> None:
    """Run all jobs, at most `workers` at a time; `done` is called in this process after each. The first error stops the rest."""
    if workers <= 1:
        for job in jobs:
            execute(job)
            done(job)
        return
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with ProcessPoolExecutor(workers, mp_context=context, initializer=exit_with_parent, initargs=(os.getpid(),)) as pool:
        waiting: dict[Future[None], Job] = {pool.submit(execute, job): job for job in jobs}
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
