"""TLS with a certificate authority of one's own, over brokers and pushed samples; and a start without any network."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.brokers import MOSQUITTO, NO_MOSQUITTO, broker
from tests.household.test_process import TIMES, write_csv
from tests.runtime.sources.test_mqtt import wait
from tests.runtime.tiny import motion, write_bundle
from tests.tls import NO_OPENSSL, OPENSSL, Certificates, make_certificates

from featherfall.household.config import HouseholdConfig
from featherfall.household.process import Household
from featherfall.household.status import household_health

mqtt = pytest.importorskip("paho.mqtt.publish")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason=NO_OPENSSL)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


def running(values: dict[str, Any]) -> tuple[Household, threading.Thread]:
    household = Household(HouseholdConfig.model_validate({"people": [{"name": "anna"}]} | values))
    thread = threading.Thread(target=household.run)
    thread.start()
    return household, thread


@needs_openssl
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # Paho's, of a refused handshake
@pytest.mark.skipif(MOSQUITTO is None, reason=NO_MOSQUITTO)
def test_samples_and_alarms_over_a_broker_with_tls(tmp_path: Path, certificates: Certificates) -> None:
    files = [f"cafile {certificates.ca}", f"certfile {certificates.certificate}", f"keyfile {certificates.key}", "allow_anonymous true"]
    with broker(tmp_path, *files) as one:
        url, ca = f"mqtts://localhost:{one.port}", str(certificates.ca)
        source = {"name": "broker", "kind": "mqtt", "url": url, "topics": ["watch"]}
        sink = {"name": "ha", "kind": "mqtt", "url": url}
        device = {"name": "watch", "person": "anna", "source": "broker", "bundle": str(write_bundle(tmp_path / "b"))}
        household, thread = running(
            {"sources": [source | {"ca_file": ca}], "devices": [device], "sinks": [sink | {"ca_file": ca}, sink | {"name": "untrusting"}]}
        )
        wait(lambda: household.sources[0].health.state == "ok")
        for part in np.array_split(np.column_stack([TIMES, motion(TIMES, ((8.0, 4.0),))]), 20):
            body = json.dumps({"samples": part.tolist(), "unit": "g"})
            mqtt.single("watch", body, hostname="localhost", port=one.port, tls={"ca_certs": ca})
        wait(lambda: household.alarms.states["anna"] == "countdown")
        sinks = household.alarms.health()["sinks"]
        wait(lambda: household.alarms.health()["sinks"]["ha"]["waiting"] == 0)
        household.stopping.set()
        thread.join()
        other, thread = running({"sources": [source | {"ca_file": str(certificates.other_ca)}], "devices": [device], "sinks": []})
        wait(lambda: other.sources[0].health.state == "reconnecting")
        reason = other.sources[0].health.reason
        other.stopping.set()
        thread.join()
    assert "certificate" in reason.lower() and "certificate" in sinks["untrusting"]["problem"].lower()


def _post(client: http.client.HTTPConnection, body: str) -> None:
    """Send and wait for the answer. A server that refuses may close the connection before all is sent."""
    client.request("POST", "/watch", body)
    client.getresponse()


@needs_openssl
def test_pushed_samples_with_tls(tmp_path: Path, certificates: Certificates) -> None:
    source = {"name": "app", "kind": "push", "port": 1, "certificate": str(certificates.certificate), "key": str(certificates.key)}
    household = Household(HouseholdConfig.model_validate({"people": [{"name": "anna"}], "sources": [source]}))
    (push,) = household.sources
    push._server.port = 0  # type: ignore[attr-defined]
    thread = threading.Thread(target=household.run)
    thread.start()
    wait(lambda: push.health.state == "ok")
    body = json.dumps({"samples": [[0.0, 0, 0, 1]], "unit": "g"})
    client = http.client.HTTPSConnection("localhost", push.port, timeout=10, context=ssl.create_default_context(cafile=certificates.ca))
    client.request("POST", "/watch", body)
    assert client.getresponse().status == 200
    client.close()
    strange = http.client.HTTPSConnection(
        "localhost", push.port, timeout=10, context=ssl.create_default_context(cafile=certificates.other_ca)
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        strange.request("POST", "/watch", body)
    plain = http.client.HTTPConnection("localhost", push.port, timeout=10)
    with pytest.raises((http.client.HTTPException, OSError)):
        _post(plain, body)
    plain.close()
    strange.close()
    household.stopping.set()
    thread.join()


def test_it_starts_without_a_network_and_alarms_all_the_same(tmp_path: Path) -> None:
    write_csv(tmp_path / "fall.csv")
    host = "no-such-host.invalid"
    values: dict[str, Any] = {
        "sources": [
            {"name": "broker", "kind": "mqtt", "url": f"mqtt://{host}", "topics": ["a"]},
            {"name": "phone", "kind": "phyphox", "address": f"{host}:8080"},
            {"name": "file", "kind": "replay", "path": str(tmp_path / "fall.csv"), "speed": 0},
        ],
        "devices": [{"name": "watch", "person": "anna", "source": "file", "bundle": str(write_bundle(tmp_path / "b"))}],
        "sinks": [
            {"name": "ha", "kind": "mqtt", "url": f"mqtt://{host}"},
            {"name": "hook", "kind": "webhook", "url": f"https://{host}/alarm"},
            {"name": "file", "kind": "jsonl", "path": str(tmp_path / "told.jsonl")},
        ],
        "store": str(tmp_path / "alarms.db"),
    }
    household, thread = running(values)
    wait(lambda: (tmp_path / "told.jsonl").is_file() and "countdown" in (tmp_path / "told.jsonl").read_text())
    wait(lambda: {one.name: one.health.state for one in household.sources}["broker"] == "reconnecting")
    wait(lambda: household.alarms.health()["sinks"]["ha"].get("problem"))
    problems = "\n".join(household_health(household)["problems"])
    household.stopping.set()
    thread.join()
    for part in ("source broker: reconnecting", "source phone: reconnecting", "sink ha: "):
        assert part in problems
    assert household.alarms.health()["sinks"]["ha"]["waiting"] == 2  # they wait in the store
