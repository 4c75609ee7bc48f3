"""Background tasks of the page: one at a time in the order of their arrival, with progress, cancelled when the user leaves."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from featherfall.app.analysis import Cancelled, TaskProgress
from featherfall.core.errors import UserError

_Result = TypeVar("_Result")
_POLL_S = 0.2  # between two progress updates of the page
MAX_TASKS = 24  # running and waiting; each waiting page holds a thread of the server


@dataclass(frozen=True)
class InProgress:
    """Progress of a task: share done (0..1), and what is being done."""

    share: float
    what: str


@dataclass(frozen=True)
class Failed:
    """A task without a result. why: one line."""

    why: str


@dataclass(frozen=True)
class Done(Generic[_Result]):
    """A task's result."""

    result: _Result


@dataclass
class WorkQueue:
    """Run one task at a time; each session has at most one."""

    _turn: threading.Condition = field(default_factory=threading.Condition)
    _order: list[TaskProgress] = field(default_factory=list)  # the running task first
    _running: dict[str, TaskProgress] = field(default_factory=dict)

    def stop(self, session: str) -> None:
        """Cancel a session's task."""
        if (one := self._running.get(session)) is not None:
            one.stopped = True

    def run(self, session: str, work: Callable[[TaskProgress], _Result]) -> Iterator[InProgress | Failed | Done[_Result]]:
        """Run a task in a thread; yield its progress, then `Done` or `Failed`. Closing the iterator cancels the task."""
        self.stop(session)
        reports = deque([InProgress(0.0, "starting")], maxlen=1)
        progress = TaskProgress(lambda share, what: reports.append(InProgress(share, what)))
        with self._turn:
            before = len(self._order)
            if before < MAX_TASKS:
                self._order.append(progress)
        if before >= MAX_TASKS:
            yield Failed(f"{before} files are before yours, which is too many; try again in some minutes.")
            return
        self._running[session] = progress
        out: list[Done[_Result] | Failed] = []
        thread = threading.Thread(target=lambda: out.append(self._finish(progress, work)), daemon=True)
        thread.start()
        try:
            began = time.monotonic()
            while thread.is_alive():
                thread.join(_POLL_S if time.monotonic() - began > 1 else _POLL_S / 4)
                if thread.is_alive():
                    yield reports[-1]
            yield out[0]
        finally:
            progress.stopped = True
            if self._running.get(session) is progress:
                del self._running[session]

    def _finish(self, progress: TaskProgress, work: Callable[[TaskProgress], _Result]) -> Done[_Result] | Failed:
        """Wait for the task's turn, and do it."""
        try:
            self._wait(progress)
            return Done(work(progress))
        except Cancelled:
            return Failed("Stopped.")
        except UserError as error:
            return Failed(str(error))
        except Exception as error:
            if progress.stopped:  # its file may be gone already
                return Failed("Stopped.")
            traceback.print_exc()
            return Failed(f"Internal error: {type(error).__name__}; details are in the terminal. Try another file.")
        finally:
            with self._turn:
                self._order.remove(progress)
                self._turn.notify_all()

    def _wait(self, progress: TaskProgress) -> None:
        with self._turn:
            while before := self._order.index(progress):
                progress.report(0.0, "waiting: one file is before yours" if before == 1 else f"waiting: {before} files are before yours")
                self._turn.wait(_POLL_S)
