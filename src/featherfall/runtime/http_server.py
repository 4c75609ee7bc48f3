"""A small HTTP server for machines: bounded in connections, size and time; tokens; WebSocket.

Every connection has a thread. Nothing of a request is logged: paths and headers hold tokens.
"""

from __future__ import annotations

import contextlib
import hmac
import http.server
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from featherfall.core.backoff import Backoff
from featherfall.core.errors import UserError

CONNECTIONS = 64  # at once; one more is closed. 16 of one address
PER_ADDRESS = 16
REQUEST_S = 20.0  # s within which a request must be complete
IDLE_S = 75.0  # s without a byte after which a WebSocket is closed; apps send pings every 20 to 60 s
MOST_BODY = 256 << 10  # bytes
_MOST_HEADERS = 64


@dataclass(frozen=True)
class HttpRequest:
    """A request whose token was right.

    Attributes:
        method: "GET" or "POST"; "SOCKET" for a message of a WebSocket.
        path: segments, without the token. body: of a POST, or the message.
        address: of the client.
    """

    method: str
    path: tuple[str, ...]
    body: bytes = b""
    address: str = ""


@dataclass(frozen=True)
class HttpAnswer:
    """body: text, or bytes of another kind. status: of HTTP. kind: media type."""

    body: str | bytes = "OK"
    status: int = 200
    kind: str = "text/plain; charset=utf-8"


HttpRoute = Callable[[HttpRequest], HttpAnswer]


@dataclass
class ServerOptions:
    """Attributes:
    host, port: to listen on; port 0 takes a free one.
    token: that every request must hold, as "Authorization: Bearer TOKEN" or as the path's first segment; None lets everybody in.
    certificate, key: files for TLS; None for none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass
class RefusedRequests:
    """How many requests were refused, by reason."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str) -> None:
        """Count one."""
        self.counts[reason] = self.counts.get(reason, 0) + 1


class SmallServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers requests by one function, until it is shut down.

    Attributes:
        refused: requests that were. fault: the last error that is none of a connection; None without one.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, route: HttpRoute, options: ServerOptions) -> None:
        """Raises: `UserError` where it cannot listen, or the certificate cannot be read."""
        self.route, self.options, self.refused = route, options, RefusedRequests()
        self.backoff = Backoff()
        self.fault: BaseException | None = None
        self._open: dict[socket.socket, tuple[str, float]] = {}  # connections: address, and when the request must be complete
        self._lock = threading.Lock()
        if ":" in options.host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((options.host, options.port), _Handler)
            if options.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(options.certificate, options.key)
                self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        except OSError as error:
            raise UserError(f"{options.host}:{options.port}: cannot listen ({error.strerror or error})") from error

    @property
    def port(self) -> int:
        """On which it listens."""
        return int(self.server_address[1])

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse connections beyond the bounds."""
        with self._lock:
            same = sum(address == client_address[0] for address, _ in self._open.values())
            if len(self._open) >= CONNECTIONS or same >= PER_ADDRESS:
                self.refused.add("connections")
                return False
            self._open[request] = (client_address[0], time.monotonic() + REQUEST_S)
        return True

    def expect(self, connection: socket.socket, seconds: float | None) -> None:
        """Give a connection so long for its next request; None for ever."""
        with self._lock:
            if connection in self._open:
                due = float("inf") if seconds is None else time.monotonic() + seconds
                self._open[connection] = (self._open[connection][0], due)

    def service_actions(self) -> None:
        """Cut connections whose request is late, e.g. one that sends a byte now and then."""
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, (_, due) in self._open.items() if due < now]
        for connection in late:
            self.refused.add("late")
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: clients break off as they like, and a message may hold a token. Other errors are kept."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.fault = error

    def admits(self, stated: str | None, address: str) -> bool:
        """Return whether a token is right; addresses that send wrong ones must wait."""
        if self.options.token is None:
            return True
        if stated is None or self.backoff.wait_s(address):
            return False
        if hmac.compare_digest(stated.encode(), self.options.token.encode()):
            self.backoff.succeed(address)
            return True
        self.backoff.fail(address)
        return False


class _Handler(http.server.BaseHTTPRequestHandler):
    server: SmallServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "featherfall", ""
    timeout = REQUEST_S
    error_message_format, error_content_type = "%(code)d Bad Request\n", "text/plain"  # of what is no HTTP

    def do_GET(self) -> None:
        if "websocket" in self.headers.get("Upgrade", "").lower():
            return self._socket()
        request = self._request("GET", b"")
        if request is not None:
            self._answer(self._routed(request))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            return self._refuse("no length", HTTPStatus.LENGTH_REQUIRED)
        if len(length) > 12 or int(length) > MOST_BODY:
            return self._refuse("too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        request = self._request("POST", body)
        if request is not None and len(body) == int(length):
            self._answer(self._routed(request))

    def handle_one_request(self) -> None:
        self.server.expect(self.connection, REQUEST_S)
        super().handle_one_request()

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if len(self.headers) > _MOST_HEADERS or "Transfer-Encoding" in self.headers:
            self._refuse("headers", HTTPStatus.BAD_REQUEST)
            return False
        return True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _request(self, method: str, body: bytes) -> HttpRequest | None:
        """Return the request without its token; None where the token was wrong, which is answered."""
        segments = [unquote(one, errors="replace") for one in urlsplit(self.path).path.split("/") if one][:8]
        address = str(self.client_address[0])
        kind, _, bearer = self.headers.get("Authorization", "").partition(" ")
        stated = bearer.strip() if kind.lower() == "bearer" else None
        if self.server.options.token is not None and stated is None and segments:
            stated, *segments = segments
        if not self.server.admits(stated, address):
            self._refuse("token", HTTPStatus.UNAUTHORIZED)
            return None
        return HttpRequest(method, tuple(segments), body, address)

    def _routed(self, request: HttpRequest) -> HttpAnswer:
        try:
            return self.server.route(request)
        except UserError as error:
            self.server.refused.add("content")
            return HttpAnswer(f"{error}\n", HTTPStatus.BAD_REQUEST)

    def _refuse(self, reason: str, status: HTTPStatus) -> None:
        self.server.refused.add(reason)
        self.close_connection = True
        self._answer(HttpAnswer(f"{status.phrase}\n", status))

    def _answer(self, answer: HttpAnswer) -> None:
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        self.send_response(answer.status)
        headers: Mapping[str, str] = {"Content-Type": answer.kind, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _socket(self) -> None:
        """Take messages of a WebSocket, each as a request of its own, until either side closes it."""
        self.close_connection = True
        request = self._request("SOCKET", b"")
        if request is None:
            return
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        self.server.expect(self.connection, None)
        self.connection.settimeout(IDLE_S)
        for message in _messages(self.connection, self.rfile, f"GET / HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace")):
            self._routed(HttpRequest("SOCKET", request.path, message, request.address))


def _messages(connection: socket.socket, incoming: Any, head: bytes) -> Iterator[bytes]:
    """Yield the messages of a WebSocket (RFC 6455); head: the request that opens it."""
    try:
        from websockets.frames import Frame, Opcode
        from websockets.http11 import Request
        from websockets.server import ServerProtocol
    except ImportError:
        raise UserError("WebSocket needs websockets; pip install 'featherfall[watch]'") from None

    protocol = ServerProtocol(max_size=MOST_BODY)
    parts: list[bytes] = []
    data = head
    while True:
        protocol.receive_data(data) if data else protocol.receive_eof()
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                parts.append(bytes(event.data))
                if event.fin:
                    yield b"".join(parts)
                    parts = []
        for out in protocol.data_to_send():
            if out:
                connection.sendall(out)
        if protocol.close_expected() or not data:
            return
        data = incoming.read1(1 << 16)
