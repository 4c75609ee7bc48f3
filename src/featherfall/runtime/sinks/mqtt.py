"""Alarms over MQTT, and orders from there; Home Assistant finds them by itself."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.text import json_text
from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, AlarmSubject, Severity
from featherfall.runtime.sinks.home_assistant import device_id, discovery
from featherfall.runtime.sinks.orders import OrderGate, read_order
from featherfall.runtime.sinks.sink import Sink

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE = 20  # s
_WAIT = 5.0  # s for the broker to answer
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class MqttSinkOptions:
    """How to reach a broker.

    Attributes:
        username, password: never shown. ca_file: certificates that are trusted with mqtts://, None for the system's.
        home: name of the household in topics: letters, digits, "-" and "_".
        topic: start of all topics.
        discovery: start of Home Assistant's topics; "" for no discovery.
    """

    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    home: str = "home"
    topic: str = "featherfall"
    discovery: str = "homeassistant"


@register("sink", "mqtt")
class MqttSink(Sink):
    """Alarms for MQTT and Home Assistant; orders come back.

    Topics below TOPIC/HOME: `availability` ("online", by the broker's last will "offline"), and for each person ID/state (retained JSON),
    ID/event (JSON of each message, with its `key`) and ID/command (a word, or JSON as of `orders.read_order`).
    """

    least: ClassVar[Severity] = Severity.info

    def __init__(self, url: str, options: MqttSinkOptions | None = None) -> None:
        """Arguments:
            url: mqtt://host[:port], or mqtts:// for TLS.

        Raises: `UserError` for another URL, and where paho-mqtt is not installed.
        """
        try:
            import paho.mqtt.client  # noqa: F401
        except ImportError:
            raise UserError("MQTT needs paho-mqtt; pip install 'featherfall[watch]'") from None
        parts, self._options = urlsplit(url), options or MqttSinkOptions()
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.username or parts.password:
            raise UserError("sink mqtt: the url is mqtt://host:1883, or mqtts://host for TLS, without user and password; correct it")
        for name in (self._options.home, *self._options.topic.split("/")):
            if not _NAME.fullmatch(name):
                raise UserError(f"sink mqtt: {name!r} cannot stand in a topic; use letters, digits, - and _")
        self._host, self._port, self._tls = parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts"
        self._base = f"{self._options.topic}/{self._options.home}"
        self._subjects: dict[str, AlarmSubject] = {}
        self._states: dict[str, dict[str, Any]] = {}
        self._client: Any = None
        self._ready = threading.Event()
        self._refusal = ""
        self.orders = OrderGate(lambda command: None)

    def attend(self, subjects: Mapping[AlarmSubject, AlarmState], order: Callable[[AlarmCommand], object]) -> None:
        """Learn whose alarms will come."""
        self._subjects = {subject.id: subject for subject in subjects}
        self._states = {subject.id: _state(state) for subject, state in subjects.items()}
        self.orders = OrderGate(order)

    def open(self) -> None:
        """Connect; paho connects again by itself later. Raises `OSError` where the broker is not there, `UserError` where it refuses."""
        from paho.mqtt import client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        self.close()
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.connect_timeout = _WAIT
        client.reconnect_delay_set(1, 30)
        if self._options.username:
            client.username_pw_set(self._options.username, self._options.password)
        if self._tls:
            client.tls_set_context(ssl.create_default_context(cafile=self._options.ca_file))
        client.will_set(f"{self._base}/availability", "offline", qos=1, retain=True)
        client.on_connect, client.on_disconnect, client.on_message = self._connected, self._disconnected, self._received
        self._client, self._refusal = client, ""
        self._ready.clear()
        try:
            client.connect(self._host, self._port, _KEEPALIVE)
        except (OSError, ValueError) as error:
            self._client = None
            raise OSError(f"{self._host}:{self._port}: {getattr(error, 'strerror', None) or error}") from None
        client.loop_start()
        if not self._ready.wait(_WAIT) or self._refusal:
            refusal = self._refusal or "the broker does not answer"
            self._drop()
            raise OSError(f"{self._host}:{self._port}: {refusal}")

    def alarm(self, message: AlarmMessage) -> None:
        """Publish the state, retained, and the event; return when the broker has both."""
        if self._client is None:
            self.open()
        if not self._ready.is_set():
            raise OSError(f"{self._host}:{self._port}: {self._refusal or 'not connected'}")
        known = self._states[message.subject.id] = _state(message.state, message)
        event = {"event_type": message.kind, **message.to_json()}
        sent = [self._publish(message.subject.id, "state", known, retain=True), self._publish(message.subject.id, "event", event)]
        try:
            for one in sent:
                one.wait_for_publish(_WAIT)
        except (RuntimeError, ValueError):
            pass
        if not all(one.is_published() for one in sent):
            self._drop()  # with what it would send again later: the outbox does that
            raise OSError(f"{self._host}:{self._port}: the broker does not answer")

    def close(self) -> None:
        """Say that nobody watches any more, and disconnect."""
        if self._client is not None:
            if self._ready.is_set():
                self._client.publish(f"{self._base}/availability", "offline", qos=1, retain=True).wait_for_publish(_WAIT)
            self._drop()

    def remove(self) -> None:
        """Take all people out of Home Assistant, and delete what the broker retains; the sink is open."""
        topics = [f"{self._base}/availability"]
        topics += [one for subject in self._subjects.values() for one in (self._discovery(subject), f"{self._base}/{subject.id}/state")]
        for topic in topics:
            self._client.publish(topic, b"", qos=1, retain=True).wait_for_publish(_WAIT)
        self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._ready.clear()
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _discovery(self, subject: AlarmSubject) -> str:
        return f"{self._options.discovery}/device/{device_id(self._options.home, subject)}/config"

    def _publish(self, subject: str, name: str, values: Mapping[str, Any], retain: bool = False) -> Any:
        return self._client.publish(f"{self._base}/{subject}/{name}", json_text(values), qos=1, retain=retain)

    def _connected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = f"the broker refuses the connection ({reason})"
            self._ready.set()
            return
        self._refusal = ""
        client.subscribe(f"{self._base}/+/command", qos=1)
        if self._options.discovery:
            client.subscribe(f"{self._options.discovery}/device/+/config", qos=1)  # those of people who are no longer there are removed
        for subject in self._subjects.values():
            if self._options.discovery:
                payload = json_text(discovery(self._options.home, subject, self._base))
                client.publish(self._discovery(subject), payload, qos=1, retain=True)
            client.publish(f"{self._base}/{subject.id}/state", json_text(self._states[subject.id]), qos=1, retain=True)
        client.publish(f"{self._base}/availability", "online", qos=1, retain=True)
        self._ready.set()

    def _disconnected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if client is self._client and not self._refusal:
            self._ready.clear()

    def _received(self, client: Any, userdata: Any, message: Any) -> None:
        if self._options.discovery and message.topic.startswith(f"{self._options.discovery}/device/"):
            self._clean(client, message)
            return
        subject = message.topic.removeprefix(f"{self._base}/").removesuffix("/command")
        if message.retain or subject not in self._subjects:  # a retained order would be obeyed again after each restart
            self.orders.refused += 1
            return
        self.orders.take(lambda: read_order(bytes(message.payload), subject, "mqtt", by="MQTT"))

    def _clean(self, client: Any, message: Any) -> None:
        """Remove the device of a person of this household who is not watched any more."""
        name = message.topic.removeprefix(f"{self._options.discovery}/device/").removesuffix("/config")
        mine = name.startswith(f"featherfall_{self._options.home}_") and f'"{self._base}/'.encode() in bytes(message.payload)
        if message.retain and mine and name not in {device_id(self._options.home, one) for one in self._subjects.values()}:
            client.publish(message.topic, b"", qos=1, retain=True)
            gone = name.removeprefix(f"featherfall_{self._options.home}_")
            client.publish(f"{self._base}/{gone}/state", b"", qos=1, retain=True)


def _state(state: AlarmState, message: AlarmMessage | None = None) -> dict[str, Any]:
    facts = message.to_json() if message is not None else {}
    return {**facts, "state": str(state), "alarm": "ON" if state.is_latched else "OFF"}
