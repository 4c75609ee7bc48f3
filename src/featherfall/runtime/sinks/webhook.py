"""Alarms as signed HTTP requests."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.text import json_text
from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, AlarmSubject
from featherfall.runtime.sinks.orders import MOST_BYTES, OrderGate, read_order
from featherfall.runtime.sinks.sink import Sink

_WAIT = 10.0  # s
_AGAIN = frozenset({408, 409, 425, 429})  # besides 5xx: the receiver may take it later


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message goes where the household says and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


@register("sink", "webhook")
class Webhook(Sink):
    """Alarms as HTTP POST of JSON, signed; the reply may hold an order, {"command": "cancel", "by": "Ben"}.

    Headers: `Idempotency-Key` is the message's key; `X-Featherfall-Timestamp`; `X-Featherfall-Signature` is "sha256=" and the HMAC of the
    timestamp, a full stop and the body, where there is a secret.
    """

    def __init__(self, url: str, secret: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Arguments:
            url: http:// or https://; it is not shown, as many services have their token in it.
            secret: of the signature. headers: more, e.g. Authorization.

        Raises: `UserError` for another URL, or a header that is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(one <= " " for one in url):
            raise UserError("sink webhook: the url starts with https:// or http:// and names a host; correct it")
        if any(not name.replace("-", "").isalnum() or not value.isprintable() for name, value in (headers or {}).items()):
            raise UserError("sink webhook: a header has a name of letters and a value of one line; correct it")
        self._url, self._secret, self._headers = url, secret, dict(headers or {})
        self._where = f"{parts.scheme}://{parts.hostname}"
        self._opener = urllib.request.build_opener(_NoRedirect)
        self.orders = OrderGate(lambda command: None)

    def attend(self, subjects: Mapping[AlarmSubject, AlarmState], order: Callable[[AlarmCommand], object]) -> None:
        """Learn where orders in replies go."""
        self.orders = OrderGate(order)

    def alarm(self, message: AlarmMessage) -> None:
        """Send; raises `OSError` where it has to be sent again, `UserError` where the receiver refuses it."""
        body = json_text(message.to_json()).encode()
        stamp = str(int(time.time()))
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key, "X-Featherfall-Timestamp": stamp, **self._headers}
        if self._secret:
            headers["X-Featherfall-Signature"] = sign(self._secret, stamp, body)
        request = urllib.request.Request(self._url, body, headers, method="POST")
        try:
            with self._opener.open(request, timeout=_WAIT) as reply:
                answer = reply.read(MOST_BYTES)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code >= 500 or error.code in _AGAIN:
                raise OSError(f"{self._where} answers {error.code}") from None
            raise UserError(f"{self._where} refuses the message (status {error.code}); look after its address and token") from None
        except (OSError, HTTPException) as error:
            raise OSError(f"{self._where}: {getattr(error, 'reason', None) or type(error).__name__}") from None
        if answer.lstrip().startswith(b'{"command"'):
            self.orders.take(lambda: read_order(answer, message.subject.id, "webhook", by="webhook"))


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a request, "sha256=...": HMAC-SHA256 of timestamp, "." and body. A receiver compares it."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
