"""Alarms to a program of the household."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.text import json_text, printable, shortened
from featherfall.runtime.alarm import AlarmMessage
from featherfall.runtime.sinks.sink import Sink

_WAIT = 30.0  # s


@register("sink", "command")
class CommandSink(Sink):
    """Run a program for each message: JSON on its standard input, the text in $FEATHERFALL_TEXT.

    No shell sees it, and nothing of the message stands among its arguments. Exit code 0 is delivered; else it is run again later.
    """

    def __init__(self, command: Sequence[str], seconds: float = _WAIT) -> None:
        """Arguments:
            command: program and arguments. seconds: after which it is killed, with what it has started.

        Raises: `UserError` for no program.
        """
        if isinstance(command, str) or not command or not all(isinstance(one, str) and "\0" not in one for one in command):
            raise UserError("sink command: give the program and its arguments as a list")
        self._command, self._seconds = list(command), seconds

    def alarm(self, message: AlarmMessage) -> None:
        """Run it; raises `OSError` where it fails."""
        name = self._command[0]
        variables = {"FEATHERFALL_TEXT": message.text, "FEATHERFALL_KIND": message.kind, "FEATHERFALL_KEY": message.key}
        try:
            child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **variables},
                start_new_session=True,
            )
        except OSError as error:
            raise OSError(f"{name}: {error.strerror}") from None
        try:
            child.communicate(json_text(message.to_json()).encode(), timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise OSError(f"{name}: killed after {self._seconds:g} s") from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
        if child.returncode:
            raise OSError(shortened(printable(f"{name}: exit code {child.returncode}"), 200))
