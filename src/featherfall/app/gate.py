"""Access control of the app: who may ask, how much may be sent, and what a page may load."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featherfall.app.login import MAX_FORM, Login

_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
FORM_BYTES = 100_000  # of the form around an upload
MAX_BODY = 8_000_000  # bytes of a request that is no upload: a webcam's picture has less
UPLOAD_PATH = "/gradio_api/upload"
# What the pages send. Gradio has more routes, some of which write files that nobody removes.
_POST_PATHS = {UPLOAD_PATH, "/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/reset", "/login"}
_CONTENT_SOURCES = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio compiles templates in the browser
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with "no-referrer", browsers send "Origin: null" with a form
    "permissions-policy": "microphone=(), geolocation=(), camera=(self), accelerometer=(self), gyroscope=(self)",
}
_log = logging.getLogger("uvicorn.error")


@dataclass
class Gate:
    """ASGI middleware around the whole app.

    - Without a log-in, only requests whose host is localhost are answered, which prevents DNS rebinding.
    - Requests of other origins are refused, whatever they ask for, and no response has a CORS header: only the app's own pages may read it.
    - Only what the pages need is accepted; websockets are refused.
    - Bodies are limited to `max_upload` bytes (`MAX_BODY` where nothing is uploaded), counted as they arrive.
    - Pages load nothing from other hosts.

    Attributes:
        max_upload: bytes of an upload.
        login: None on loopback.
        framed: other sites that may show the app in a frame, in the syntax of Content-Security-Policy.
    """

    app: ASGIApp
    max_upload: int
    login: Login | None = None
    framed: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})  # the app has no websockets
        request = Request(scope, receive)
        try:
            response = self._refuse(request) or (await self.login.check(request) if self.login is not None else None)
            if response is not None:
                return await response(scope, receive, self._with_headers(send))
            # Without an origin, Gradio adds no CORS headers of its own, which would allow any.
            scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"origin"]}
            await self._limited(request, scope, receive, self._with_headers(send))
        except ClientDisconnect:
            _log.debug("a client left before it had sent its request")

    def _refuse(self, request: Request) -> Response | None:
        """Return the response to a request that is refused before anything of it is used."""
        host = request.headers.get("host", "")
        if self.login is None and host_and_port(host)[0] not in _LOCAL_HOSTS:
            return PlainTextResponse("Open this page as http://localhost or http://127.0.0.1.", 403)
        origin = request.headers.get("origin")
        if origin is not None and not is_same_origin(origin, [host, request.headers.get("x-forwarded-host", "")]):
            return PlainTextResponse("This comes from another site's page; it is refused.", 403)
        if request.headers.get("upgrade"):
            return PlainTextResponse("The app has no websockets.", 403)
        path = unquote(request.url.path)
        if "/proxy=" in path or "file=http" in path or ".." in path.split("/"):
            return PlainTextResponse("Not found.", 404)
        if request.method not in ("GET", "HEAD") and not (request.method == "POST" and _is_accepted(path)):
            return PlainTextResponse("Not found.", 404)
        stated = request.headers.get("content-length") or "0"
        if not (stated.isascii() and stated.isdigit()):
            return PlainTextResponse("The content-length is no number.", 400)
        if len(stated) > 15 or int(stated) > self._limit(request):
            return self._too_large(request)
        return None

    def _limit(self, request: Request) -> int:
        if request.url.path == "/login":
            return MAX_FORM
        return self.max_upload + FORM_BYTES if request.url.path == UPLOAD_PATH else MAX_BODY

    def _too_large(self, request: Request) -> Response:
        most = self.max_upload if request.url.path == UPLOAD_PATH else self._limit(request)
        return PlainTextResponse(f"The file is too large: at most {most / 1e6:g} MB.", 413)

    async def _limited(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app with a body that is counted as it arrives: one without a content length must not fill the disk."""
        limit, received, started, over = self._limit(request), 0, False, False

        async def counted() -> Message:
            nonlocal received, over
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                over = True
                raise _TooLarge
            return message

        async def forward(message: Message) -> None:
            nonlocal started
            if not over:  # the app's own error about the interrupted body is dropped
                started = started or message["type"] == "http.response.start"
                await send(message)

        try:
            await self.app(scope, counted, forward)
        except Exception:
            if not over:
                raise
        if over and not started:
            await self._too_large(request)(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        """Add the security headers to every response that does not set its own, and remove CORS headers."""
        sources = _CONTENT_SOURCES | ({"frame-ancestors": f"'self' {self.framed}"} if self.framed else {})
        wanted = _HEADERS | {"content-security-policy": "; ".join(f"{key} {value}" for key, value in sources.items())}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [one for one in message.get("headers", []) if not one[0].lower().startswith(b"access-control-")]
                has = {name.lower() for name, _ in kept}
                extra = [(name.encode(), value.encode()) for name, value in wanted.items() if name.encode() not in has]
                message = {**message, "headers": [*kept, *extra]}
            await send(message)

        return send_with_headers


class _TooLarge(Exception):
    pass


def host_and_port(text: str) -> tuple[str, int | None]:
    """Return the name and port of a `Host` header: in lower case, without a trailing dot or brackets; ("", None) where it is none."""
    try:
        parts = urlsplit(f"//{text.strip()}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return "", None
    return name.removesuffix("."), port


def is_same_origin(origin: str, hosts: list[str]) -> bool:
    """Return whether an `Origin` header names one of the hosts that a request was sent to; "null" never does."""
    scheme, _, rest = origin.partition("://")
    default = {"http": 80, "https": 443}.get(scheme.lower())
    if default is None:
        return False
    name, port = host_and_port(rest)
    # A `Host` without a port means the default of a scheme that a proxy in front may have changed: the origin's serves.
    return bool(name) and any((name, port or default) == (own, stated or default) for own, stated in map(host_and_port, hosts))


def _is_accepted(path: str) -> bool:
    return path in _POST_PATHS or path.startswith(("/live/", "/household/"))
