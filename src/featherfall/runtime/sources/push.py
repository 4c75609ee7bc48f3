"""Samples that apps and devices push by HTTP or WebSocket."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.core.text import printable, shortened
from featherfall.runtime.http_server import HttpAnswer, HttpRequest, ServerOptions, SmallServer
from featherfall.runtime.sources.live import Deliver, LiveSource
from featherfall.runtime.sources.packets import MOST_NAME
from featherfall.runtime.sources.payloads.payload import find_payload


@dataclass(frozen=True)
class PushOptions:
    """How to take what is pushed.

    Attributes:
        payload: name of the registered payload.
        token, certificate, key: as of `ServerOptions`.
    """

    payload: str = "samples"
    token: str | None = None
    certificate: str | None = None
    key: str | None = None


class PushSource(LiveSource):
    """Listen; `POST /DEVICE` or a WebSocket at /DEVICE delivers packets of a device that the message does not name.

    Attributes:
        port: on which it listens, once it does; 0 before.
    """

    def __init__(self, host: str, port: int, options: PushOptions, manifest: Manifest | None = None) -> None:
        """Raises: `UserError` for an unknown payload, and where everybody could push from another machine."""
        super().__init__(f"http://{host}:{port}", manifest)
        if options.token is None and host not in ("127.0.0.1", "::1", "localhost"):
            raise UserError(f"{self.name}: other machines can reach it, so it needs a token; state one, or listen on 127.0.0.1")
        self._server = ServerOptions(host, port, options.token, options.certificate, options.key)
        self._decode = find_payload(options.payload)
        self.port = 0

    def run(self, deliver: Deliver) -> None:
        """As of `LiveSource`."""

        def route(request: HttpRequest) -> HttpAnswer:
            if request.method == "GET":
                return HttpAnswer("POST samples here\n")
            device = shortened(printable(request.path[0]), MOST_NAME) if request.path else request.address
            try:
                for packet in self._decode(request.body, device):
                    deliver(packet)
            except UserError as error:
                self.health.refuse(f"{device}: {error}")
                raise
            return HttpAnswer()

        server = SmallServer(route, self._server)
        self.port = server.port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        thread.start()
        self.health.change("ok")
        try:
            told = 0
            while not self.stopping.wait(0.2):
                wrong = sum(count for reason, count in server.refused.counts.items() if reason != "content")
                if wrong > told:
                    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(server.refused.counts.items()))
                    self.health.refused += wrong - told - 1
                    self.health.refuse(f"requests were refused: {reasons}")
                    told = wrong
        finally:
            server.shutdown()
            server.server_close()


@register("source", "push", gives="samples", schemes=["push"], live=True)
def open_push(url: str, manifest: Manifest | None = None, **options: Any) -> PushSource:
    """What apps push by HTTP or WebSocket: push://127.0.0.1:8765 listens there.

    Arguments:
        options: the fields of `PushOptions`.
    """
    from urllib.parse import urlsplit

    parts = urlsplit(str(url))
    try:
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        host, port = "", 0
    if not host or not port:
        raise UserError("push://: write it as push://127.0.0.1:8765, the address and port to listen on")
    return PushSource(host, port, PushOptions(**options), manifest)
