"""Time limits of connections: clients that send or read nothing, or too slowly, do not keep one open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from featherfall.app.peers import Network, address_key, is_proxy

_TICK_S = 0.5  # between two checks of a connection


@dataclass(frozen=True)
class Pace:
    """The slowest that a client may be.

    Attributes:
        head_s: for the whole head of a request, from the connection or from its first byte on.
        idle_s: without a byte of a body.
        body_s, body_rate: a body has so many seconds, and one more for each `body_rate` bytes that have arrived.
        read_s: without reading anything of a response that waits to be sent.
        linger_s: to go on sending the rest of a body that was answered already, and to read the last response.
        connections, connections_per_address: open at once.
        proxies: networks whose connections belong to many clients.
    """

    head_s: float = 15.0
    idle_s: float = 20.0
    body_s: float = 20.0
    body_rate: float = 2_000.0  # bytes/s: a tenth of what a phone has without 3G
    read_s: float = 60.0  # browsers stop reading a film that is paused; they ask again for the rest
    linger_s: float = 5.0
    connections: int = 400  # common systems allow a process 1,024 open files
    connections_per_address: int = 64  # a browser opens 6, and many people may share one address
    proxies: Sequence[Network] = ()


class PacedConnection(H11Protocol):
    """Uvicorn's HTTP/1.1 connection with time limits; Uvicorn itself only limits the idle time between two requests.

    Websockets are not accepted: an upgrade is answered like any other request.

    Attributes:
        pace: the limits; subclasses set others.
    """

    pace: ClassVar[Pace] = Pace()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the checks; refuse a connection over the limits."""
        super().connection_made(transport)
        now = self.loop.time()
        self._head_began: float | None = now
        self._heard = self._body_began = self._read = now
        self._body_bytes = self._unread = 0
        self._ended: float | None = None  # when the rest of a body, or the end of the last response, was first waited for
        self._check: asyncio.TimerHandle | None = self.loop.call_later(_TICK_S, self._on_tick)
        if self._is_too_many():
            self._answer_and_close("503 Service Unavailable", "Too many connections. Try again later.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the checks."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        if self._check is not None:
            self._check.cancel()
            self._check = None

    def data_received(self, data: bytes) -> None:
        """Take what the client has sent."""
        if self.transport.is_closing():
            return
        self._heard = self.loop.time()
        self._body_bytes += len(data)
        if self.conn.their_state is h11.IDLE and self._head_began is None:
            self._head_began = self._heard
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._head_began, self._ended, self._body_began, self._body_bytes = None, None, self._heard, 0

    def _should_upgrade(self) -> bool:
        return False

    def _is_too_many(self) -> bool:
        host = self.client[0] if self.client else ""
        if len(self.connections) > self.pace.connections:
            return True
        if is_proxy(host, self.pace.proxies):
            return False
        key = address_key(host)
        same = sum(1 for one in self.connections if isinstance(one, H11Protocol) and one.client and address_key(one.client[0]) == key)
        return same > self.pace.connections_per_address

    def _on_tick(self) -> None:
        self._check = self.loop.call_later(_TICK_S, self._on_tick)
        now = self.loop.time()
        sends_body = self.conn.their_state is h11.SEND_BODY and self.cycle is not None
        if self.transport.is_closing() or (sends_body and self.cycle.response_complete):
            self._ended = self._ended if self._ended is not None else now
            if now - self._ended > self.pace.linger_s:
                self.transport.abort()
        elif self._is_unread(now):
            self.transport.abort()
        elif self._head_began is not None and now - self._head_began > self.pace.head_s:
            self._answer_and_close("408 Request Timeout", "The request took too long.")
        elif sends_body and self.flow.read_paused:  # the app is the slow one
            self._heard, self._body_began = now, self._body_began + _TICK_S
        elif sends_body and self._is_slow(now):
            self._answer_and_close("408 Request Timeout", "The upload took too long.")

    def _is_slow(self, now: float) -> bool:
        allowed = self.pace.body_s + self._body_bytes / self.pace.body_rate
        return now - self._heard > self.pace.idle_s or now - self._body_began > allowed

    def _is_unread(self, now: float) -> bool:
        """Return whether the client has read nothing for too long of a response that waits."""
        waiting = self.transport.get_write_buffer_size()
        if waiting == 0 or waiting != self._unread:
            self._unread, self._read = waiting, now
        return now - self._read > self.pace.read_s

    def _answer_and_close(self, status: str, text: str) -> None:
        """Send a last response, where none has begun, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            head = (f"HTTP/1.1 {status}", "connection: close", "content-type: text/plain; charset=utf-8", f"content-length: {len(text)}")
            self.transport.write("\r\n".join([*head, "", text]).encode("ascii"))
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._unset_keepalive_if_required()
        self.transport.close()


def paced(pace: Pace) -> type[PacedConnection]:
    """Return the class of connections with other limits."""
    return type("PacedConnection", (PacedConnection,), {"pace": pace})
