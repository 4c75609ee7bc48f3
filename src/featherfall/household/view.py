"""What a terminal shows while a household is watched: people, sensors, sources, the last messages."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from featherfall.household.process import Household
from featherfall.household.status import household_health
from featherfall.runtime.alarm import AlarmMessage

MESSAGES = 8  # shown
_TONES = {"idle": "green", "muted": "yellow", "possible": "yellow", "countdown": "bold yellow", "alarm": "bold red", "help": "bold red"}
_SOUND = ("ok", "ended")


class HouseholdView:
    """Renders a household; a listener of its alarms.

    Attributes:
        messages: the last ones.
    """

    def __init__(self) -> None:
        self.messages: deque[AlarmMessage] = deque(maxlen=MESSAGES)

    def hear(self, message: AlarmMessage) -> None:
        """Take a message of an alarm."""
        self.messages.append(message)

    def render(self, household: Household) -> RenderableType:
        """Return what is shown now."""
        health = household_health(household)
        titles = {one.name: one.title or one.name for one in household.config.people}
        people = _table("person", "alarm")
        for name, state in health["people"].items():
            people.add_row(Text(titles[name]), Text(state, _TONES.get(state, "")))
        sensors = _table("sensor", "of", "rate", "delay", "gaps", "falls", "battery", "condition")
        wearers = {one.name: titles[one.person] for one in household.config.devices}
        for name, one in health["devices"].items():
            sensors.add_row(Text(name), Text(wearers[name]), *_cells(one))
        for camera in household.cameras:
            looks = f"{camera.looks.people} seen" if camera.looks.looks else ""
            row = ("", "", "", str(camera.looks.falls), "", camera.looks.unjudged or looks)
            sensors.add_row(Text(camera.config.name), Text(titles[camera.config.person]), *map(Text, row))
        sources = _table("source", "state", "packets", "refused", "")
        for name, one in health["sources"].items():
            tone = "green" if one["state"] in _SOUND else "yellow"
            told = one.get("reason") or one.get("refusal", "")
            sources.add_row(Text(name), Text(one["state"], tone), str(one["packets"]), str(one["refused"]), Text(told))
        return Group(*_spaced([people, sensors, sources, self._told()]))

    def _told(self) -> RenderableType:
        lines = [Text(f"{time.strftime('%H:%M:%S', time.localtime(one.time))}  {one.text}") for one in self.messages]
        return Group(Text("messages", "bold"), *(lines or [Text("none yet", "dim")]))


def _cells(facts: dict[str, object]) -> list[Text]:
    conditions = facts.get("conditions")
    told = "; ".join(f"{kind}: {reason}" for kind, reason in conditions.items()) if isinstance(conditions, dict) else ""
    told = told or str(facts.get("clock") or facts.get("unit") or "")
    delay, battery = facts.get("delay_s"), facts.get("battery")
    return [
        Text(f"{facts['rate']:g} Hz" if facts["rate"] else ""),
        Text(f"{delay:.1f} s" if isinstance(delay, float) else ""),
        Text(f"{facts['gaps']}" if facts["gaps"] else ""),
        Text(str(facts["events"])),
        Text(f"{battery:.0%}" if isinstance(battery, float) else ""),
        Text(told, "yellow" if conditions else "dim"),
    ]


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=False)
    return table


def _spaced(parts: Iterable[RenderableType]) -> list[RenderableType]:
    return [one for part in parts for one in (part, Text(""))][:-1]
