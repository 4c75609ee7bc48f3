"""From messages to sinks: stored first, then delivered by a thread for each sink, each until the sink has got it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.alarms.database import StoreError
from featherfall.alarms.memory import AlarmMemory
from featherfall.alarms.spill import read_spill, write_spill
from featherfall.alarms.store import AlarmStore
from featherfall.core.errors import UserError
from featherfall.core.text import printable, shortened
from featherfall.runtime.alarm import AlarmMessage, Severity
from featherfall.runtime.sinks.sink import Sink

MOST_WAITING = 5000  # messages for one sink, about 1 kB each; beyond it the oldest of the least severity is dropped
MOST_UNSAVED = 5000  # messages while the store is away
STORE_AGAIN = 10.0  # s after which a store that failed is tried again
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # s between attempts at a sink; doubled each time
_DAY = 86_400.0  # s
_STOP = 5.0  # s that a sink may take to finish


@dataclass(frozen=True)
class Route:
    """A sink of the household.

    Attributes:
        name: unique in the household.
        least: severity from which messages go to it.
        subjects: ids of those whose messages go to it; None for all.
    """

    name: str
    sink: Sink
    least: Severity | None = None
    subjects: frozenset[str] | None = None

    def wants(self, message: AlarmMessage) -> bool:
        """Return whether a message goes to it."""
        least = self.sink.least if self.least is None else self.least
        return not message.is_muted and message.severity >= least and (self.subjects is None or message.subject.id in self.subjects)


class Outbox:
    """What waits for each sink, in memory and in the store. While the store is away messages are delivered all the same.

    Attributes:
        problem: why the store cannot be used, one line; "" where it can.
        dropped: messages that waited too long or were damaged, and are lost for a sink.
    """

    def __init__(self, routes: Sequence[Route], url: str | Path | None, clock: Callable[[], float], spill: Path | None = None) -> None:
        """spill: file for what the store has not taken, which may be on another machine; None for none."""
        self.routes = {route.name: route for route in routes}
        self.problem = ""
        self.dropped = 0
        self._url, self._clock = url, clock
        self._store: AlarmStore | None = None
        self._changed = threading.Condition()
        self._waiting: dict[str, list[AlarmMessage]] = {name: [] for name in self.routes}
        self._unsaved: dict[str, tuple[AlarmMemory, list[AlarmMessage]]] = {}
        self._undeleted: dict[str, list[AlarmMessage]] = {name: [] for name in self.routes}
        self._again = -float("inf")
        self._pruned = -float("inf")
        self._spill = spill
        self._spilled = False

    @property
    def store(self) -> AlarmStore | None:
        """The store where it can be used."""
        return self._store

    def connect(self) -> dict[str, AlarmMemory | UserError]:
        """Open the store, unless it is open or has just failed; return the memories that it holds when it is opened, else nothing."""
        with self._changed:
            now = self._clock()
            if self._store is not None or self._url is None or abs(now - self._again) < STORE_AGAIN:
                return {}
            self._again = now
            try:
                store = AlarmStore(self._url)
                memories = store.memories()
                for name, waiting in self._waiting.items():
                    known = {one.key for one in waiting}
                    waiting[:0] = [one for one in store.waiting(name, MOST_WAITING) if one.key not in known]
            except StoreError as error:
                self.problem = str(error)
                return {}
            self._store, self.problem = store, ""
            self._changed.notify_all()
            return memories

    def recover(self) -> dict[str, AlarmMemory | UserError]:
        """Take up what an earlier run could not store; return its memories. They are newer than those of the store."""
        if self._spill is None or not self._spill.exists():
            return {}
        try:
            spilled = read_spill(self._spill)
        except UserError as error:
            return {"": error}
        with self._changed:
            self._unsaved, self._spilled = spilled.unsaved, True
            for name, waiting in self._waiting.items():
                keys = set(spilled.waiting.get(name, ()))
                waiting += [one for _, messages in spilled.unsaved.values() for one in messages if one.key in keys]
        return {name: memory for name, (memory, _) in spilled.unsaved.items()}

    def put(self, subject: str, memory: AlarmMemory, messages: Sequence[AlarmMessage]) -> None:
        """Store messages and the memory after them, then hand them to the sinks."""
        with self._changed:
            for name, route in self.routes.items():
                self._waiting[name] += [one for one in messages if route.wants(one)]
                self._bound(self._waiting[name])
            _, unsaved = self._unsaved.get(subject, (memory, []))
            self._unsaved[subject] = memory.model_copy(deep=True), (unsaved + list(messages))[-MOST_UNSAVED:]
            self._save()
            self._changed.notify_all()

    def flush(self) -> None:
        """Write what the store has not taken yet, and delete what is too old; call it now and then."""
        with self._changed:
            self._save()
            now = self._clock()
            if self._store is not None and abs(now - self._pruned) > _DAY:
                self._pruned = now
                self._try(lambda store: store.prune(now))

    def head(self, name: str, stop: threading.Event | None = None) -> AlarmMessage | None:
        """Return the oldest message for a sink; waits for one until `stop` is set and `wake` called, where it is given."""
        with self._changed:
            if stop is not None:
                self._changed.wait_for(lambda: self._waiting[name] or stop.is_set())
            return next(iter(self._waiting[name]), None)

    def wake(self) -> None:
        """End all waiting."""
        with self._changed:
            self._changed.notify_all()

    def done(self, name: str, message: AlarmMessage) -> None:
        """Note that a sink has got a message, or never will."""
        with self._changed:
            self._waiting[name] = [one for one in self._waiting[name] if one.key != message.key]
            self._undeleted[name] = [*self._undeleted[name], message][-MOST_WAITING:]
            self._save()

    def count(self, name: str) -> int:
        """Return how many messages wait for a sink."""
        with self._changed:
            return len(self._waiting[name])

    def close(self) -> None:
        """Write what is left, and disconnect."""
        with self._changed:
            self._save()
            if self._store is not None:
                self._store.close()
                self._store = None

    def _save(self) -> None:
        self._store_unsaved()
        if self._spill is not None and (self._unsaved or self._spilled):
            try:
                if self._unsaved:
                    write_spill(self._spill, self._unsaved, self._waiting)
                else:
                    self._spill.unlink(missing_ok=True)
                self._spilled = bool(self._unsaved)
            except (UserError, OSError) as error:
                self.problem = self.problem or one_line(error)

    def _store_unsaved(self) -> None:
        for subject, (memory, messages) in list(self._unsaved.items()):
            waiting = [(name, one) for name, kept in self._waiting.items() for one in kept if one.subject.id == subject]
            new = {one.key for one in messages}
            rows = [(name, one) for name, one in waiting if one.key in new]
            if not self._try(lambda store, a=subject, b=memory, c=messages, d=rows: store.save(a, b, c, d)):  # type: ignore[misc]
                return
            del self._unsaved[subject]
        for name, messages in self._undeleted.items():
            if messages and self._try(lambda store, a=name, b=messages: store.delivered(a, b)):  # type: ignore[misc]
                self._undeleted[name] = []

    def _try(self, work: Callable[[AlarmStore], object]) -> bool:
        """Return whether the store has done it; one that fails is left alone for a while, so that it delays no alarm."""
        if self._store is None or (self.problem and abs(self._clock() - self._again) < STORE_AGAIN):
            return False
        try:
            work(self._store)
        except StoreError as error:
            self.problem, self._again = str(error), self._clock()
            return False
        self.problem = ""
        return True

    def _bound(self, waiting: list[AlarmMessage]) -> None:
        while len(waiting) > MOST_WAITING:
            least = min(one.severity for one in waiting)
            waiting.remove(next(one for one in waiting if one.severity is least))
            self.dropped += 1


class Courier:
    """A thread that delivers to one sink, in order.

    Attributes:
        problem: why the sink does not take messages, one line; "" where it does.
        refused: messages that it will never take.
    """

    def __init__(self, route: Route, outbox: Outbox) -> None:
        self.route = route
        self.problem = ""
        self.refused = 0
        self._outbox = outbox
        self._open = False
        self._pause = FIRST_PAUSE
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink {route.name}", daemon=True)

    def start(self) -> None:
        """Open the sink and begin, in the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End after the message at hand; what waits stays in the store."""
        self._stop.set()
        self._outbox.wake()
        if self._thread.is_alive():
            self._thread.join(_STOP)
        if self._open and not self._thread.is_alive():
            with contextlib.suppress(Exception):
                self.route.sink.close()

    def health(self) -> Mapping[str, Any]:
        """Return plain values."""
        facts = {"waiting": self._outbox.count(self.route.name), "refused": self.refused, "problem": self.problem}
        return {name: value for name, value in facts.items() if value or name == "waiting"}

    def deliver(self, message: AlarmMessage | None) -> bool:
        """Open the sink where it is closed, and deliver a message; return whether that worked, or never will."""
        try:
            if not self._open:
                self.route.sink.open()
                self._open = True
            if message is not None:
                self.route.sink.alarm(message)
        except UserError as error:
            self.problem = str(error)
            if not self._open or message is None:
                return False
            self.refused += 1
        except Exception as error:  # sinks call what others wrote
            self.problem = one_line(error)
            return False
        else:
            self.problem = ""
        if message is not None:
            self._outbox.done(self.route.name, message)
        return True

    def _run(self) -> None:
        message: AlarmMessage | None = None
        while not self._stop.is_set():
            if self.deliver(message):
                self._pause = FIRST_PAUSE
                message = self._outbox.head(self.route.name, self._stop)
            else:
                self._stop.wait(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)


def one_line(error: Exception) -> str:
    """Return an exception's first line, for people."""
    return shortened(printable(next(iter(str(error).splitlines()), "") or type(error).__name__), 300)
