"""Notices in the program's log."""

from __future__ import annotations

import logging

from featherfall.core.registry import register
from featherfall.runtime.sinks.sink import Plain, Sink

_LOG = logging.getLogger("featherfall")


@register("sink", "logging")
class Log(Sink):
    """Python's `logging`: notices are warnings, problems are errors."""

    def notice(self, notice: Plain, source: str = "") -> None:
        """Log the notice's values."""
        _LOG.warning("%s: %s", source, notice.to_json())

    def problem(self, text: str, source: str = "") -> None:
        """Log the line."""
        _LOG.error("%s: %s", source, text)
