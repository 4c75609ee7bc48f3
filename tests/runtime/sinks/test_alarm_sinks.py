"""Alarms through sinks that need no broker: text, JSON lines, webhook, program, e-mail, Apprise."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alarms.servers import Receiver

from featherfall.core.errors import UserError
from featherfall.core.registry import find, known_names
from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, AlarmSubject, Severity
from featherfall.runtime.sinks.command import CommandSink
from featherfall.runtime.sinks.console import Console
from featherfall.runtime.sinks.jsonl import JsonLines
from featherfall.runtime.sinks.mail import MailOptions, MailSink
from featherfall.runtime.sinks.orders import OrderGate, read_order
from featherfall.runtime.sinks.webhook import Webhook, sign

ANNA = AlarmSubject("anna", "Anna", "bedroom")
ALARM = AlarmMessage(7, "alarm", 1_780_000_000.0, ANNA, AlarmState.alarm, Severity.alarm, 1, "watch", confidence=0.91)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def test_sinks_of_alarms_are_registered() -> None:
    assert {"console", "jsonl", "mqtt", "webhook", "command", "email", "apprise"} <= set(known_names("sink"))
    assert find("sink", "webhook") is Webhook


def test_the_console_tells_when_how_urgent_and_whose(capsys: pytest.CaptureFixture[str]) -> None:
    Console().alarm(ALARM)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  alarm    Anna \(bedroom\): has fallen\n", capsys.readouterr().out)


def test_json_lines_hold_each_message_once_also_after_a_half_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with JsonLines(path) as first:
        first.alarm(ALARM)
        first.alarm(ALARM)
    whole = path.read_text()
    path.write_text(whole + '{"source": "anna", "ty')
    with JsonLines(path) as second:
        second.alarm(ALARM)
        second.alarm(AlarmMessage(8, "test", 1.0, ANNA, AlarmState.idle, Severity.alarm, by="Ben"))
    lines = path.read_text().splitlines()
    assert len(lines) == 3 and lines[0] + "\n" == whole
    assert json.loads(lines[0]) == {"source": "anna", "type": "alarm", **ALARM.to_json()}
    assert json.loads(lines[2])["by"] == "Ben"


def test_a_webhook_is_signed_and_has_its_key(receiver: Receiver) -> None:
    Webhook(receiver.url + "/hook?token=abc", "s3cret", {"Authorization": "Bearer x"}).alarm(ALARM)
    ((path, headers, body),) = receiver.got
    assert path == "/hook?token=abc" and headers["idempotency-key"] == "anna:7" and headers["authorization"] == "Bearer x"
    stamp = headers["x-featherfall-timestamp"]
    assert abs(int(stamp) - time.time()) < 600
    digest = hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["x-featherfall-signature"] == f"sha256={digest}" == sign("s3cret", stamp, body)
    assert json.loads(body) == ALARM.to_json() and json.loads(body)["text"] == "Anna (bedroom): has fallen"


@pytest.mark.parametrize(("status", "error"), [(500, OSError), (429, OSError), (404, UserError), (401, UserError), (302, UserError)])
def test_what_a_receiver_answers(receiver: Receiver, status: int, error: type[Exception]) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url + "/elsewhere", "Content-Length": "0"}
    with pytest.raises(error) as raised:
        Webhook(receiver.url + "/hook?token=abc").alarm(ALARM)
    assert "abc" not in str(raised.value) and len(receiver.got) == 1
    assert isinstance(raised.value, UserError) == (error is UserError)


def answering(server: socket.socket, answer: bytes) -> threading.Thread:
    """Answer one request, whatever it is."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_receiver_that_is_away_or_answers_nonsense() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{server.getsockname()[1]}/token"
        with pytest.raises(OSError, match=r"http://127.0.0.1: ") as error:
            Webhook(url).alarm(ALARM)
        assert "token" not in str(error.value)
        server.listen()
        thread = answering(server, b"\xff" * 100)
        with pytest.raises(OSError):
            Webhook(url).alarm(ALARM)
        thread.join()


def test_the_reply_to_a_webhook_may_cancel() -> None:
    ordered: list[AlarmCommand] = []
    hook = Webhook("http://127.0.0.1:1/")
    hook.attend({ANNA: AlarmState.idle}, ordered.append)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        hook._url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        body = b'{"command": "cancel", "by": "Ben"}'
        thread = answering(server, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        hook.alarm(ALARM)
        thread.join()
    assert ordered == [AlarmCommand("cancel", "anna", "Ben", "webhook")]


@pytest.mark.parametrize("url", ["ftp://x/y", "file:///etc/passwd", "http://", "http://x/a b", "http://x/\r\nHost: y"])
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(UserError, match="sink webhook: the url"):
        Webhook(url)
    with pytest.raises(UserError, match="header"):
        Webhook("http://x", headers={"A": "b\r\nc: d"})


def test_a_program_gets_the_message_and_no_shell(tmp_path: Path) -> None:
    script = "import os, sys; open(sys.argv[1], 'w').write(os.environ['FEATHERFALL_TEXT'] + sys.stdin.read())"
    CommandSink([sys.executable, "-c", script, str(tmp_path / "got")]).alarm(ALARM)
    assert (tmp_path / "got").read_text() == ALARM.text + json.dumps(ALARM.to_json())
    with pytest.raises(OSError, match="false: exit code 1"):
        CommandSink(["false"]).alarm(ALARM)
    with pytest.raises(OSError, match=r"killed after 0\.1 s"):
        CommandSink(["sleep", "60"], seconds=0.1).alarm(ALARM)
    with pytest.raises(OSError, match="No such file"):
        CommandSink([str(tmp_path / "nothing")]).alarm(ALARM)
    with pytest.raises(UserError, match="as a list"):
        CommandSink("rm -rf x")  # type: ignore[arg-type]


class MailServer:
    """Just enough of SMTP."""

    def __init__(self, answer: bytes = b"250 ok") -> None:
        self.letter, self._answer = b"", answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"220 here\r\n")
            stream.flush()
            while line := stream.readline():
                word = line[:4].upper().strip()
                reply = {b"DATA": b"354 go", b"QUIT": b"221 bye", b"RCPT": self._answer}.get(word, b"250 ok")
                stream.write(reply + b"\r\n")
                stream.flush()
                if word == b"QUIT":
                    return
                if word == b"DATA":
                    while (part := stream.readline()) != b".\r\n":
                        self.letter += part
                    stream.write(b"250 ok\r\n")
                    stream.flush()

    def close(self) -> None:
        self._thread.join()
        self._socket.close()


def test_a_letter() -> None:
    server = MailServer()
    MailSink("127.0.0.1", "home@example.org", ["ann@example.org"], MailOptions(server.port, "none")).alarm(ALARM)
    server.close()
    assert b"Subject: Anna (bedroom): has fallen\r\n" in server.letter and b'"key": "anna:7"' in server.letter
    server = MailServer()
    odd = AlarmMessage(8, "cancelled", 1.0, ANNA, AlarmState.cancelled, Severity.alarm, by="Ben\r\nBcc: x@y")
    MailSink("127.0.0.1", "home@example.org", ["ann@example.org"], MailOptions(server.port, "none")).alarm(odd)
    server.close()
    assert b"\nBcc:" not in server.letter.partition(b"\r\n\r\n")[0]


def test_a_letter_has_one_id() -> None:
    server = MailServer()
    MailSink("127.0.0.1", "home@example.org", ["ann@example.org"], MailOptions(server.port, "none")).alarm(ALARM)
    server.close()
    assert re.search(rb"Message-ID: <[0-9a-f]{32}@example.org>", server.letter)


@pytest.mark.parametrize(("answer", "error"), [(b"550 no such user", UserError), (b"451 later", OSError)])
def test_a_letter_that_is_refused(answer: bytes, error: type[Exception]) -> None:
    server = MailServer(answer)
    with pytest.raises(error, match=r"refuses the receivers \(code") as raised:
        MailSink("127.0.0.1", "home@example.org", ["ann@example.org"], MailOptions(server.port, "none")).alarm(ALARM)
    assert isinstance(raised.value, UserError) == (error is UserError)
    server.close()


def test_a_mail_server_that_is_away_and_addresses_that_are_none() -> None:
    with pytest.raises(OSError, match=r"127.0.0.1: "):
        MailSink("127.0.0.1", "a@b", ["c@d"], MailOptions(1, "none")).alarm(ALARM)
    for wrong in ("nobody", "a@b\r\nBcc: x@y", "a@b,c@d"):
        with pytest.raises(UserError, match="is no address"):
            MailSink("x", "a@b", [wrong])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of its modules
def test_apprise(receiver: Receiver) -> None:
    pytest.importorskip("apprise", reason="Apprise is not installed; pip install 'featherfall[notify]'")
    from featherfall.runtime.sinks.services import AppriseSink

    sink = AppriseSink(receiver.url.replace("http://", "json://"))
    sink.alarm(ALARM)
    (body,) = receiver.bodies()
    assert body["title"] == ALARM.text and body["message"] == ALARM.dated and body["type"] == "failure"
    receiver.status = 500
    with pytest.raises(OSError):
        sink.alarm(ALARM)
    with pytest.raises(UserError, match=r"nonsense://\.\.\.") as error:
        AppriseSink("nonsense://token@host")
    assert "token" not in str(error.value)


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (b"acknowledge", AlarmCommand("acknowledge", "anna", "x", "mqtt")),
        (b' {"command": "mute", "by": "Ben\\u001b[1m", "seconds": 600}', AlarmCommand("mute", "anna", "Ben\\x1b[1m", "mqtt", 600.0)),
    ],
)
def test_orders(body: bytes, command: AlarmCommand) -> None:
    assert read_order(body, "anna", "mqtt", by="x") == command


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"explode",
        b"\xff",
        b"[]",
        b"1",
        b'{"command": 1}',
        b'{"command": ["mute"]}',
        b'{"command": "mute", "seconds": NaN}',
        b"x" * 2000,
        b'{"command": "mute", "seconds": true}',
        b'{"command": "mute", "by": 3}',
        b'{"command": "mute", "seconds": -1}',
    ],
)
def test_orders_that_are_none(body: bytes) -> None:
    with pytest.raises(UserError):
        read_order(body, "anna", "mqtt")


def test_a_flood_of_orders_is_cut() -> None:
    now, got = [0.0], list[AlarmCommand]()
    gate = OrderGate(got.append, lambda: now[0])
    for _ in range(100):
        gate.take(lambda: read_order(b"test", "anna", "mqtt"))
    assert len(got) == 30 and gate.refused == 70 and "more than 30 orders" in gate.problem
    now[0] = 10.0
    gate.take(lambda: read_order(b"test", "anna", "mqtt"))
    assert len(got) == 31
