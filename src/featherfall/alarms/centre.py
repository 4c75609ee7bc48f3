"""All alarms of a household: machines, store and sinks together. Everything may be called from any thread."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from featherfall.alarms.database import StoreError
from featherfall.alarms.events import AlarmEvent, Condition
from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.memory import AlarmMemory
from featherfall.alarms.outbox import Courier, Outbox, Route
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.snippets import Snippet
from featherfall.alarms.store import AlarmStore
from featherfall.core.errors import UserError
from featherfall.core.tables import nearest
from featherfall.runtime.alarm import COMMANDS, AlarmCommand, AlarmMessage, AlarmState, AlarmSubject

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")  # it stands in topics, headers and names of files


@dataclass(frozen=True)
class Watched:
    """A person of the household, and how the person's alarms behave."""

    subject: AlarmSubject
    settings: AlarmSettings = field(default_factory=AlarmSettings)


class AlarmCentre:
    """Take events, conditions and commands; store and deliver what follows.

    Attributes:
        machines: by the subject's id.
    """

    def __init__(
        self,
        people: Sequence[Watched],
        routes: Sequence[Route] = (),
        store: str | Path | None = None,
        *,
        spill: Path | None = None,
        clock: Callable[[], float] = time.time,
        listener: Callable[[AlarmMessage], object] | None = None,
    ) -> None:
        """Arguments:
            store: path of a SQLite file or URL of a database; None keeps nothing over a restart.
            spill: file on this machine for what a store on another one has not taken while it was away; None for none.
            clock: s since 1970.
            listener: called with every message, muted ones too, e.g. to show it.

        Raises: `UserError` for two subjects or sinks of one name, an id that is none, and for a store of another kind.
        """
        self._check([one.subject.id for one in people], "subjects")
        self._check([one.name for one in routes], "sinks")
        self._clock, self._listener = clock, listener
        self._lock = threading.RLock()
        self.machines = {
            one.subject.id: AlarmMachine(one.settings, one.subject, AlarmMemory(number=int(clock() * 1000), episode=int(clock())))
            for one in people
        }  # numbers of no earlier run, also where its memory is lost
        self._fresh = {name: machine.memory.episode for name, machine in self.machines.items()}
        self._outbox = Outbox(routes, store, clock, spill)
        self._damaged: list[str] = []
        self._adopt(self._outbox.recover())
        self._adopt(self._outbox.connect())
        self._couriers = [Courier(route, self._outbox) for route in routes]

    def start(self) -> None:
        """Open the sinks and begin to deliver."""
        states = {machine.subject: machine.state for machine in self.machines.values()}
        for courier in self._couriers:
            courier.route.sink.attend(states, self.command)
            courier.start()

    def stop(self) -> None:
        """End; what was not delivered waits in the store for the next start."""
        for courier in self._couriers:
            courier.stop()
        with self._lock:
            for name, machine in self.machines.items():
                self._outbox.put(name, machine.memory, ())
            self._outbox.close()

    def handle(self, subject: str, event: AlarmEvent) -> list[AlarmMessage]:
        """Take an event of a subject; return the messages that follow. Raises `UserError` for an unknown subject."""
        return self._do(subject, lambda machine: machine.handle(event))

    def report(self, subject: str, condition: Condition) -> list[AlarmMessage]:
        """Take a condition of a subject's device; return the messages that follow."""
        return self._do(subject, lambda machine: machine.report(condition))

    def active(self, subject: str) -> list[AlarmMessage]:
        """Take a sign of life of a subject; return the messages that follow."""
        return self._do(subject, lambda machine: machine.active(self._clock()))

    def command(self, command: AlarmCommand) -> list[AlarmMessage]:
        """Take what a person orders; return the messages that follow. Raises `UserError` for an unknown command or subject."""
        if command.kind not in COMMANDS:
            raise UserError(f"unknown command {command.kind!r}; {nearest(command.kind, COMMANDS)}")
        return self.handle(command.subject, AlarmEvent.of_command(command, self._clock()))

    def tick(self) -> list[AlarmMessage]:
        """Let time pass, once a second or oftener; return the messages that follow."""
        with self._lock:
            self._adopt(self._outbox.connect())
            told = [message for subject in self.machines for message in self._do(subject, lambda machine: machine.tick(self._clock()))]
            self._outbox.flush()
            return told

    def keep(self, snippet: Snippet) -> None:
        """Keep the signal around a possible fall, where the store can be used; without it alarms go on."""
        store = self.store
        if store is not None:
            with contextlib.suppress(StoreError):
                store.keep(snippet)

    @property
    def states(self) -> dict[str, AlarmState]:
        """The state of each subject's alarm."""
        return {name: machine.state for name, machine in self.machines.items()}

    @property
    def store(self) -> AlarmStore | None:
        """The store where it can be used, e.g. for its history."""
        return self._outbox.store

    def health(self) -> dict[str, Any]:
        """Return plain values: the store's problem, and for each sink what waits and its problem; "" is fine."""
        return {
            "store": "; ".join(filter(None, [self._outbox.problem, *self._damaged])),
            "dropped": self._outbox.dropped,
            "sinks": {courier.route.name: dict(courier.health()) for courier in self._couriers},
            "states": {name: str(state) for name, state in self.states.items()},
        }

    def _do(self, subject: str, work: Callable[[AlarmMachine], list[AlarmMessage]]) -> list[AlarmMessage]:
        machine = self.machines.get(subject)
        if machine is None:
            raise UserError(f"nobody is called {subject!r}; {nearest(subject, tuple(self.machines))}")
        with self._lock:
            messages = work(machine)
            if messages:
                self._outbox.put(subject, machine.memory, messages)
        if self._listener is not None:
            for message in messages:
                self._listener(message)
        return messages

    def _adopt(self, memories: Mapping[str, AlarmMemory | UserError]) -> None:
        """Go on from memories of an earlier run, as soon as they can be read; what has happened since this start counts more."""
        for subject, memory in memories.items():
            machine = self.machines.get(subject)
            if isinstance(memory, UserError):
                self._damaged.append(str(memory))
            elif machine is not None and machine.state is AlarmState.idle and machine.memory.episode == self._fresh[subject]:
                memory.number = max(memory.number, machine.memory.number)
                memory.conditions = {**memory.conditions, **machine.memory.conditions}
                machine.memory = memory
                self._fresh[subject] = -1  # those of the store, if it is read later, are older

    @staticmethod
    def _check(names: Sequence[str], what: str) -> None:
        for name in names:
            if not _ID.fullmatch(name):
                raise UserError(f"{what}: {name[:80]!r} is no id; use letters, digits, - and _")
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise UserError(f"two {what} have the name {double[0]!r}; give each its own")
