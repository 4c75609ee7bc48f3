"""From sources to notices: recordings and a real broker."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.brokers import MOSQUITTO, NO_MOSQUITTO, broker
from tests.runtime.sources.test_mqtt import send, wait
from tests.runtime.tiny import motion, write_bundle

from featherfall.alarms.snippets import Snippet
from featherfall.household.config import HouseholdConfig
from featherfall.household.process import Household
from featherfall.runtime.alarm import AlarmMessage

TIMES = np.arange(1000) / 50


def config(*sources: dict[str, object], devices: list[dict[str, object]]) -> HouseholdConfig:
    return HouseholdConfig.model_validate({"people": [{"name": "anna"}], "sources": list(sources), "devices": devices})


def write_csv(path: Path, impacts: tuple[tuple[float, float], ...] = ((8.0, 4.0),)) -> Path:
    table = np.column_stack([TIMES, motion(TIMES, impacts)])
    np.savetxt(path, table, delimiter=",", fmt="%.5f", header="time [s],x [g],y [g],z [g]", comments="")
    return path


def test_a_recording_is_watched_to_its_end(tmp_path: Path) -> None:
    bundle = str(write_bundle(tmp_path / "b"))
    file = write_csv(tmp_path / "fall.csv")
    told: list[AlarmMessage] = []
    household = Household(
        config(
            {"name": "file", "kind": "replay", "path": str(file), "speed": 0},
            {"name": "gone", "kind": "replay", "path": str(tmp_path / "no.csv"), "speed": 0},
            devices=[
                {"name": "watch", "person": "anna", "source": "file", "bundle": bundle},
                {"name": "other", "person": "anna", "source": "gone", "bundle": bundle},
            ],
        ),
        told.append,
    )
    kept: list[Snippet] = []
    household.alarms.keep = kept.append  # type: ignore[method-assign]
    household.run(until_ended=True)
    (snippet,) = kept
    assert (snippet.subject, snippet.device, snippet.episode) == ("anna", "watch", told[0].episode)
    assert np.linalg.norm(snippet.streams["accelerometer"].values, axis=1).max() > 3.9
    assert [(one.device, one.kind) for one in told] == [("watch", "possible fall"), ("watch", "countdown")]
    assert [one.health.state for one in household.sources] == ["ended", "failed"]
    assert "no.csv" in household.sources[1].health.reason


@pytest.mark.skipif(MOSQUITTO is None, reason=NO_MOSQUITTO)
def test_a_watch_over_mqtt(tmp_path: Path) -> None:
    """Late, doubled and wrong messages; an unknown device; a fall."""
    bundle = str(write_bundle(tmp_path / "b"))
    told: list[AlarmMessage] = []
    with broker(tmp_path) as one:
        device = {"name": "watch", "person": "anna", "source": "broker", "id": "home/anna", "bundle": bundle}
        household = Household(
            config({"name": "broker", "kind": "mqtt", "url": one.url, "topics": ["home/#"]}, devices=[device]),
            told.append,
        )
        thread = threading.Thread(target=household.run)
        thread.start()
        health = household.sources[0].health
        wait(lambda: health.state == "ok")
        parts = np.array_split(np.column_stack([TIMES, motion(TIMES, ((8.0, 4.0),))]), 20)
        for part in [parts[0], parts[0], *parts[1:]]:
            send(one.port, "home/anna", json.dumps({"samples": part.tolist(), "unit": "g"}))
        send(one.port, "home/anna", b"{}")
        send(one.port, "home/bert", json.dumps({"samples": parts[0].tolist()}))
        wait(lambda: health.packets == 22 and health.refused == 2 and told)
        household.stopping.set()
        thread.join()
    assert [(one.device, one.kind) for one in told] == [("watch", "possible fall"), ("watch", "countdown")]
    assert health.refusal == "unknown device 'home/bert'; add it under devices"
