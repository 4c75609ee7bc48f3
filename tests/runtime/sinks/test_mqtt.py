"""Alarms over a real Mosquitto, as Home Assistant would see them."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.alarms.servers import wait_for
from tests.brokers import MOSQUITTO, NO_MOSQUITTO, Broker, broker

from featherfall.alarms import AlarmCentre, Route, Watched
from featherfall.core.errors import UserError
from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, AlarmSubject, Severity

mqtt = pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed; pip install 'featherfall[watch]'")
from featherfall.runtime.sinks.mqtt import MqttSink, MqttSinkOptions  # noqa: E402

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason=NO_MOSQUITTO)
ANNA, BEN = AlarmSubject("anna", "Anna {{ 7*7 }}", "bedroom"), AlarmSubject("ben", "Ben")
ALARM = AlarmMessage(7, "alarm", 1_780_000_000.0, ANNA, AlarmState.alarm, Severity.alarm, 1, "watch", confidence=0.91)
CONFIG = "homeassistant/device/featherfall_home_anna/config"


class Observer:
    """A client that sees every topic."""

    def __init__(self, port: int) -> None:
        from paho.mqtt.enums import CallbackAPIVersion

        self.got: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self.retained: dict[str, bytes] = {}
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        ready = threading.Event()
        self.client.on_message = self._take
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("#", qos=1)
        assert ready.wait(30)

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        self.retained[message.topic] = message.payload
        self.got.put((message.topic, message.payload, message.retain))

    def send(self, topic: str, payload: str, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(30)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path) as one:
        yield one


@pytest.fixture
def observer(running: Broker) -> Iterator[Observer]:
    one = Observer(running.port)
    yield one
    one.close()


def state(observer: Observer, subject: str = "anna") -> dict[str, Any]:
    return json.loads(observer.retained.get(f"featherfall/home/{subject}/state") or b"{}")  # type: ignore[no-any-return]


def test_home_assistant_finds_a_device_for_each_person(running: Broker, observer: Observer) -> None:
    sink = MqttSink(running.url)
    sink.attend({ANNA: AlarmState.idle, BEN: AlarmState.alarm}, lambda command: None)
    with sink:
        wait_for(lambda: observer.retained.get("featherfall/home/availability") == b"online")
        config = json.loads(observer.retained[CONFIG])
        assert config["origin"]["name"] == "featherfall" and config["availability"] == [{"topic": "featherfall/home/availability"}]
        assert config["device"] == {
            "identifiers": ["featherfall_home_anna"],
            "name": "Anna {{ 7*7 }}",
            "manufacturer": "featherfall",
            "model": "Fall alarm",
            "suggested_area": "bedroom",
        }
        parts = config["components"]
        assert {name: part["platform"] for name, part in parts.items()} == {
            **{"alarm": "binary_sensor", "state": "sensor", "event": "event"},
            **dict.fromkeys(("acknowledge", "cancel", "test"), "button"),
        }
        assert parts["alarm"]["device_class"] == "safety" and parts["state"]["options"] == [str(one) for one in AlarmState]
        assert parts["alarm"]["default_entity_id"] == "binary_sensor.featherfall_home_anna_alarm"
        assert len({part["unique_id"] for part in parts.values()}) == len(parts)
        assert all("{{ 7*7 }}" not in json.dumps(part) for part in parts.values())
        assert state(observer) == {"state": "idle", "alarm": "OFF"} and state(observer, "ben")["alarm"] == "ON"
        sink.alarm(ALARM)
        wait_for(lambda: state(observer).get("alarm") == "ON")
        assert state(observer)["state"] == "alarm" and state(observer)["key"] == "anna:7"
        event = json.loads(observer.retained["featherfall/home/anna/event"])
        assert event["event_type"] == "alarm" and event["text"] == ALARM.text
    wait_for(lambda: observer.retained["featherfall/home/availability"] == b"offline")


def test_orders_come_back_and_others_are_counted(running: Broker, observer: Observer) -> None:
    observer.send("featherfall/home/anna/command", "acknowledge", retain=True)
    ordered: list[AlarmCommand] = []
    sink = MqttSink(running.url)
    sink.attend({ANNA: AlarmState.alarm}, ordered.append)
    with sink:
        wait_for(lambda: sink.orders.refused == 1)  # the retained one
        observer.send("featherfall/home/anna/command", '{"command": "acknowledge", "by": "Ben"}')
        observer.send("featherfall/home/anna/command", "cancel")
        observer.send("featherfall/home/nobody/command", "cancel")
        observer.send("featherfall/home/anna/command", "x" * 5000)
        wait_for(lambda: sink.orders.refused == 3)
    assert ordered == [AlarmCommand("acknowledge", "anna", "Ben", "mqtt"), AlarmCommand("cancel", "anna", "MQTT", "mqtt")]


def test_people_who_are_gone_are_removed_cleanly(running: Broker, observer: Observer) -> None:
    first = MqttSink(running.url)
    first.attend({ANNA: AlarmState.idle, BEN: AlarmState.idle}, lambda command: None)
    with first:
        wait_for(lambda: len(observer.retained) >= 5)
    observer.send("homeassistant/device/featherfall_home_other/config", "{}", retain=True)  # somebody else's, as it names no topic of ours
    second = MqttSink(running.url)
    second.attend({ANNA: AlarmState.idle}, lambda command: None)
    with second:
        wait_for(lambda: observer.retained["homeassistant/device/featherfall_home_ben/config"] == b"")
        wait_for(lambda: observer.retained["featherfall/home/ben/state"] == b"")
        second.remove()
    wait_for(lambda: observer.retained["featherfall/home/anna/state"] == b"")
    late = Observer(running.port)
    late.send("end", "x")
    wait_for(lambda: "end" in late.retained)
    assert set(late.retained) == {"end", "homeassistant/device/featherfall_home_other/config"}
    late.close()


def test_a_broker_that_dies_loses_nothing_and_the_last_will_speaks(running: Broker, observer: Observer) -> None:
    """The whole way: centre, outbox, broker that is killed and started again, and an order from a topic."""
    sink = MqttSink(running.url)
    centre = AlarmCentre([Watched(ANNA)], [Route("ha", sink)])
    centre.start()
    wait_for(lambda: observer.retained.get("featherfall/home/availability") == b"online")
    running.stop()
    for _ in range(2):
        centre.command(AlarmCommand("help", "anna", "Anna"))
    wait_for(lambda: centre.health()["sinks"]["ha"].get("problem"))
    running.start()
    back = Observer(running.port)
    wait_for(lambda: centre.health()["sinks"]["ha"] == {"waiting": 0}, seconds=120)
    wait_for(lambda: state(back).get("alarm") == "ON")
    events = [json.loads(body) for topic, body, _ in list(back.got.queue) if topic.endswith("/event")]
    assert [one["event_type"] for one in events] == ["help asked", "help"] and len({one["key"] for one in events}) == 2
    back.send("featherfall/home/anna/command", "acknowledge")
    wait_for(lambda: centre.states["anna"] is AlarmState.acknowledged)
    wait_for(lambda: state(back).get("alarm") == "OFF")
    sink._client._sock.close()  # as when the process is killed: the broker tells the last will
    wait_for(lambda: back.retained.get("featherfall/home/availability") == b"offline")
    centre.stop()
    back.close()


def test_a_broker_that_wants_a_password(tmp_path: Path) -> None:
    with broker(tmp_path, "allow_anonymous false") as one:
        sink = MqttSink(one.url, MqttSinkOptions(username="x", password="s3cret"))
        with pytest.raises(OSError, match="Not authorized") as error:
            sink.open()
        assert "s3cret" not in str(error.value)


def test_a_broker_that_is_away_and_names_that_are_none() -> None:
    with pytest.raises(OSError, match=r"127.0.0.1:1: Connection refused"):
        MqttSink("mqtt://127.0.0.1:1").open()
    for url in ("http://x", "mqtt://", "mqtt://user:s3cret@x", "mqtt://x:99999"):
        with pytest.raises(UserError, match="sink mqtt: the url is") as error:
            MqttSink(url)
        assert "s3cret" not in str(error.value)
    for home in ("a/b", "+", "#", ""):
        with pytest.raises(UserError, match="cannot stand in a topic"):
            MqttSink("mqtt://x", MqttSinkOptions(home=home))
