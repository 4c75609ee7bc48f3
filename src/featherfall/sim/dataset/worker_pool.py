"""Run independent tasks in parallel processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from types import FrameType, TracebackType
from typing import Any, TypeVar

from featherfall.core.processes import exit_with_parent

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


class WorkerPool:
    """Processes that are kept between calls; none for a single worker. An error or Ctrl-C ends them.

    >>> with WorkerPool(workers=2) as pool:
    ...     results = sorted(pool.map_unordered(abs, [-1, -2]))
    """

    def __init__(self, workers: int) -> None:
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            context = multiprocessing.get_context("spawn")  # forking a process that runs threads can hang
            self._pool = ProcessPoolExecutor(workers, mp_context=context, initializer=exit_with_parent, initargs=(os.getpid(),))

    def map_unordered(self, work: Callable[[_Task], _Result], pieces: Iterable[_Task]) -> Iterator[_Result]:
        """Yield the results of `work` for all pieces, in the order of completion."""
        if self._pool is None:
            yield from map(work, pieces)
            return
        with _without_interrupts():
            waiting = [self._pool.submit(work, piece) for piece in pieces]
        for future in as_completed(waiting):
            yield future.result()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is None:
            return
        if kind is not None:
            for process in list((self._pool._processes or {}).values()):
                process.terminate()
        self._pool.shutdown(wait=kind is None, cancel_futures=True)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: the parent handles it and ends them without a traceback from each."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Callable[[int, FrameType | None], Any] | int | None = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
