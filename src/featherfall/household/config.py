"""The configuration of `featherfall watch`: people, sources, devices, alarms, sinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from featherfall.core.checked import Checked
from featherfall.core.registry import registered
from featherfall.core.tables import nearest
from featherfall.household.secrets import Secret
from featherfall.runtime.sources.mqtt import check_filter

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")]
Title = Annotated[str, Field(min_length=1, max_length=80)]
Port = Annotated[int, Field(ge=1, le=65535)]
PayloadName = Annotated[str, registered("payload")]
MOST_DEVICES = 20_000


class Person(Checked):
    """Somebody who is watched. name: id, as in topics; title: for messages."""

    name: Name
    title: Title | None = None


class MqttConfig(Checked):
    """Topics of a broker. url: mqtt://HOST:1883, or mqtts:// for TLS."""

    kind: Literal["mqtt"]
    name: Name
    url: str = Field(min_length=1, max_length=500)
    topics: list[str] = Field(min_length=1, max_length=100)
    payload: PayloadName = "samples"
    username: str | None = Field(default=None, max_length=200)
    password: Secret | None = None
    ca_file: str | None = Field(default=None, max_length=1000)

    @model_validator(mode="after")
    def _filters(self) -> MqttConfig:
        for topic in self.topics:
            check_filter(topic)
        return self


class ReplayConfig(Checked):
    """A recording as if it were live. bundle: whose inputs are read. speed: 0 for as fast as it is read."""

    kind: Literal["replay"]
    name: Name
    path: str = Field(min_length=1, max_length=1000)
    speed: float = Field(default=1.0, ge=0, le=1e6)
    repeat: bool = False
    unit: str | None = Field(default=None, max_length=20)


Source = Annotated[MqttConfig | ReplayConfig, Field(discriminator="kind")]


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


class HouseholdConfig(Checked):
    """All of it. name: of the household, for messages and topics."""

    name: Name = "home"
    people: list[Person] = Field(min_length=1, max_length=1000)
    sources: list[Source] = Field(min_length=1, max_length=200)
    devices: list[DeviceConfig] = Field(default=[], max_length=MOST_DEVICES)

    @model_validator(mode="after")
    def _fits(self) -> HouseholdConfig:
        people, sources = [one.name for one in self.people], [one.name for one in self.sources]
        for what, names in (("people", people), ("sources", sources), ("devices", [one.name for one in self.devices])):
            _once(what, names)
        for device in self.devices:
            _known(f"device {device.name!r}: person", device.person, people)
            _known(f"device {device.name!r}: source", device.source, sources)
        _once("devices of a source", [f"{one.source}: {one.id or 'any'}" for one in self.devices])
        only = {one.source for one in self.devices if one.id is None}
        for source, count in Counter(one.source for one in self.devices).items():
            if source in only and count > 1:
                raise ValueError(f"source {source!r} has {count} devices; give each of them its id")
        return self


def _once(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{what}: {count} are called {name!r}; give each a name of its own")


def _known(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise ValueError(f"{what} {name!r} is not in the configuration; {nearest(name, known)}")


def load_config(path: Path) -> HouseholdConfig:
    """Read a configuration; raises `UserError` that names the file, the line, the key and the mend."""
    from featherfall.core.documents import parse_yaml
    from featherfall.core.tables import read_text

    text = read_text(path, 1 << 20)
    return check_at_line(HouseholdConfig, parse_yaml(text, path), text, path)


def check_at_line(schema: type[HouseholdConfig], values: Any, text: str, path: Path) -> HouseholdConfig:
    """Return the checked configuration; raises `UserError` that names the line of the key at fault."""
    import pydantic

    from featherfall.core.checked import check
    from featherfall.core.documents import line_of

    try:
        schema.model_validate(values)
    except pydantic.ValidationError as error:
        line = line_of(text, [part for part in error.errors()[0]["loc"] if part not in _TAGS])
        return check(schema, values, f"{path}: line {line}" if line else path)
    except TypeError:
        pass
    return check(schema, values, path)


_TAGS = ("mqtt", "replay")
