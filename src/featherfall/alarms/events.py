"""What happens to an alarm: from notices of sensors, from orders of people, and conditions of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from featherfall.alarms.table import Trigger
from featherfall.runtime.alarm import AlarmCommand, MessageKind
from featherfall.runtime.observation import Fall, Notice

_OF_NOTICE: dict[str, Trigger] = {"still down": Trigger.still_down, "got up": Trigger.got_up}


@dataclass(frozen=True)
class AlarmEvent:
    """One thing that happens to a person's alarm.

    Attributes:
        trigger: what.
        time: when the host learned of it, s since 1970 on its clock.
        device: id of the sensor, "" for a person's order.
        confidence: probability of a fall, 0..1.
        by, via: who ordered it and which way it came.
        seconds: of a mute; None takes the default.
    """

    trigger: Trigger
    time: float
    device: str = ""
    confidence: float = 0.0
    by: str = ""
    via: str = ""
    seconds: float | None = None

    @classmethod
    def of_command(cls, command: AlarmCommand, time: float) -> AlarmEvent:
        """Return the event of a person's order."""
        return cls(Trigger(command.kind), time, by=command.by, via=command.via, seconds=command.seconds)

    @classmethod
    def of_notice(cls, notice: Notice, time: float, device: str) -> AlarmEvent | Condition:
        """Return the event, or the condition, of a notice of a sensor."""
        if notice.kind in ("cannot judge", "left out"):
            return Condition(notice.kind, device, time, reason=notice.reason)
        return cls(_OF_NOTICE.get(notice.kind, Trigger.fall), time, device, notice.confidence)


class Rises:
    """Find who has got up among the falls of a `runtime.watch.Monitor`, which gives no notice of it."""

    def __init__(self) -> None:
        self._known: dict[int, float] = {}  # time at which the fall of this identity was up

    def step(self, falls: Sequence[Fall], time: float, device: str) -> list[AlarmEvent]:
        """Return an event for each fall whose person has got up since the last step.

        Arguments:
            falls: those that are still followed. time: s since 1970.
        """
        up = {id(fall): fall.up_s for fall in falls if fall.up_s is not None}
        new = [key for key, at in up.items() if self._known.get(key) != at]
        self._known = up
        return [AlarmEvent(Trigger.got_up, time, device)] * bool(new)


ConditionKind = Literal["device offline", "low battery", "not worn", "inactivity", "cannot judge", "left out"]
# What is told when a condition ends; "left out" is told each time and has no end.
CONDITION_ENDS: dict[ConditionKind, MessageKind | None] = {
    "device offline": "device online",
    "low battery": "battery charged",
    "not worn": "worn",
    "inactivity": "active",
    "cannot judge": "can judge",
    "left out": None,
}


@dataclass(frozen=True)
class Condition:
    """A condition of a device, or the inactivity of a person, that begins or ends.

    Attributes:
        device: id of the sensor; "" for inactivity.
        time: when the host learned of it, s since 1970.
        is_on: whether it begins or lasts; False where it ends.
        reason: more, one line, e.g. "battery at 9%".
    """

    kind: ConditionKind
    device: str
    time: float
    is_on: bool = True
    reason: str = ""
