"""The configuration: what is wrong is named with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.household.config import HouseholdConfig, load_config

GOOD = """\
name: home
people:
  - {name: anna, title: Anna}
sources:
  - name: broker
    kind: mqtt
    url: mqtt://localhost
    topics: [watch/anna]
    password: {env: BROKER_PASSWORD}
  - name: file
    kind: replay
    path: walk.csv
devices:
  - name: anna-watch
    person: anna
    source: broker
    id: watch/anna
"""


def load(folder: Path, text: str) -> HouseholdConfig:
    (folder / "home.yaml").write_text(text)
    return load_config(folder / "home.yaml")


def test_a_whole_one(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert config.people[0].title == "Anna" and config.devices[0].bundle == "wrist" and config.sources[1].kind == "replay"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("topics: [watch/anna]", "topcs: [watch/anna]", r"line 5: key 'sources.0.mqtt.topics' is missing"),
        ("    url: mqtt", "    ulr: x\n    url: mqtt", r"line 7: unknown key 'sources.0.mqtt.ulr'; did you mean 'url'\?"),
        ("kind: mqtt", "kind: mqt", r"line 5: key 'sources.0'.*'mqtt'"),
        ("[watch/anna]", "['a/#/b']", r"line 5: key 'sources.0.mqtt': 'a/#/b' is no topic filter"),
        ("{env: BROKER_PASSWORD}", "geheim", r"line 9: key 'sources.0.mqtt.password': a secret is not written into the file"),
        ("person: anna", "person: ana", r"device 'anna-watch': person 'ana' is not in the configuration; did you mean 'anna'\?"),
        ("source: broker", "source: brokr", r"source 'brokr' is not in the configuration; did you mean 'broker'"),
        ("devices:", "devices:\n  - {name: anna-watch, person: anna, source: file}", "devices: 2 are called 'anna-watch'"),
        ("devices:", "devices:\n  - {name: b, person: anna, source: broker}", "source 'broker' has 2 devices; give each of them its id"),
        ("name: file", "name: broker", "sources: 2 are called 'broker'"),
        ("path: walk.csv", "path: walk.csv\n    speed: -1", r"line 13: key 'sources.1.replay.speed'"),
        ("sources:", "sources: [", "line 5: not valid YAML"),
        ("name: anna-watch", "name: ../x", r"line 14: key 'devices.0.name'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in GOOD
    with pytest.raises(UserError, match=line) as refused:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert str(refused.value).startswith(str(tmp_path / "home.yaml")) and "\n" not in str(refused.value)


def test_a_secret_in_the_file_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        load(tmp_path, GOOD.replace("{env: BROKER_PASSWORD}", "geheim"))
    assert "geheim" not in str(refused.value)
