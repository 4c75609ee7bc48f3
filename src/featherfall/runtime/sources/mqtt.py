"""Samples that devices publish to an MQTT broker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.core.text import printable, shortened
from featherfall.runtime.sources.live import Deliver, LiveSource
from featherfall.runtime.sources.payloads.payload import MOST_BYTES, find_payload
from featherfall.runtime.sources.urls import MOST_LEVELS, MOST_TOPIC, check_filter, shown_url

PORTS = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE = 20  # s; a broker that is silent for 1.5 times as long is gone
_CONNECT = 10.0  # s until the broker must have answered


@dataclass(frozen=True)
class MqttOptions:
    """How to read from a broker.

    Attributes:
        topics: filters, e.g. "watch/+/samples"; a device is named by its topic, or by the payload.
        payload: name of the registered payload.
        username, password: they are never shown. ca_file: certificates that are trusted; None for the system's.
        client_id: of this client; "" lets the broker choose.
    """

    topics: Sequence[str] = ()
    payload: str = "samples"
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    client_id: str = ""


class MqttSource(LiveSource):
    """Subscribe to topics; messages that are not understood are counted and passed over."""

    def __init__(self, url: str, options: MqttOptions, manifest: Manifest | None = None) -> None:
        """Arguments:
            url: mqtt://host[:port][/topic] or mqtts://...; with user and password, if `options` has none.

        Raises: `UserError` for another URL, a topic that is too deep, or an unknown payload.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in PORTS or not parts.hostname or port == 0:
            raise UserError(f"{shown_url(url)}: no broker; write it as mqtt://host:1883, or mqtts://host for TLS")
        self._host, self._port, self._tls = parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts"
        super().__init__(f"{parts.scheme}://{self._host}:{self._port}", manifest)
        self._options = options
        self._user = options.username or (unquote(parts.username) if parts.username else None)
        self._password = options.password or (unquote(parts.password) if parts.password else None)
        self._topics = [check_filter(one) for one in options.topics or ([unquote(parts.path[1:])] if parts.path[1:] else ())]
        if not self._topics:
            raise UserError(f"{self.name}: no topics; name those on which the devices publish, e.g. watch/+/samples")
        self._decode = find_payload(options.payload)
        self._lost = ""

    def run(self, deliver: Deliver) -> None:
        """As of `LiveSource`."""
        client = self._client(deliver)
        self._lost = ""
        try:
            client.connect(self._host, self._port, _KEEPALIVE)
            began = time.monotonic()
            while not self.stopping.is_set():
                client.loop(timeout=0.25)
                if self._lost:
                    raise UserError(self._lost)
                if self.health.state != "ok" and time.monotonic() - began > _CONNECT:
                    raise UserError("the broker does not answer")
        finally:
            client.disconnect()
            client.loop(timeout=0.05)

    def _client(self, deliver: Deliver) -> Any:
        try:
            from paho.mqtt import client as mqtt
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise UserError("MQTT needs paho-mqtt; pip install 'featherfall[watch]'") from None

        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._options.client_id, reconnect_on_failure=False)
        client.connect_timeout = _CONNECT
        if self._user:
            client.username_pw_set(self._user, self._password)
        if self._tls:
            import ssl

            client.tls_set_context(ssl.create_default_context(cafile=self._options.ca_file))

        def on_connect(client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
            if reason.is_failure:
                self._lost = f"the broker refuses the connection ({reason})"
                return
            client.subscribe([(topic, 0) for topic in self._topics])

        def on_subscribe(client: Any, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
            refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
            if refused:
                self.health.refuse(f"the broker refuses the topic {refused[0]}")
            self.health.change("ok")

        def on_disconnect(client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
            self._lost = self._lost or f"the broker closed the connection ({reason})"

        def on_message(client: Any, userdata: Any, message: Any) -> None:
            self.take(message.topic, message.payload, deliver)

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        client.on_disconnect, client.on_message = on_disconnect, on_message
        return client

    def take(self, topic: str, body: bytes, deliver: Deliver) -> None:
        """Deliver what a message holds, or count it as refused."""
        if len(topic) > MOST_TOPIC or topic.count("/") >= MOST_LEVELS:
            return self.health.refuse(f"{shortened(topic, 60)}: the topic is too long or too deep")
        if len(body) > MOST_BYTES:
            return self.health.refuse(f"{topic}: {len(body):,} bytes; a message has at most {MOST_BYTES:,}")
        try:
            for packet in self._decode(body, printable(topic)):
                deliver(packet)
        except UserError as error:
            self.health.refuse(f"{topic}: {error}")


@register("source", "mqtt", gives="samples", schemes=["mqtt", "mqtts"], live=True)
def open_mqtt(url: str, manifest: Manifest | None = None, **options: Any) -> MqttSource:
    """Topics of an MQTT broker: mqtt://host:1883/topic, or mqtts:// for TLS.

    Arguments:
        options: the fields of `MqttOptions`.
    """
    return MqttSource(url, MqttOptions(**options), manifest)
