"""What comes while it runs: samples, orders, requests."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from pathlib import Path
from typing import Any


@functools.cache
def _offered(kind: str) -> Any:
    from featherfall.app.models import open_models

    return next(one for one in open_models() if one.kind == kind)


def phone(root: Path, file: Path) -> object:
    """Messages of a phone's motion sensors, one a paragraph, then what a page would send after them."""
    from featherfall.app.live import LiveMotion

    live = LiveMotion(_offered("window"))
    for time, body in enumerate(file.read_bytes().split(b"\n\n")[:5]):
        live.take(float(time), body)
    return live


def payload(root: Path, file: Path) -> object:
    """A message of the payload that the file is named after, and the samples that a bundle takes of it."""
    from featherfall.runtime.sources.assemble import Assembler
    from featherfall.runtime.sources.payloads.payload import find_payload

    assembler = Assembler(_offered("window").manifest)
    for packet in find_payload(file.stem)(file.read_bytes(), "homeassistant/sensor/watch_battery_level/state"):
        list(assembler.take(packet))
    return assembler


def order(root: Path, file: Path) -> object:
    """What a person orders by MQTT, or in the reply to a webhook."""
    from featherfall.runtime.sinks.orders import read_order

    return read_order(file.read_bytes(), "anna", "mqtt")


def alarm_store(root: Path, file: Path) -> object:
    """A document of the store of alarms, which others may have changed."""
    from featherfall.alarms.snippets import Snippet
    from featherfall.alarms.spill import read_spill
    from featherfall.alarms.store import read_memory, read_message

    if file.stem == "snippet":
        return Snippet.from_bytes(file.read_bytes(), "anna", 0.0, "watch", 1).recording
    if file.stem == "spill":
        return read_spill(file)
    text = file.read_bytes().decode("utf-8", "replace")
    return read_memory(text, "anna") if file.stem == "memory" else read_message(text, "anna").text


def remote(root: Path, file: Path) -> object:
    """A request of the page Live: its path in the first line, an order in the rest."""
    from featherfall.runtime.http_server import HttpRequest

    path, _, body = file.read_bytes().partition(b"\n")
    method = "POST" if body else "GET"
    return _household().answer(HttpRequest(method, tuple(path.decode("utf-8", "replace").split("/")[:8]), body))


@functools.cache
def _household() -> Any:
    from featherfall.household.config import HouseholdConfig
    from featherfall.household.process import Household
    from featherfall.household.remote import Remote

    source = {"name": "app", "kind": "push", "port": 1}
    values = {"people": [{"name": "anna"}], "sources": [source], "devices": [{"name": "watch", "person": "anna", "source": "app"}]}
    return Remote(Household(HouseholdConfig.model_validate(values | {"store": f"{tempfile.mkdtemp()}/household.sqlite"})))


def reviewed(root: Path, file: Path) -> object:
    """A household's reviewed signal, as the app takes it."""
    from featherfall.app.household import read_reviewed

    return read_reviewed(file.read_bytes().decode("utf-8", "replace"))


@functools.cache
def _http_server() -> Any:
    import threading

    from featherfall.runtime.http_server import HttpAnswer, ServerOptions, SmallServer
    from featherfall.runtime.sources.payloads.payload import find_payload

    decode = find_payload("samples")

    def route(request: Any) -> HttpAnswer:
        return HttpAnswer(str(len(list(decode(request.body, "-".join(request.path))))))

    server = SmallServer(route, ServerOptions())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def http(root: Path, file: Path) -> object:
    """Bytes on a connection to the server of pushed samples: requests, and what follows them on a WebSocket."""
    import socket

    server = _http_server()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(file.read_bytes())
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):
            pass
    fault, server.fault = server.fault, None
    if fault is not None:
        raise fault
    return server
