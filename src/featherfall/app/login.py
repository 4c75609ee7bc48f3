"""Log-in by the app's token: a page that sets a cookie, or `Authorization: Bearer TOKEN`."""

from __future__ import annotations

import hmac
import html
import math
import secrets
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from featherfall.app.peers import address_key
from featherfall.core.backoff import Backoff

_COOKIE = "featherfall"
MAX_FORM = 4_000  # bytes of the log-in form


@dataclass
class Login:
    """Log-in of clients.

    Wrong tokens make the address that sent them wait (`Backoff`). An address that sent none is never refused a right one, and a browser
    that is logged in stays so. Cookies and tokens are compared in constant time.

    Attributes:
        framed: whether other sites may show the app in a frame.
    """

    token: str
    framed: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    _session: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    async def check(self, request: Request) -> Response | None:
        """Return None for a client that is logged in, else the response."""
        if hmac.compare_digest(request.cookies.get(_COOKIE, "").encode(), self._session.encode()):
            return RedirectResponse("/", 303) if request.url.path == "/login" else None
        address = address_key(request.client.host if request.client else "")
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            wait = self._refuse(address, given.strip())
            return None if wait is None else _plain(wait)
        if request.url.path != "/login":
            if "text/html" in request.headers.get("accept", "") and request.method == "GET":
                return RedirectResponse("/login", 303)
            return PlainTextResponse("Log in first.", 401)
        if request.method != "POST":
            return HTMLResponse(_page(""))
        # Nothing is awaited between the check of the wait and the count of a wrong token: many guesses at once are not evaluated together.
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        wait = self._refuse(address, form.get("token", [""])[0].strip())
        if wait:
            return HTMLResponse(_page(_wait_message(wait)), 429, {"retry-after": str(wait)})
        if wait is not None:
            return HTMLResponse(_page("This is not the token. It is printed in the terminal where the app was started."), 401)
        response = RedirectResponse("/", 303)
        # In another site's frame, browsers send only a cookie with SameSite=None; requests of other origins are refused by `Gate`.
        same: Literal["none", "strict"] = "none" if self.framed else "strict"
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto")) or self.framed
        response.set_cookie(_COOKIE, self._session, max_age=12 * 3600, httponly=True, samesite=same, secure=secure)
        return response

    def _refuse(self, address: str, given: str) -> int | None:
        """Return None for the right token, 0 for a wrong one, else the whole seconds that the address must wait before it may try."""
        wait = math.ceil(self.backoff.wait_s(address))
        if wait:
            return wait
        if hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            self.backoff.succeed(address)
            return None
        self.backoff.fail(address)
        return 0


def _plain(wait: int) -> Response:
    """Return the response for programs. wait: as `Login._refuse`."""
    if wait:
        return PlainTextResponse(_wait_message(wait), 429, {"retry-after": str(wait)})
    return PlainTextResponse("This is not the token.", 401)


def _wait_message(wait: int) -> str:
    return f"Too many wrong tokens from this address. Wait {wait} second{'s' if wait != 1 else ''}, then try again."


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
