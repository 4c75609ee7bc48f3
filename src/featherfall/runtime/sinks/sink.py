"""The interface of sinks.

A sink is one file in this folder, or a plugin: a subclass of `Sink`, registered as `@register("sink", "mqtt")`. Methods that are not
overridden do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Protocol

import numpy as np

from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, AlarmSubject, Severity


class Plain(Protocol):
    """A notice, an event or a result, which can be converted to plain values."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dump`."""


class Sink:
    """Receives notices, results, drawn pictures, and messages of alarms. Use as a context manager: entering opens, leaving closes.

    least: severity from which messages of alarms go to it, where the household states none.
    """

    least: ClassVar[Severity] = Severity.warning

    def open(self) -> None:
        """Connect, or open the output."""

    def attend(self, subjects: Mapping[AlarmSubject, AlarmState], order: Callable[[AlarmCommand], object]) -> None:
        """Learn whose alarms will come and their states, before `open`.

        Arguments:
            order: takes what people order through this sink, from any thread.
        """

    def alarm(self, message: AlarmMessage) -> None:
        """Deliver a message of an alarm; return when it is delivered.

        A message comes again after an error, and after a crash in the midst of it: `message.key` tells.

        Raises: `UserError` where this message never can be delivered; anything else where it has to be tried again.
        """

    def notice(self, notice: Plain, source: str = "") -> None:
        """Deliver a notice at once, e.g. a possible fall. source: name of its source."""

    def frame(self, time: float, picture: np.ndarray) -> None:
        """Take a drawn picture: s; (H, W, 3) uint8 RGB."""

    def result(self, source: str, facts: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Take the result of a recorded source: plain values for programs, lines for people."""

    def problem(self, text: str, source: str = "") -> None:
        """Take one line about a source that cannot be read, or only in part."""

    def close(self) -> None:
        """Write buffered output, and disconnect."""

    def __enter__(self) -> Sink:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
