"""Values of alarms: whose they are, what is told about them, and what people order. Sinks take these; `featherfall.alarms` makes them."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from featherfall.core.documents import as_written

CommandKind = Literal["cancel", "acknowledge", "help", "mute", "unmute", "test"]
COMMANDS: tuple[CommandKind, ...] = get_args(CommandKind)
MessageKind = Literal[
    "possible fall",
    "countdown",
    "alarm",
    "still down",
    "reminder",
    "help asked",
    "help",
    "acknowledged",
    "cancelled",
    "cleared",
    "closed",
    "muted",
    "unmuted",
    "ready",
    "test",
    "device offline",
    "device online",
    "low battery",
    "battery charged",
    "not worn",
    "worn",
    "inactivity",
    "active",
    "cannot judge",
    "can judge",
    "left out",
]
MESSAGE_KINDS: tuple[str, ...] = get_args(MessageKind)


class AlarmState(enum.StrEnum):
    """State of one person's alarm."""

    idle = "idle"
    possible = "possible"
    countdown = "countdown"
    alarm = "alarm"
    help = "help"
    acknowledged = "acknowledged"
    cancelled = "cancelled"
    cleared = "cleared"
    muted = "muted"

    @property
    def is_latched(self) -> bool:
        """Whether an alarm waits for somebody to acknowledge it."""
        return self in (AlarmState.alarm, AlarmState.help)


class Severity(enum.IntEnum):
    """How urgent a message is, in rising order."""

    info = 0
    warning = 1
    alarm = 2
    urgent = 3


@dataclass(frozen=True)
class AlarmSubject:
    """Whose alarm it is.

    Attributes:
        id: unique in the household: letters, digits, "-" and "_".
        person: name for messages.
        room: where, for cameras; "" for a worn sensor.
        devices: ids of the sensors that watch the person.
    """

    id: str
    person: str
    room: str = ""
    devices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The person, and the room where it is known."""
        return f"{self.person} ({self.room})" if self.room else self.person


@dataclass(frozen=True)
class AlarmCommand:
    """What a person orders.

    Attributes:
        kind: "help" is given twice to raise the alarm.
        subject: id of the person whose alarm is meant.
        by: who orders it, for messages.
        via: by which way it came: "mqtt", "webhook", "app", "button".
        seconds: of "mute": for how long; None takes the default.
    """

    kind: CommandKind
    subject: str
    by: str
    via: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class AlarmMessage:
    """One thing to tell about a person's alarm or devices.

    Attributes:
        number: of the message, from 1, rising for each subject; with the subject's id it is the message's key.
        kind: what has happened.
        time: when, s since 1970 on the host's clock.
        subject: whose it is.
        state: of the person's alarm after it.
        severity: of the message; what ends an episode is as severe as the episode was.
        episode: number of the possible fall or call for help, from 1; 0 where it is about none.
        device: id of the sensor that it comes from, "" for none.
        by, via: who ordered it and which way it came, "" where nobody did.
        confidence: probability of a fall, 0..1, the highest of the episode; 0 where it is about none.
        reason: more, one line.
        due: s since 1970 at which the state changes by itself, e.g. the end of a countdown; None where it does not.
        is_muted: kept in the store, but told to nobody.
    """

    number: int
    kind: MessageKind
    time: float
    subject: AlarmSubject
    state: AlarmState
    severity: Severity
    episode: int = 0
    device: str = ""
    by: str = ""
    via: str = ""
    confidence: float = 0.0
    reason: str = ""
    due: float | None = None
    is_muted: bool = False

    @property
    def key(self) -> str:
        """Unique: a sink that gets a message twice can tell by it."""
        return f"{self.subject.id}:{self.number}"

    @property
    def dated(self) -> str:
        """The text, and when it happened on this host's clock: a sink that was down tells it late."""
        return f"{self.text} ({datetime.fromtimestamp(self.time):%Y-%m-%d %H:%M:%S})"

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.subject.title}: {_TEXTS.get(self.kind, _plain)(self)}"

    def to_json(self) -> dict[str, Any]:
        """Return plain values: times to the millisecond, without what is empty."""
        named = {**vars(self), "subject": self.subject.id, "person": self.subject.person, "room": self.subject.room}
        named |= {"state": str(self.state), "severity": self.severity.name, "text": self.text, "key": self.key}
        named |= {"time": round(self.time, 3), "confidence": round(self.confidence, 4)}
        named["due"] = None if self.due is None else round(self.due, 3)
        return {name: value for name, value in named.items() if value not in ("", None, False) and (value or name != "confidence")}

    @classmethod
    def from_json(cls, values: Any, where: str) -> AlarmMessage:
        """Return the message of `to_json`'s values; raises `UserError` for others. where: for the message."""
        with as_written(where, "a message of an alarm"):
            plain = {
                name: values[name] for name in ("number", "kind", "time", "episode", "confidence", "due", "is_muted") if name in values
            }
            texts: dict[str, Any] = {name: str(values[name]) for name in ("device", "by", "via", "reason") if name in values}
            subject = AlarmSubject(str(values["subject"]), str(values["person"]), str(values.get("room", "")))
            message = cls(**plain, **texts, subject=subject, state=AlarmState(values["state"]), severity=Severity[values["severity"]])
            if message.kind not in MESSAGE_KINDS or not math.isfinite(message.time + message.confidence + (message.due or 0.0)):
                raise ValueError(f"kind {message.kind!r}, time {message.time!r}")
            return message


def _by(message: AlarmMessage) -> str:
    return f" by {message.by}{f' ({message.via})' if message.via else ''}" if message.by else ""


def _plain(message: AlarmMessage) -> str:
    device = f" ({message.device})" if message.device else ""
    return f"{message.kind}{device}{f': {message.reason}' if message.reason else ''}"


def _left(message: AlarmMessage) -> str:
    return f"{max((message.due or message.time) - message.time, 0):.0f} s"


def _ended(message: AlarmMessage) -> str:
    return f"alarm {message.kind}{_by(message)}"


_TEXTS: dict[MessageKind, Callable[[AlarmMessage], str]] = {
    "possible fall": lambda one: f"possible fall{f' ({one.reason})' if one.reason else ''}",
    "countdown": lambda one: f"possible fall, alarm in {_left(one)} unless it is cancelled",
    "alarm": lambda one: "has fallen" + (" and is still down" if one.severity is Severity.urgent else ""),
    "still down": lambda one: "is still down",
    "reminder": lambda one: f"the alarm is not acknowledged: {one.reason}",
    "help asked": lambda one: f"help was asked for once{_by(one)}; once more within {one.reason} raises the alarm",
    "help": lambda one: f"calls for help{_by(one)}",
    "acknowledged": _ended,
    "cancelled": _ended,
    "cleared": lambda one: "has got up, the alarm is over",
    "closed": lambda one: "the acknowledged alarm is closed",
    "muted": lambda one: (
        f"muted for {round(((one.due or one.time) - one.time) / 60)} min{_by(one)}: everything but calls for help and tests"
    ),
    "unmuted": lambda one: f"no longer muted{_by(one)}{f'; {one.reason}' if one.reason else ''}",
    "ready": lambda one: "still muted" if one.state is AlarmState.muted else "watched again",
    "test": lambda one: f"this is a test{_by(one)}, nothing has happened",
}
