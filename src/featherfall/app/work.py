"""Long pieces of work beside the page: one at a time, told about while they run, ended when nobody wants them."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from featherfall.app.analysis import Cancelled, Progress
from featherfall.core.errors import UserError

Result = TypeVar("Result")
TURN = 0.2  # s between two looks at how far it is


@dataclass(frozen=True)
class Doing:
    """How far it is: a share of 1, and what is being done."""

    share: float
    what: str


@dataclass(frozen=True)
class Failed:
    """Why there is no result: one line."""

    why: str


@dataclass
class Desk:
    """Who works on what, by session; a session has one piece of work, and the desk does one at a time."""

    _turn: threading.Lock = field(default_factory=threading.Lock)
    _doing: dict[str, Progress] = field(default_factory=dict)

    def stop(self, session: str) -> None:
        """End what a session waits for."""
        if (one := self._doing.get(session)) is not None:
            one.stopped = True

    def run(self, session: str, work: Callable[[Progress], Result]) -> Iterator[Doing | Failed | Done[Result]]:
        """Do it in a thread; gives what it is doing, again and again, then `Done` or `Failed`. Closing the iterator ends the work."""
        self.stop(session)
        told = [Doing(0.0, "starting")]
        progress = Progress(lambda share, what: told.append(Doing(share, what)))
        self._doing[session] = progress
        out: list[Done[Result] | Failed] = []

        def go() -> None:
            try:
                while not self._turn.acquire(timeout=TURN):
                    progress.at(0.0, "waiting for another film to end")
                try:
                    out.append(Done(work(progress)))
                finally:
                    self._turn.release()
            except Cancelled:
                out.append(Failed("Stopped."))
            except UserError as error:
                out.append(Failed(str(error)))
            except Exception as error:
                traceback.print_exc()
                out.append(Failed(f"This went wrong, and it is our fault: {type(error).__name__}. The app goes on; try another file."))

        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        try:
            began = time.monotonic()
            while thread.is_alive():
                thread.join(TURN if time.monotonic() - began > 1 else TURN / 4)
                if thread.is_alive():
                    yield told[-1]
            yield out[0]
        finally:
            progress.stopped = True
            if self._doing.get(session) is progress:
                del self._doing[session]


@dataclass(frozen=True)
class Done(Generic[Result]):
    """What came out."""

    result: Result
