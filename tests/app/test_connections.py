"""Slow and idle clients, by raw sockets: each connection ends, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("uvicorn")

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from featherfall.app.connections import Pace, PacedConnection, paced
from featherfall.app.peers import parse_networks

# A tenth of the usual limits and less; what ends a connection is told by the answer, not by the time.
PACE = Pace(head_s=2.0, idle_s=2.0, body_s=4.0, body_rate=1000.0, read_s=3.0, linger_s=1.0, connections=40, connections_per_address=12)
left: list[str] = []


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the size of the body; /early without reading it, /events for ever, /large with much."""
    if scope["type"] == "lifespan":
        return
    if scope["path"] == "/early":
        return await PlainTextResponse("early", 413)(scope, receive, send)
    if scope["path"] == "/slow":  # does not take the body for longer than a client may be idle
        await asyncio.sleep(2 * PACE.idle_s)
    if scope["path"] == "/large":
        return await StreamingResponse(large(), media_type="application/octet-stream")(scope, receive, send)
    try:
        body = await Request(scope, receive).body()
    except ClientDisconnect:
        left.append(scope["path"])
        return None
    return await PlainTextResponse(str(len(body)))(scope, receive, send)


async def large() -> Any:
    for _ in range(400):
        yield bytes(100_000)


def serve(protocol: type[PacedConnection]) -> tuple[uvicorn.Server, threading.Thread, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = uvicorn.Config(echo, port=port, http=protocol, ws="none", lifespan="off", log_level="error", timeout_keep_alive=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    return server, thread, port


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server, thread, port = serve(paced(PACE))
    yield port
    server.should_exit = True
    thread.join(20)


def talk(port: int, *pieces: bytes | float, read: bool = True) -> bytes:
    """Send pieces, waiting as many seconds as a number says; return what is answered until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        with contextlib.suppress(ConnectionError):
            for one in pieces:
                if isinstance(one, float):
                    time.sleep(one)
                else:
                    client.sendall(one)
        out = b""
        with contextlib.suppress(ConnectionError):
            while read and (data := client.recv(65536)):
                out += data
        return out


def trickle(piece: bytes, times: int, pause: float = 0.3) -> list[bytes | float]:
    return [one for _ in range(times) for one in (piece, pause)]


HEAD = b"POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
KINDS: dict[str, tuple[list[bytes | float], bytes]] = {
    "nothing": ([], b"HTTP/1.1 408"),
    "half a head": ([b"GET / HT"], b"HTTP/1.1 408"),
    "a head byte by byte": ([b"GET / HTTP/1.1\r\n", *trickle(b"X: y\r\n", 30)], b"HTTP/1.1 408"),
    "no body": ([HEAD % (b"a", 100)], b"HTTP/1.1 408"),
    "half a body": ([HEAD % (b"b", 100), bytes(50)], b"HTTP/1.1 408"),
    "a body byte by byte": ([HEAD % (b"c", 100), *trickle(b"x", 40)], b"HTTP/1.1 408"),
    "a body in chunks, byte by byte": (
        [b"POST /d HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", *trickle(b"1\r\nx\r\n", 40)],
        b"HTTP/1.1 408",
    ),
}


def test_slow_requests_end(port: int) -> None:
    with ThreadPoolExecutor(len(KINDS)) as pool:
        answers = dict(zip(KINDS, pool.map(lambda kind: talk(port, *KINDS[kind][0]), KINDS), strict=True))
    assert {kind: answer for kind, answer in answers.items() if not answer.startswith(KINDS[kind][1])} == {}


def test_the_app_learns_that_the_body_ended(port: int) -> None:
    left.clear()
    assert talk(port, HEAD % (b"ends", 100), bytes(50)).startswith(b"HTTP/1.1 408")
    assert wait_for(lambda: left == ["/ends"])


def wait_for(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def test_an_idle_connection_ends(port: int) -> None:
    assert talk(port, GET).count(b"HTTP/1.1 200") == 1  # returns when it is closed
    assert talk(port, GET, 0.5, GET).count(b"HTTP/1.1 200") == 2
    assert b"HTTP/1.1 408" in talk(port, GET, 0.5, *trickle(b"G", 1), *trickle(b"E", 30))  # a second head byte by byte


def test_the_rest_of_a_refused_body_does_not_keep_it_open(port: int) -> None:
    assert talk(port, HEAD % (b"early", 10_000), *trickle(b"x", 40)).startswith(b"HTTP/1.1 413")


def test_a_response_that_is_not_read_ends(port: int) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.settimeout(30)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(PACE.read_s + 3)
        got = 0
        with contextlib.suppress(ConnectionError):
            while data := client.recv(1_000_000):
                got += len(data)
    assert got < 40_000_000


def test_steady_clients_and_slow_apps_are_served(port: int) -> None:
    body = [one for _ in range(14) for one in (bytes(1000), 0.4)]  # longer than `body_s`, above the rate
    assert talk(port, HEAD % (b"steady", 14_000), *body, read=True).endswith(b"14000")
    assert talk(port, HEAD % (b"slow", 200_000), bytes(200_000)).endswith(b"200000")
    assert len(talk(port, b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) > 40_000_000


def test_one_address_may_open_so_many(port: int) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)) for _ in range(12)]
        assert talk(port).startswith(b"HTTP/1.1 503")
        held[0].close()
        assert wait_for(lambda: b"200" in talk(port, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))


def test_a_proxys_connections_are_of_many() -> None:
    class FromProxy(PacedConnection):
        pace = Pace(head_s=20, connections=6, connections_per_address=2, proxies=parse_networks(["127.0.0.0/8"]))

    server, thread, port = serve(FromProxy)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert b"200" in talk(port, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert talk(port).startswith(b"HTTP/1.1 503")  # all together
    server.should_exit = True
    thread.join(20)


def test_the_app_is_served_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from featherfall.app import server
    from featherfall.app.settings import ServerSettings

    asked: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **how: asked.update(how))
    monkeypatch.setattr(server.signal, "signal", lambda *_: None)
    monkeypatch.setattr(server, "make_app", lambda *_: echo)
    server.serve([], ServerSettings(proxies=parse_networks(["10.0.0.0/8"])))
    assert issubclass(asked["http"], PacedConnection) and [str(one) for one in asked["http"].pace.proxies] == ["10.0.0.0/8"]
    assert (asked["ws"], asked["proxy_headers"], asked["timeout_keep_alive"]) == ("none", False, 5)
    assert asked["http"].pace.head_s <= 30 and asked["http"].pace.idle_s <= 30
