"""Health, metrics, the view of a terminal, and a first configuration."""

from __future__ import annotations

import http.client
import io
import json
import re
from pathlib import Path

import pytest
from tests.household.test_process import config, write_csv
from tests.runtime.tiny import write_bundle

from featherfall.core.errors import UserError
from featherfall.core.rich_console import SafeConsole
from featherfall.household.config import HouseholdConfig, StatusConfig, load_config
from featherfall.household.first import unit_text, write_first
from featherfall.household.process import Household
from featherfall.household.secrets import Secret
from featherfall.household.serve import serve_status
from featherfall.household.status import household_health, household_metrics
from featherfall.household.view import HouseholdView


def watched(folder: Path, view: HouseholdView, **more: object) -> Household:
    """A household that has watched a fall, and whose other device never sent anything."""
    bundle = str(write_bundle(folder / "b"))
    write_csv(folder / "fall.csv")
    sources = [
        {"name": "file", "kind": "replay", "path": str(folder / "fall.csv"), "speed": 0},
        {"name": "gone", "kind": "replay", "path": str(folder / "no.csv")},
    ]
    devices = [{"name": f"of-{one['name']}", "person": "anna", "source": one["name"], "bundle": bundle} for one in sources]
    household = Household(config(*sources, devices=devices).model_copy(update=more), view.hear)
    household.run(until_ended=True)
    return household


def test_health_names_what_is_wrong_and_metrics_count(tmp_path: Path) -> None:
    household = watched(tmp_path, HouseholdView())
    health = household_health(household)
    assert health["status"] == "problem" and len(health["problems"]) == 1 and "no.csv" in health["problems"][0]
    assert health["devices"]["of-file"]["events"] == 1 and health["people"] == {"anna": "countdown"}
    json.dumps(health)
    text = household_metrics(household)
    assert 'featherfall_device_events_total{device="of-file"} 1\n' in text and 'featherfall_source_up{source="gone"} 0\n' in text
    assert all(re.fullmatch(r'(# (HELP|TYPE) .*|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [-0-9.e+]+)', line) for line in text.splitlines())


def test_the_view_shows_people_sensors_sources_and_messages(tmp_path: Path) -> None:
    view = HouseholdView()
    household = watched(tmp_path, view)
    out = io.StringIO()
    SafeConsole(file=out, width=120).print(view.render(household))
    shown = out.getvalue()
    for part in ("anna", "countdown", "of-file", "50 Hz", "failed", "no.csv", "possible fall"):
        assert part in shown


def test_status_is_served_to_who_knows_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS_TOKEN", "sesame")
    household = watched(tmp_path, HouseholdView(), status=StatusConfig(port=1, token=Secret(env="STATUS_TOKEN")))
    household.config = household.config.model_copy(update={"status": household.config.status.model_copy(update={"port": 0})})  # type: ignore[union-attr]
    with serve_status(household) as server:
        assert server is not None
        answers = {}
        for path in ("/health", "/sesame/health", "/sesame/metrics", "/sesame/x"):
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            client.request("GET", path)
            answer = client.getresponse()
            answers[path] = answer.status, answer.read().decode()
            client.close()
    assert [status for status, _ in answers.values()] == [401, 503, 200, 404]
    assert json.loads(answers["/sesame/health"][1])["status"] == "problem" and "sesame" not in answers["/sesame/metrics"][1]


def test_status_for_other_machines_needs_a_token(tmp_path: Path) -> None:
    household = watched(tmp_path, HouseholdView(), status=StatusConfig(host="0.0.0.0"))
    with pytest.raises(UserError, match="so it needs a token"), serve_status(household):
        pass


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (["Anna O'Neil", "push", "8766", "sensor-logger"], "push"),
        (["Bö", "mqtt", "mqtt://h", "a/+", "samples"], "mqtt"),
        (["C", "camera", "/dev/video0"], "camera"),
    ],
)
def test_a_first_configuration_is_asked_for(tmp_path: Path, answers: list[str], kind: str) -> None:
    given = iter(answers)
    write_first(tmp_path / "home.yaml", lambda question, default: next(given))
    written = load_config(tmp_path / "home.yaml")
    assert written.people[0].title == answers[0] and written.sources[0].kind == kind and len(written.devices) == (kind != "camera")
    with pytest.raises(UserError, match="is there already"):
        write_first(tmp_path / "home.yaml", lambda question, default: default)


def test_answers_that_cannot_be_used_write_nothing(tmp_path: Path) -> None:
    given = iter(["Anna", "mqtt", "mqtt://h", "a/#/b", "samples"])
    with pytest.raises(UserError, match="is no topic filter"):
        write_first(tmp_path / "home.yaml", lambda question, default: next(given))
    with pytest.raises(UserError, match="'radio' is none of push"):
        write_first(tmp_path / "home.yaml", lambda question, default: "radio")
    assert not (tmp_path / "home.yaml").exists()


def test_the_unit_and_the_schema(tmp_path: Path) -> None:
    text = unit_text(tmp_path / "home.yaml")
    assert f"-m featherfall.cli watch {tmp_path / 'home.yaml'}" in text and "Restart=always" in text
    schema = HouseholdConfig.model_json_schema()
    assert "CameraConfig" in schema["$defs"] and schema["additionalProperties"] is False
