"""Alarms by e-mail."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.text import json_text, printable
from featherfall.runtime.alarm import AlarmMessage
from featherfall.runtime.sinks.sink import Sink

_WAIT = 15.0  # s
_REFUSED = 500  # codes of SMTP from which it makes no sense to try again


@dataclass(frozen=True)
class MailOptions:
    """How to reach a mail server.

    Attributes:
        port: of the server; 587 for STARTTLS, 465 for TLS, 25 for neither.
        security: "none" is for a server on this machine.
        username, password: never shown.
    """

    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = None


@register("sink", "email")
class MailSink(Sink):
    """Alarms by e-mail; the Message-ID is made of the message's key."""

    def __init__(self, host: str, sender: str, to: Sequence[str], options: MailOptions | None = None) -> None:
        """Raises: `UserError` for an address that is none."""
        self._host, self._sender, self._to, self._options = host, sender, list(to), options or MailOptions()
        for one in (sender, *self._to):
            if "@" not in one or not one.isprintable() or any(mark in one for mark in ',;<> "'):
                raise UserError(f"sink email: {one!r} is no address; give one as ann@example.org")
        if not self._to:
            raise UserError("sink email: no receiver; give an address")

    def alarm(self, message: AlarmMessage) -> None:
        """Send; raises `UserError` where the server refuses it for good, `OSError` else."""
        try:
            with self._connect() as server:
                server.send_message(self._letter(message), self._sender, self._to)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            raise self._failure(code, "refuses the receivers") from None
        except smtplib.SMTPResponseException as error:
            raise self._failure(error.smtp_code, "refuses the letter") from None
        except smtplib.SMTPException as error:
            raise OSError(f"{self._host}: {type(error).__name__}") from None
        except OSError as error:
            raise OSError(f"{self._host}: {error.strerror or type(error).__name__}") from None

    def _connect(self) -> smtplib.SMTP:
        options, context = self._options, ssl.create_default_context()
        if options.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, options.port, timeout=_WAIT, context=context)
        else:
            server = smtplib.SMTP(self._host, options.port, timeout=_WAIT)
        try:
            if options.security == "starttls":
                server.starttls(context=context)
            if options.username:
                server.login(options.username, options.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _letter(self, message: AlarmMessage) -> EmailMessage:
        letter = EmailMessage()
        letter["Subject"], letter["From"], letter["To"] = printable(message.text), self._sender, ", ".join(self._to)
        letter["Date"] = formatdate(message.time, localtime=True)
        letter["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{self._sender.partition('@')[2]}>"
        letter.set_content(f"{message.dated}\n\n{json_text(message.to_json(), indent=2)}\n")
        return letter

    def _failure(self, code: int, what: str) -> Exception:
        text = f"{self._host} {what} (code {code})"
        return UserError(f"{text}; look after the addresses and the password") if code >= _REFUSED else OSError(text)
