"""What whoever runs a student must know of it: how it is fed, and how it decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from featherfall.core.manifest import Decision, Input
from featherfall.core.window import Window


@dataclass(frozen=True)
class Contract:
    """How a student is fed, and how it decides; fields as the manifest's.

    Attributes:
        inputs: the first is the reference, whose magnitude triggers.
        positive: the class that raises events, or None.
    """

    name: str
    window: Window
    inputs: Sequence[Input]
    labels: Sequence[str]
    positive: str | None
    decision: Decision
    temperature: float
