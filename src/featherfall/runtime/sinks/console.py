"""Results and notices as text on standard output, problems on standard error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from featherfall.core.console import say
from featherfall.core.registry import register
from featherfall.core.text import clock_time
from featherfall.runtime.alarm import AlarmMessage, Severity
from featherfall.runtime.sinks.sink import Plain, Sink


@register("sink", "console")
class Console(Sink):
    """Text for people: one line per notice, aligned lines per result."""

    least: ClassVar[Severity] = Severity.info

    def notice(self, notice: Plain, source: str = "") -> None:
        """Print one line: time, kind, and all other values."""
        facts = notice.to_json()
        time, kind = facts.pop("time_s", None), facts.pop("kind", "notice")
        rest = "  ".join(f"{name} {value}" for name, value in facts.items())
        say("  ".join(filter(None, [source, "" if time is None else clock_time(time), str(kind), rest])))

    def alarm(self, message: AlarmMessage) -> None:
        """Print one line: time, severity, text."""
        say(f"{datetime.fromtimestamp(message.time):%Y-%m-%d %H:%M:%S}  {message.severity.name:7}  {message.text}")

    def result(self, source: str, facts: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Print the lines and an empty one."""
        if lines:
            say(*lines, "")

    def problem(self, text: str, source: str = "") -> None:
        """Print one line on standard error."""
        say(f"featherfall: {text}", error=True)
