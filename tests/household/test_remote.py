"""What the page Live asks of a household and orders there, over HTTP, and how the app reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.household.test_process import write_csv
from tests.runtime.boxes import detector_without_model
from tests.runtime.tiny import write_bundle

from featherfall.app.household import TOKEN, HouseholdLink, read_reviewed
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.household.cameras import CameraWatch
from featherfall.household.config import HouseholdConfig, StatusConfig, load_config
from featherfall.household.process import Household
from featherfall.household.remote import Remote
from featherfall.household.secrets import Secret
from featherfall.household.serve import serve_status
from featherfall.household.sources import CameraConfig
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.http_server import HttpRequest

BED = [[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]]


class Asked:
    """A household that has watched a fall, asked as the page asks it."""

    def __init__(self, folder: Path) -> None:
        bundle = str(write_bundle(folder / "b"))
        write_csv(folder / "fall.csv")
        values = {
            "people": [{"name": "anna", "title": "Anna"}],
            "sources": [{"name": "file", "kind": "replay", "path": str(folder / "fall.csv"), "speed": 0}],
            "devices": [{"name": "watch", "person": "anna", "source": "file", "bundle": bundle}],
            "alarms": {"countdown_s": 600},
            "store": str(folder / "alarms.db"),
        }
        self.config = HouseholdConfig.model_validate(values)
        Household(self.config).run(until_ended=True)
        self.household = Household(self.config)  # as after a restart
        camera = CameraConfig(kind="camera", name="hall", url="/dev/video0", person="anna", zones=[BED])
        self.household.cameras.append(CameraWatch(camera, None, detector_without_model(), self.household.report))  # type: ignore[arg-type]
        self.remote = Remote(self.household)

    def ask(self, path: str) -> Any:
        return json.loads(self.remote.answer(HttpRequest("GET", tuple(path.split("/")))).body)

    def order(self, name: str, **values: Any) -> int:
        return self.remote.answer(HttpRequest("POST", (name,), json.dumps(values).encode())).status


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setattr("featherfall.household.remote.household_health", lambda household: {})  # the camera has no source
    one = Asked(tmp_path)
    yield one
    one.household.alarms.stop()


def test_states_and_the_last_days(asked: Asked) -> None:
    state = asked.ask("household")
    (anna,) = state["people"]
    assert (anna["name"], anna["title"], anna["state"]) == ("anna", "Anna", "countdown") and anna["due"] > state["now"]
    assert state["cameras"] == [{"name": "hall", "person": "anna", "room": "", "zones": [BED]}]
    history = asked.ask("history/3")
    assert [one["kind"] for one in history["messages"]] == ["possible fall", "countdown"] and history["reviews"] == []
    ((subject, episode, device, _),) = history["snippets"]
    assert (subject, episode, device) == ("anna", anna["episode"], "watch")
    ((stream,),) = [one["streams"] for one in asked.ask(f"snippet/anna/{episode}")]
    assert max(stream["size"]) > 3.9 and len(stream["t"]) == len(stream["size"]) and stream["unit"] == "g"
    for days in ("0", "x", "400", "nan"):
        with pytest.raises(UserError, match="is no number of days"):
            asked.ask(f"history/{days}")


def test_orders_and_reviews_name_who_gave_them(asked: Asked, tmp_path: Path) -> None:
    assert asked.order("command", kind="cancel", subject="anna", by="Ben") == 200
    assert asked.ask("household")["people"][0]["state"] == "cancelled"
    last = asked.ask("history/1")["messages"][-1]
    assert last["text"] == "Anna: alarm cancelled by Ben (app)"
    assert asked.order("review", subject="anna", episode=last["episode"], label="no fall", by="Ben") == 200
    snippets, reviews = read_reviewed(json.dumps(asked.ask("reviewed")))
    assert [one.device for one in snippets] == ["watch"] and reviews["anna", last["episode"]].label == "no fall"
    for name, values, why in (
        ("command", {"kind": "dance", "subject": "anna", "by": "B"}, "kind"),
        ("command", {"kind": "cancel", "subject": "bob", "by": "B"}, "nobody is called 'bob'"),
        ("command", {"kind": "cancel", "subject": "anna"}, "by"),
        ("review", {"subject": "bob", "episode": 1, "label": "fall", "by": "B"}, "nobody is called 'bob'"),
        ("review", {"subject": "anna", "episode": 1, "label": "perhaps", "by": "B"}, "label"),
    ):
        with pytest.raises(UserError, match=why):
            asked.order(name, **values)


def test_zones_are_kept_over_a_restart(asked: Asked) -> None:
    drawn = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6]]
    assert asked.order("zones", camera="hall", zones=[drawn]) == 200
    (camera,) = asked.household.cameras
    assert camera.zones == (Zone(tuple((x, y) for x, y in drawn)),) and camera._monitor._decider._lying.zones == list(camera.zones)
    camera.change_zones([])
    asked.household._read_zones()
    assert [zone.corners for zone in camera.zones] == [tuple(map(tuple, drawn))]
    for zones, why in (
        ([[[0.1, 0.1], [1.4, 0.1], [0.5, 0.5]]], "outside the picture"),
        ([[[0.1, 0.1]]], "a zone of 1 corners"),
        (3, "zones"),
    ):
        with pytest.raises(UserError, match=why):
            asked.order("zones", camera="hall", zones=zones)
    with pytest.raises(UserError, match="no camera is called 'bath'"):
        asked.order("zones", camera="bath", zones=[])


def test_a_picture_is_shown_only_where_that_is_wished(asked: Asked) -> None:
    (camera,) = asked.household.cameras
    request = HttpRequest("GET", ("picture", "hall"))
    assert asked.remote.answer(request).status == 404 and not camera.is_shown
    camera.picture = np.zeros((480, 1280, 3), np.uint8)
    answer = asked.remote.answer(request)
    assert answer.kind == "image/jpeg" and isinstance(answer.body, bytes) and answer.body[:2] == b"\xff\xd8"


@pytest.mark.parametrize(("method", "path"), [("GET", "history"), ("GET", "household/1/2"), ("POST", "reviewed"), ("GET", "picture/bath")])
def test_what_there_is_not(asked: Asked, method: str, path: str) -> None:
    assert asked.remote.answer(HttpRequest(method, tuple(path.split("/")))).status == 404


def test_without_a_token_nothing_is_told_and_nobody_orders(tmp_path: Path) -> None:
    household = Household(
        HouseholdConfig.model_validate({"people": [{"name": "anna"}], "sources": [{"name": "s", "kind": "push", "port": 1}]})
    )
    household.config = household.config.model_copy(update={"status": StatusConfig(port=1).model_copy(update={"port": 0})})
    with serve_status(household) as server:
        assert server is not None
        link = HouseholdLink(f"http://127.0.0.1:{server.port}", "any")
        answer = link.ask("household")
        assert answer.status == 403 and b"state a token under status" in answer.body and link.ask("health").status == 200
        assert link.order("command", b'{"kind": "cancel", "subject": "anna", "by": "B"}').status == 403


def test_the_link_is_of_a_configuration_or_of_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    (tmp_path / "token").write_text("sesame\n")
    values: dict[str, Any] = {"people": [{"name": "anna"}], "sources": [{"name": "s", "kind": "push", "port": 1}]}
    write_json(tmp_path / "bare.yaml", values)
    status = {"host": "0.0.0.0", "port": 99, "token": {"file": str(tmp_path / "token")}}
    write_json(tmp_path / "home.yaml", values | {"status": status})
    assert load_config(tmp_path / "home.yaml").status.token == Secret(file=str(tmp_path / "token"))  # type: ignore[union-attr]
    assert HouseholdLink.of(str(tmp_path / "home.yaml")) == HouseholdLink("http://127.0.0.1:99", "sesame")
    for target, why in (
        (str(tmp_path / "bare.yaml"), "needs status with a token"),
        ("http://pi:8765", "its token is missing"),
        ("ftp://pi", "give http://HOST:PORT"),
    ):
        with pytest.raises(UserError, match=why):
            HouseholdLink.of(target)
    monkeypatch.setenv(TOKEN, "sesame")
    assert HouseholdLink.of("http://pi:8765/x") == HouseholdLink("http://pi:8765", "sesame")
    with pytest.raises(UserError, match="does not answer"):
        HouseholdLink("http://127.0.0.1:9", "x").ask("household")


@pytest.mark.parametrize("text", ["", "3", "[{}]", '[{"subject": "a", "episode": 1, "label": "cat"}]'])
def test_an_answer_that_is_none(text: str) -> None:
    with pytest.raises(UserError):
        read_reviewed(text)
