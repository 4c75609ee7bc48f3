"""phyphox's remote access, by a server that answers as its wiki says."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from tests.runtime.sources.test_mqtt import wait

from featherfall.core.errors import UserError
from featherfall.runtime.sources import phyphox
from featherfall.runtime.sources.packets import Inbox
from featherfall.runtime.sources.phyphox import PhyphoxSource, read_answer


def answer(times: list[float], measuring: bool = True) -> bytes:
    columns = {"acc_time": times, "accX": [0.0] * len(times), "accY": [0.0] * len(times), "accZ": [9.81] * len(times)}
    buffers = {name: {"size": 0, "updateMode": "partial", "buffer": values} for name, values in columns.items()}
    return json.dumps({"buffer": buffers, "status": {"session": "1", "measuring": measuring, "timedRun": False, "countDown": 0}}).encode()


class _Phone(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = answer([0.0, 0.01] if "acc_time=-1&" in self.path else [0.02])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_it_asks_for_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phyphox, "EVERY_S", 0.05)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody listens there: a phone in the house is asked directly
    server = http.server.HTTPServer(("127.0.0.1", 0), _Phone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source, inbox = PhyphoxSource(f"127.0.0.1:{server.server_port}"), Inbox()
    source.start(inbox)
    wait(lambda: source.health.packets >= 2)
    source.stop()
    server.shutdown()
    server.server_close()
    first, second, *_ = inbox.take(0)
    assert first.readings[0].times is not None and first.readings[0].times.tolist() == [0.0, 0.01]
    assert first.readings[0].values.tolist() == [[0, 0, 9.81], [0, 0, 9.81]] and first.readings[0].unit == "m/s2"
    assert second.readings[0].times is not None and second.readings[0].times.tolist() == [0.02]
    assert _Phone.asked[1] == "/get?acc_time=0.01&accX=0.01|acc_time&accY=0.01|acc_time&accZ=0.01|acc_time"


def test_other_answers() -> None:
    assert read_answer(answer([], measuring=False)) == (None, False)
    with pytest.raises(UserError, match="Acceleration with g"):
        read_answer(b'{"buffer": {}, "status": {}}')
    for body in (b"<html>", b"[]", b'{"buffer": 1}', answer([0.0]).replace(b"9.81", b'"x"')):
        with pytest.raises(UserError):
            read_answer(body)
