"""The configuration of `featherfall watch`: people, sources, devices, alarms, sinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pydantic
from pydantic import Field, model_validator

from featherfall.alarms.settings import AlarmSettings
from featherfall.core.checked import Checked, check
from featherfall.core.documents import YAML_BYTES, line_of, parse_yaml
from featherfall.core.tables import nearest, read_text
from featherfall.household.names import Name, Port, Title
from featherfall.household.secrets import Secret
from featherfall.household.sinks import AnySink
from featherfall.household.sources import CameraConfig, SourceConfig

MOST_DEVICES = 20_000


class PersonConfig(Checked):
    """Somebody who is watched. name: id, as in topics; title: for messages. alarms: how they behave; None as for all."""

    name: Name
    title: Title | None = None
    alarms: AlarmSettings | None = None


class DeviceConfig(Checked):
    """A worn device.

    person: whose it is. source: by which its samples come. id: how the source names it, a topic or an id in the payload; leave it out where
    the source has one device only. bundle: the model. unit: of its samples, where it does not say so. threshold: 0..1, of the model.
    offline_s: without data until it is offline.
    """

    name: Name
    person: Name
    source: Name
    id: str | None = Field(default=None, min_length=1, max_length=256)
    bundle: str = Field(default="wrist", min_length=1, max_length=1000)
    unit: str | None = Field(default=None, max_length=20)
    threshold: float | None = Field(default=None, ge=0, le=1)
    offline_s: float = Field(default=60.0, ge=1, le=86_400)


class StatusConfig(Checked):
    """/health and /metrics by HTTP, and what the app's page Live asks.

    token: that is asked for; without one only this machine may listen, and the page Live is not served. pictures: whether that page may
    show a camera's present picture, to draw zones on it; it is not stored.
    """

    host: str = Field(default="127.0.0.1", min_length=1, max_length=255)
    port: Port = 8765
    token: Secret | None = None
    pictures: bool = False


class HouseholdConfig(Checked):
    """All of it.

    name: of the household, for topics. store: SQLite file, or URL of a PostgreSQL database; None keeps nothing over a restart.
    """

    name: Name = "home"
    people: list[PersonConfig] = Field(min_length=1, max_length=1000)
    sources: list[SourceConfig] = Field(min_length=1, max_length=1000)
    devices: list[DeviceConfig] = Field(default=[], max_length=MOST_DEVICES)
    alarms: AlarmSettings = AlarmSettings()
    sinks: list[AnySink] = Field(default=[], max_length=100)
    store: str | Secret | None = None
    status: StatusConfig | None = None

    @model_validator(mode="after")
    def _fits(self) -> HouseholdConfig:
        people, sources = [one.name for one in self.people], [one.name for one in self.sources]
        cameras = [one for one in self.sources if isinstance(one, CameraConfig)]
        sensors = [one.name for one in self.devices] + [one.name for one in cameras]
        sinks = [one.name for one in self.sinks]
        for what, names in (("people", people), ("sources", sources), ("devices", sensors), ("sinks", sinks)):
            _once(what, names)
        for device in self.devices:
            _known(f"device {device.name!r}: person", device.person, people)
            _known(f"device {device.name!r}: source", device.source, [one for one in sources if one not in {c.name for c in cameras}])
        for camera in cameras:
            _known(f"source {camera.name!r}: person", camera.person, people)
        for sink in self.sinks:
            for name in sink.people or ():
                _known(f"sink {sink.name!r}: people", name, people)
        self._devices_of_sources()
        return self

    def _devices_of_sources(self) -> None:
        _once("devices of a source", [f"{one.source}: {one.id or 'any'}" for one in self.devices])
        only = {one.source for one in self.devices if one.id is None}
        for source, count in Counter(one.source for one in self.devices).items():
            if source in only and count > 1:
                raise ValueError(f"source {source!r} has {count} devices; give each of them its id")


def load_config(path: Path) -> HouseholdConfig:
    """Read a configuration; raises `UserError` that names the file, the line, the key and the mend."""
    text = read_text(path, YAML_BYTES)
    values = parse_yaml(text, path)
    return check(HouseholdConfig, values, f"{path}: line {line}" if (line := _line_at_fault(values, text)) else path)


def _line_at_fault(values: Any, text: str) -> int | None:
    """Return the line of the first key that is wrong; None where all are right, or where it is about the whole."""
    try:
        HouseholdConfig.model_validate(values)
    except pydantic.ValidationError as error:
        place = error.errors()[0]["loc"]
        path = [part for k, part in enumerate(place) if not (k and isinstance(place[k - 1], int) and _is_tag(values, place[:k], part))]
        return line_of(text, path) if path else None
    return None


def _is_tag(values: Any, place: Sequence[int | str], part: int | str) -> bool:
    """Return whether a part of an error's place is the kind of a source or sink, which is no key."""
    for one in place:
        values = values[one] if isinstance(one, int) or (isinstance(values, dict) and one in values) else None
    return isinstance(values, dict) and values.get("kind") == part


def _once(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{what}: {count} are called {name!r}; give each a name of its own")


def _known(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise ValueError(f"{what} {name!r} is not in the configuration; {nearest(name, known)}")
