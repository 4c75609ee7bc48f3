"""What every sink takes.

A sink is one file here, or a plugin: a class of this form, registered as `@register("sink", "mqtt")`. What it does not care about it
leaves as it is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

import numpy as np


class Plain(Protocol):
    """A notice, an event, a result: whatever has plain values."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dump`."""


class Sink:
    """Where notices, results and drawn pictures go. Use as a context manager: entering opens, leaving closes."""

    def open(self) -> None:
        """Connect, or open what is written to."""

    def notice(self, notice: Plain, source: str = "") -> None:
        """Take what is to be told at once, e.g. a possible fall. source: where it was seen."""

    def frame(self, time: float, picture: np.ndarray) -> None:
        """Take a drawn picture: s; (H, W, 3) uint8 RGB."""

    def result(self, source: str, facts: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Take what a recorded source gave as a whole: plain values for programs, lines for people."""

    def problem(self, text: str, source: str = "") -> None:
        """Take one line about what cannot be read, or not whole."""

    def close(self) -> None:
        """Write what is held back, and disconnect."""

    def __enter__(self) -> Sink:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
