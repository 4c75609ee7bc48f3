"""Samples over a real broker: subscribed, refused, and again after it was away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.brokers import MOSQUITTO, NO_MOSQUITTO, broker

from featherfall.core.errors import UserError
from featherfall.runtime.sources import live
from featherfall.runtime.sources.mqtt import MqttOptions, MqttSource
from featherfall.runtime.sources.packets import Inbox, Packet
from featherfall.runtime.sources.urls import check_filter, shown_url

mqtt = pytest.importorskip("paho.mqtt.publish")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason=NO_MOSQUITTO)
BODY = json.dumps({"samples": [[0.0, 0, 0, 1], [0.02, 0, 0, 1]], "unit": "g"})


def wait(true: Callable[[], object]) -> None:
    """Until something is true; a test that hangs fails."""
    for _ in range(400):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def send(port: int, topic: str, body: str | bytes, **how: object) -> None:
    mqtt.single(topic, body, port=port, hostname="127.0.0.1", **how)


@needs_broker
def test_messages_become_packets_and_others_are_counted(tmp_path: Path) -> None:
    with broker(tmp_path) as one:
        source, inbox = MqttSource(one.url, MqttOptions(["watch/+/samples"])), Inbox()
        source.start(inbox)
        wait(lambda: source.health.state == "ok")
        send(one.port, "watch/anna/samples", BODY)
        send(one.port, "watch/anna/samples", b"<html>")
        send(one.port, "other/anna/samples", BODY)
        wait(lambda: source.health.refused == 1 and source.health.packets == 1)
        source.stop()
    (packet,) = inbox.take(0)
    assert packet.device == "watch/anna/samples" and packet.readings[0].values.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert source.health.refusal.startswith("watch/anna/samples: not JSON") and source.health.state == "stopped"


@needs_broker
def test_it_comes_back_with_the_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FIRST_WAIT", 0.1)
    with broker(tmp_path) as one:
        source, inbox = MqttSource(one.url, MqttOptions(["a"])), Inbox()
        source.start(inbox)
        wait(lambda: source.health.state == "ok")
        one.stop()
        wait(lambda: source.health.state == "reconnecting")
        assert "again in" in source.health.reason
        one.start()
        wait(lambda: source.health.state == "ok")
        send(one.port, "a", BODY)
        wait(lambda: inbox.take(0))
        source.stop()
    assert source.health.reconnects >= 1


@needs_broker
def test_a_wrong_password_is_a_state_and_is_not_shown(tmp_path: Path) -> None:
    with broker(tmp_path, "allow_anonymous false") as one:  # it knows nobody
        source = MqttSource(f"mqtt://anna:geheim@127.0.0.1:{one.port}", MqttOptions(["a"]))
        source.start(Inbox())
        wait(lambda: source.health.state == "reconnecting")
        told = str(vars(source.health)) + source.name
        source.stop()
    assert "the broker refuses the connection (Not authorized)" in told and "geheim" not in told


def test_urls_and_topics_are_checked() -> None:
    for url in ("http://host", "mqtt://", "mqtt://host:99999"):
        with pytest.raises(UserError, match="no broker; write it as mqtt://"):
            MqttSource(url, MqttOptions(["a"]))
    with pytest.raises(UserError, match="no topics"):
        MqttSource("mqtt://host", MqttOptions())
    for topic in ("a/#/b", "a+", "", "a\0"):
        with pytest.raises(UserError, match="is no topic filter"):
            check_filter(topic)
    with pytest.raises(UserError, match="more than 16 levels"):
        check_filter("/".join("abcdefghijklmnopq"))
    assert shown_url("rtsp://user:secret@camera:554/stream?token=abc") == "rtsp://camera:554/stream"


def test_what_is_too_deep_or_too_large_is_refused() -> None:
    source, got = MqttSource("mqtt://host/a", MqttOptions()), list[Packet]()
    source.take("a/" * 20, BODY.encode(), got.append)
    assert "too deep" in source.health.refusal
    source.take("a", b"[" * 300_000, got.append)
    assert "a message has at most" in source.health.refusal and not got
    source.take("a", b"[" * 200_000, got.append)
    assert "nested too deeply" in source.health.refusal and source.health.refused == 3
