"""Where alarms go: the settings of each sink, and how it is opened."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from featherfall.alarms.outbox import Route
from featherfall.core.checked import Checked
from featherfall.household.names import Name
from featherfall.household.secrets import Secret
from featherfall.runtime.alarm import Severity
from featherfall.runtime.sinks.sink import Sink

Url = Annotated[str, Field(min_length=1, max_length=1000)]


class SinkConfig(Checked):
    """What all sinks have.

    name: of the sink. least: severity from which messages go to it; None for what suits it. people: whose messages; None for all.
    """

    name: Name
    least: Literal["info", "warning", "alarm", "urgent"] | None = None
    people: list[Name] | None = Field(default=None, min_length=1, max_length=1000)

    def open(self, home: str) -> Sink:
        """Return the sink, not yet opened; raises `UserError`. home: name of the household."""
        raise NotImplementedError

    def route(self, home: str) -> Route:
        """Return the sink with what goes to it."""
        least = None if self.least is None else Severity[self.least]
        return Route(self.name, self.open(home), least, None if self.people is None else frozenset(self.people))


class ConsoleSinkConfig(SinkConfig):
    """Lines on standard output."""

    kind: Literal["console"]

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.console import Console

        return Console()


class JsonlSinkConfig(SinkConfig):
    """A JSON object a line. path: of the file; None for standard output."""

    kind: Literal["jsonl"]
    path: str | None = Field(default=None, min_length=1, max_length=1000)

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.jsonl import JsonLines

        return JsonLines(self.path)


class MqttSinkConfig(SinkConfig):
    """A broker, and Home Assistant by its discovery. topic, discovery: starts of the topics; discovery "" for none."""

    kind: Literal["mqtt"]
    url: Url
    username: str | None = Field(default=None, max_length=200)
    password: Secret | None = None
    ca_file: str | None = Field(default=None, max_length=1000)
    topic: str = Field(default="featherfall", pattern=r"^[A-Za-z0-9_/-]{1,64}$")
    discovery: str = Field(default="homeassistant", pattern=r"^[A-Za-z0-9_/-]{0,64}$")

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.mqtt import MqttSink, MqttSinkOptions

        password = _secret(self.password, f"sink {self.name!r}: password")
        return MqttSink(self.url, MqttSinkOptions(self.username, password, self.ca_file, home, self.topic, self.discovery))


class WebhookSinkConfig(SinkConfig):
    """HTTP POST of JSON. url: a secret, where it holds a token. secret: of the signature."""

    kind: Literal["webhook"]
    url: Url | Secret
    secret: Secret | None = None

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.webhook import Webhook

        url = self.url if isinstance(self.url, str) else self.url.read(f"sink {self.name!r}: url")
        return Webhook(url, _secret(self.secret, f"sink {self.name!r}: secret"))


class CommandSinkConfig(SinkConfig):
    """A program that is run for each message. command: program and arguments; no shell sees them."""

    kind: Literal["command"]
    command: list[str] = Field(min_length=1, max_length=50)

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.command import CommandSink

        return CommandSink(self.command)


class EmailSinkConfig(SinkConfig):
    """E-mail. security: of the connection to the server."""

    kind: Literal["email"]
    host: str = Field(min_length=1, max_length=255)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(min_length=3, max_length=255)
    to: list[str] = Field(min_length=1, max_length=50)
    username: str | None = Field(default=None, max_length=200)
    password: Secret | None = None

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.mail import MailOptions, MailSink

        password = _secret(self.password, f"sink {self.name!r}: password")
        return MailSink(self.host, self.sender, self.to, MailOptions(self.port, self.security, self.username, password))


class AppriseSinkConfig(SinkConfig):
    """A service of Apprise. url: one of its URLs, which holds tokens."""

    kind: Literal["apprise"]
    url: Secret

    def open(self, home: str) -> Sink:
        """As of `SinkConfig`."""
        from featherfall.runtime.sinks.services import AppriseSink

        return AppriseSink(self.url.read(f"sink {self.name!r}: url"))


AnySink = Annotated[
    ConsoleSinkConfig | JsonlSinkConfig | MqttSinkConfig | WebhookSinkConfig | CommandSinkConfig | EmailSinkConfig | AppriseSinkConfig,
    Field(discriminator="kind"),
]


def _secret(secret: Secret | None, where: str) -> str | None:
    return None if secret is None else secret.read(where)
