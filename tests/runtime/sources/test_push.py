"""What is pushed by HTTP and WebSocket: taken, refused, bounded."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from tests.runtime.sources.test_mqtt import wait

from featherfall.core.errors import UserError
from featherfall.runtime import http_server
from featherfall.runtime.sources.packets import Inbox
from featherfall.runtime.sources.push import PushOptions, PushSource

BODY = json.dumps({"samples": [[0.0, 0, 0, 1]], "unit": "g"})


@pytest.fixture
def pushed() -> Iterator[tuple[PushSource, Inbox]]:
    source, inbox = PushSource("127.0.0.1", 0, PushOptions(token="open-sesame")), Inbox()
    source.start(inbox)
    wait(lambda: source.health.state == "ok")
    yield source, inbox
    source.stop()


def ask(port: int, path: str, body: str | bytes = BODY, method: str = "POST", **headers: str) -> tuple[int, str]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request(method, path, body, headers)
        answer = client.getresponse()
        return answer.status, answer.read().decode()


def test_a_token_in_the_header_or_the_path(pushed: tuple[PushSource, Inbox]) -> None:
    source, inbox = pushed
    assert ask(source.port, "/watch", Authorization="Bearer open-sesame") == (200, "OK")
    assert ask(source.port, "/open-sesame/phone") == (200, "OK")
    assert ask(source.port, "/open-sesame") == (200, "OK")
    assert [packet.device for packet in inbox.take(0)] == ["watch", "phone", "127.0.0.1"]


def test_what_is_wrong_is_refused_and_the_token_is_not_shown(pushed: tuple[PushSource, Inbox]) -> None:
    source, inbox = pushed
    assert ask(source.port, "/watch", Authorization="Bearer wrong")[0] == 401
    assert ask(source.port, "/")[0] == 401
    status, line = ask(source.port, "/open-sesame/watch", "<html>")
    assert status == 400 and line.startswith("not JSON")
    assert ask(source.port, "/open-sesame/watch", b"x" * 300_000)[0] == 413
    with socket.create_connection(("127.0.0.1", source.port)) as raw:
        raw.sendall(b"POST /open-sesame HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    with socket.create_connection(("127.0.0.1", source.port)) as raw:
        raw.sendall(b"\x16\x03\x01 no http\r\n\r\n")
        assert raw.recv(100) == b"400 Bad Request\n"
    wait(lambda: source.health.refused >= 4)
    assert "open-sesame" not in str(vars(source.health)) and not inbox.take(0)
    assert ask(source.port, "/open-sesame/watch") == (200, "OK")


def test_guessing_tokens_takes_ever_longer(pushed: tuple[PushSource, Inbox]) -> None:
    source, _ = pushed
    for number in range(6):
        assert ask(source.port, f"/guess-{number}/x")[0] == 401
    assert ask(source.port, "/open-sesame/x")[0] == 401  # not even the right one is looked at before the wait is over


def test_connections_are_bounded(pushed: tuple[PushSource, Inbox]) -> None:
    source, _ = pushed
    idle = [socket.create_connection(("127.0.0.1", source.port)) for _ in range(http_server.PER_ADDRESS)]
    wait(lambda: _is_cut(source.port))
    for one in idle:
        one.close()
    wait(lambda: not _is_cut(source.port))


def _is_cut(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.settimeout(0.3)
        try:
            return one.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def test_a_request_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "REQUEST_S", 0.3)
    source = PushSource("127.0.0.1", 0, PushOptions())
    source.start(Inbox())
    wait(lambda: source.health.state == "ok")
    with socket.create_connection(("127.0.0.1", source.port)) as raw:
        raw.settimeout(10)
        raw.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nx")
        assert raw.recv(10) == b""
    source.stop()


def test_messages_of_a_web_socket(pushed: tuple[PushSource, Inbox]) -> None:
    sync = pytest.importorskip("websockets.sync.client")
    source, inbox = pushed
    with sync.connect(f"ws://127.0.0.1:{source.port}/open-sesame/ring") as client:
        client.send(BODY)
        client.send([BODY[:10], BODY[10:]])  # in fragments
        client.send("no")
        wait(lambda: source.health.packets == 2 and source.health.refused == 1)
    assert [packet.device for packet in inbox.take(0)] == ["ring", "ring"]
    with pytest.raises(Exception, match="401"), sync.connect(f"ws://127.0.0.1:{source.port}/wrong/ring"):
        pass


def test_everybody_may_push_from_this_machine_only() -> None:
    with pytest.raises(UserError, match="other machines can reach it, so it needs a token"):
        PushSource("0.0.0.0", 8765, PushOptions())
