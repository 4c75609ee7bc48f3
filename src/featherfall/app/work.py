"""Background tasks of the page: one at a time, with progress, cancelled when the user leaves."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from featherfall.app.analysis import Cancelled, TaskProgress
from featherfall.core.errors import UserError

_Result = TypeVar("_Result")
_POLL_S = 0.2  # between two progress updates of the page


@dataclass(frozen=True)
class InProgress:
    """Progress of a task: share done (0..1), and what is being done."""

    share: float
    what: str


@dataclass(frozen=True)
class Failed:
    """A task without a result. why: one line."""

    why: str


@dataclass
class WorkQueue:
    """Run one task at a time; each session has at most one."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: dict[str, TaskProgress] = field(default_factory=dict)

    def stop(self, session: str) -> None:
        """Cancel a session's task."""
        if (one := self._running.get(session)) is not None:
            one.stopped = True

    def run(self, session: str, work: Callable[[TaskProgress], _Result]) -> Iterator[InProgress | Failed | Done[_Result]]:
        """Run a task in a thread; yield its progress, then `Done` or `Failed`. Closing the iterator cancels the task."""
        self.stop(session)
        reports = [InProgress(0.0, "starting")]
        progress = TaskProgress(lambda share, what: reports.append(InProgress(share, what)))
        self._running[session] = progress
        out: list[Done[_Result] | Failed] = []

        def go() -> None:
            try:
                while not self._lock.acquire(timeout=_POLL_S):
                    progress.report(0.0, "waiting for another task to finish")
                try:
                    out.append(Done(work(progress)))
                finally:
                    self._lock.release()
            except Cancelled:
                out.append(Failed("Stopped."))
            except UserError as error:
                out.append(Failed(str(error)))
            except Exception as error:
                traceback.print_exc()
                out.append(Failed(f"Internal error: {type(error).__name__}; details are in the terminal. Try another file."))

        thread = threading.Thread(target=go, daemon=True)
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


@dataclass(frozen=True)
class Done(Generic[_Result]):
    """A task's result."""

    result: _Result
