"""Access control of the app: log-in, limits of uploads, and what a page may load."""

from __future__ import annotations

import hmac
import html
import secrets
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COOKIE = "featherfall"
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
# Wrong tokens from one address within so many seconds; five times as many from all addresses together. A person mistypes
# a few times; guessing a token of 12 characters takes far more.
MAX_WRONG_TOKENS, _WRONG_TOKENS_WITHIN_S = 6, 60.0
FORM_BYTES = 100_000  # of the form around an upload
MAX_BODY = 8_000_000  # bytes of a request that is no upload: a webcam's picture has less
_UPLOAD_PATHS = ("/gradio_api/upload", "/upload")
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


@dataclass
class Gate:
    """ASGI middleware around the whole app.

    - Without a token, only requests whose host is localhost are answered, which prevents DNS rebinding.
    - With a token, clients must present it: on a log-in page, which sets a cookie that scripts cannot read, or as
      `Authorization: Bearer TOKEN`. Wrong tokens are limited by address and in total.
    - Requests that change something must have this server as their origin.
    - Bodies are limited to `max_upload` bytes (`MAX_BODY` where nothing is uploaded), counted as they arrive.
    - Pages load nothing from other hosts.

    Attributes:
        max_upload: bytes of an upload.
        token: None on loopback.
        framed: other sites that may show the app in a frame, in the syntax of Content-Security-Policy.
    """

    app: ASGIApp
    max_upload: int
    token: str | None = None
    framed: str = ""
    _session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _wrong: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})  # the app has no websockets
        request = Request(scope, receive)
        response = self._refuse(request) or await self._log_in(request)
        if response is not None:
            return await response(scope, receive, self._with_headers(send))
        await self._limited(request, scope, receive, self._with_headers(send))

    def _refuse(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if self.token is None and host.rpartition(":")[0 if ":" in host else 2] not in _LOCAL_HOSTS and host not in _LOCAL_HOSTS:
            return PlainTextResponse("Open this page as http://localhost or http://127.0.0.1.", 403)
        origin = request.headers.get("origin")
        if request.method not in ("GET", "HEAD", "OPTIONS") and origin is not None and origin.partition("://")[2] != host:
            return PlainTextResponse("This comes from another site's page; it is refused.", 403)
        path = unquote(request.url.path)
        if "/proxy=" in path or "file=http" in path or ".." in path.split("/"):
            return PlainTextResponse("Not found.", 404)
        stated = request.headers.get("content-length") or "0"
        if not (stated.isascii() and stated.isdigit()):
            return PlainTextResponse("The content-length is no number.", 400)
        if len(stated) > 15 or int(stated) > self._limit(request):
            return self._too_large(request)
        return None

    def _limit(self, request: Request) -> int:
        return self.max_upload + FORM_BYTES if request.url.path.startswith(_UPLOAD_PATHS) else MAX_BODY

    def _too_large(self, request: Request) -> Response:
        most = f"{(self.max_upload if request.url.path.startswith(_UPLOAD_PATHS) else MAX_BODY) / 1e6:g} MB"
        return PlainTextResponse(f"The file is too large: at most {most}.", 413)

    async def _log_in(self, request: Request) -> Response | None:
        if self.token is None or self._is_known(request):
            return None
        if request.url.path != "/login":
            if "text/html" in request.headers.get("accept", "") and request.method == "GET":
                return RedirectResponse("/login", 303)
            return PlainTextResponse("Log in first.", 401)
        if request.method != "POST":
            return HTMLResponse(_page(""))
        address = request.client.host if request.client else ""
        if self._too_often(address):
            return HTMLResponse(_page("Too many wrong tokens. Wait a minute."), 429, {"retry-after": f"{_WRONG_TOKENS_WITHIN_S:.0f}"})
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0].strip()
        if not self._is_token(given):
            self._wrong[address].append(time.monotonic())
            return HTMLResponse(_page("This is not the token. It is printed in the terminal where the app was started."), 401)
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        response = RedirectResponse("/", 303)
        # In another site's frame, browsers send only a cookie with SameSite=None; requests that change something are checked by origin.
        same: Literal["none", "strict"] = "none" if self.framed else "strict"
        response.set_cookie(_COOKIE, self._session, max_age=12 * 3600, httponly=True, samesite=same, secure=secure or bool(self.framed))
        return response

    def _is_known(self, request: Request) -> bool:
        if hmac.compare_digest(request.cookies.get(_COOKIE, "").encode(), self._session.encode()):
            return True
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        address = request.client.host if request.client else ""
        if kind.lower() != "bearer" or self._too_often(address):
            return False
        if not self._is_token(given.strip()):
            self._wrong[address].append(time.monotonic())
            return False
        return True

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), str(self.token).encode())

    def _too_often(self, address: str) -> bool:
        since = time.monotonic() - _WRONG_TOKENS_WITHIN_S
        for other, times in list(self._wrong.items()):
            while times and times[0] < since:
                times.popleft()
            if not times:
                del self._wrong[other]
        return len(self._wrong.get(address, ())) >= MAX_WRONG_TOKENS or sum(map(len, self._wrong.values())) >= 5 * MAX_WRONG_TOKENS

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
        """Add the security headers to every response that does not set its own."""
        sources = _CONTENT_SOURCES | ({"frame-ancestors": f"'self' {self.framed}"} if self.framed else {})
        wanted = _HEADERS | {"content-security-policy": "; ".join(f"{key} {value}" for key, value in sources.items())}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                has = {name.lower() for name, _ in message.get("headers", [])}
                extra = [(name.encode(), value.encode()) for name, value in wanted.items() if name.encode() not in has]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        return send_with_headers


class _TooLarge(Exception):
    pass


_LOGIN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>featherfall: log in</title><style>
:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--ink:#1c2733;--line:#8a94a0;--bad:#a61b1b}
@media(prefers-color-scheme:dark){:root{--ground:#0f1318;--card:#171c23;--ink:#e8eaee;--line:#6a7482;--bad:#ff9b9b}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,sans-serif}
form{background:var(--card);padding:2rem;border-radius:14px;width:min(22rem,calc(100vw - 6rem));box-shadow:0 2px 18px #0002}
h1{margin:0 0 .3rem;font-size:1.4rem}p{margin:.2rem 0 1rem}p[role]{color:var(--bad);font-weight:600}label{display:block;font-weight:600}
input{box-sizing:border-box;width:100%;font:inherit;padding:.6rem .7rem;margin:.3rem 0 1rem}
input{border:1px solid var(--line);border-radius:8px;background:transparent;color:inherit}
button{width:100%;font:inherit;font-weight:600;padding:.65rem;border:0;border-radius:8px;background:#0f766e;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #3b9eff;outline-offset:2px}</style>
<form method="post" action="/login"><h1>featherfall</h1>
<p>This app is shared over the network. The token is printed in the terminal where it was started.</p>MESSAGE
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" autofocus required>
<button>Log in</button></form></html>"""


def _page(message: str) -> str:
    return _LOGIN_PAGE.replace("MESSAGE", f'<p role="alert">{html.escape(message)}</p>' if message else "")
