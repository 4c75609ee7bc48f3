"""Several sensors of one person: one that sees the fall, too, confirms it; one that is sure of the contrary holds the alarm back.

A denial holds back for `AlarmSettings.deny_s` and is repeated while the sensor stays sure; all together never longer than `hold_most_s`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from featherfall.alarms import AlarmEvent, AlarmSettings, Trigger

BEFORE_S = 5.0  # s before a sign in which its fall may lie: a watch raises 4 s after the impact
ASK_S = 2.0  # s after a sign before others are asked: a camera reports a fall that it sees, too, within 2 s
LASTS_S = 60.0  # s for which others are asked: the countdown and what it is held back by


class Witness(Protocol):
    """A sensor that may be sure that its person has not fallen."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""

    def denies(self, since: float, now: float) -> bool:
        """Return whether it is sure that the person has not fallen since then, and is up now; s since 1970."""


@dataclass
class _Sign:
    """The last sign of a person: its device and time (s since 1970), and the sensors that have denied it so far."""

    device: str
    time: float
    denied: set[str] = field(default_factory=set)


class Fusion:
    """What sensors say of each other's possible falls. Events may come from any thread."""

    def __init__(self, witnesses: Mapping[str, Iterable[Witness]], settings: Mapping[str, AlarmSettings]) -> None:
        """witnesses: of each person. settings: of each person's alarms."""
        self._witnesses = {person: tuple(some) for person, some in witnesses.items()}
        self._settings = settings
        self._signs: dict[str, _Sign] = {}
        self._lock = threading.Lock()

    def seen(self, person: str, event: AlarmEvent) -> AlarmEvent:
        """Take a sensor's event; return it, as `agreed` where another sensor has raised the same fall."""
        with self._lock:
            known = self._signs.get(person)
            if event.trigger is Trigger.got_up:
                self._signs.pop(person, None)
            if event.trigger is not Trigger.fall:
                return event
            if known is not None and event.time - known.time <= self._settings[person].episode_s:
                if known.device == event.device:
                    return event
                known.time = event.time
                return replace(event, trigger=Trigger.agreed)
            self._signs[person] = _Sign(event.device, event.time)
            return event

    def tick(self, now: float, tell: Callable[[str, AlarmEvent], object]) -> None:
        """Ask the others about signs; tell who denies them. now: s since 1970."""
        with self._lock:
            self._signs = {person: sign for person, sign in self._signs.items() if now - sign.time <= LASTS_S}
            asked = [(person, sign) for person, sign in self._signs.items() if now - sign.time >= ASK_S]
        for person, sign in asked:
            for one in self._witnesses.get(person, ()):
                # Once it has denied the fall itself, it is enough that the person is still up.
                since = now - ASK_S if one.name in sign.denied else sign.time - BEFORE_S
                if one.name != sign.device and one.denies(since, now):
                    sign.denied.add(one.name)
                    tell(person, AlarmEvent(Trigger.denied, now, one.name))


def witnesses_of(people: Iterable[str], pairs: Iterable[tuple[str, Witness]]) -> dict[str, list[Witness]]:
    """Return each person's sensors; pairs: of a person and a sensor."""
    found: dict[str, list[Witness]] = {person: [] for person in people}
    for person, one in pairs:
        found[person].append(one)
    return found
