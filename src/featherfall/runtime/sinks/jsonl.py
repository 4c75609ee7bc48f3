"""Notices and results as JSON: one object a line, flushed at once so that a program behind a pipe can react; or one document."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TextIO

from featherfall.core.console import say_json, say_json_object, say_json_text
from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.text import json_text
from featherfall.runtime.alarm import AlarmMessage, Severity
from featherfall.runtime.sinks.sink import Plain, Sink

_KEYS = 1000  # of the last messages, by which one that comes again after a crash is told
_TAIL = 1 << 20  # bytes that hold them: a line has up to 1,000
_KEY = re.compile(rb'"type": "alarm",.*"key": "([^"]*)"')


@register("sink", "jsonl")
class JsonLines(Sink):
    """One JSON object per line: {"source", "type": "notice" | "result" | "problem" | "alarm", ...}."""

    least: ClassVar[Severity] = Severity.info

    def __init__(self, path: str | Path | None = None) -> None:
        """path: file that lines are appended to; None for standard output."""
        self._path = None if path is None else Path(path)
        self._file: TextIO | None = None
        self._delivered: deque[str] = deque(maxlen=_KEYS)  # keys of messages

    def open(self) -> None:
        """Open the file; raises `UserError` where it cannot be written."""
        if self._path is None:
            return
        try:
            self._file = self._path.open("a", encoding="utf-8")
            with self._path.open("rb") as written:
                written.seek(max(written.seek(0, os.SEEK_END) - _TAIL, 0))
                tail = written.read(_TAIL)
        except OSError as error:
            raise UserError(f"{self._path}: cannot be written ({error.strerror}); correct the path or its permissions") from error
        self._delivered.extend(key.decode("utf-8", "replace") for key in _KEY.findall(tail))
        if tail and not tail.endswith(b"\n"):  # a crash, or a full disk, in the midst of a line
            self._file.write("\n")

    def alarm(self, message: AlarmMessage) -> None:
        """Write the message's values, unless they stand in the file already; raises `OSError` where they cannot be written."""
        if message.key in self._delivered:
            return
        try:
            self._write({"source": message.subject.id, "type": "alarm", **message.to_json()})
        except OSError:
            self.close()
            self.open()  # completes the half line
            raise
        self._delivered.append(message.key)

    def notice(self, notice: Plain, source: str = "") -> None:
        """Write the notice's values."""
        self._write({"source": source, "type": "notice", **notice.to_json()})

    def result(self, source: str, facts: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Write the facts."""
        self._write({"source": source, "type": "result", **facts})

    def problem(self, text: str, source: str = "") -> None:
        """Write the line."""
        self._write({"source": source, "type": "problem", "problem": text})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, value: dict[str, Any]) -> None:
        if self._file is None:
            say_json(value, indent=None)
        else:
            print(json_text(value), file=self._file, flush=True)


class JsonDocument(Sink):
    """The results of all files as one JSON document on standard output: `head` and "files", each with "file" and its facts.

    It is printed file by file; facts that are iterators, e.g. the windows of a long recording, are printed one by one.
    """

    def __init__(self, head: Mapping[str, Any]) -> None:
        self._head = head
        self._count = 0

    def result(self, source: str, facts: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Print the facts."""
        self._separate()
        say_json_object({"file": source, **facts}, indent="    ")
        self._count += 1

    def close(self) -> None:
        """Print the end of the document."""
        if self._count:
            say_json_text("\n  ]\n}\n")
        else:
            say_json({**self._head, "files": []})

    def _separate(self) -> None:
        """Print what stands before a file: the head before the first."""
        head = json_text({**self._head, "files": []}, indent=2, ascii_only=True).removesuffix("]\n}")
        say_json_text(",\n    " if self._count else f"{head}\n    ")
