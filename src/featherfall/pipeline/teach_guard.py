"""Whether a taught bundle may take the place of the one before: by recordings that it was not taught by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

DRAWS = 4000
LEAST = 1e-3  # probability, so that one recording cannot decide alone


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What a bundle says of N recordings.

    Attributes:
        fell: (N,) bool, whether somebody falls. alarmed: (N,) bool, whether the bundle raises an event.
        highest: (N,) the highest probability of a fall in the recording; 0 where nothing triggers.
    """

    fell: np.ndarray
    alarmed: np.ndarray
    highest: np.ndarray

    @property
    def found(self) -> int:
        """Falls that are found."""
        return int((self.fell & self.alarmed).sum())

    @property
    def alarms(self) -> int:
        """Recordings without a fall that raise an event."""
        return int((~self.fell & self.alarmed).sum())

    def losses(self) -> np.ndarray:
        """Return (N,) the negative log-likelihood of each recording."""
        sure = np.where(self.fell, self.highest, 1 - self.highest)
        return np.asarray(-np.log(sure.clip(LEAST, 1)))

    def to_json(self) -> dict[str, Any]:
        """Return counts as plain values."""
        falls = int(self.fell.sum())
        loss = round(float(self.losses().mean()), 4)
        return {"falls": falls, "found": self.found, "others": len(self.fell) - falls, "alarms": self.alarms, "loss": loss}


@dataclass(frozen=True)
class Judgement:
    """better: whether the new bundle ships. why: in one line."""

    better: bool
    why: str


def compare_held_out(before: HeldOut, after: HeldOut) -> Judgement:
    """Return whether the new bundle ships: no fall is lost and no alarm added on the same recordings, and something is better.

    Better is a fall more, an alarm fewer, or a mean loss that is lower with a 95% interval (paired bootstrap over recordings).
    """
    counts = f"falls {before.found} -> {after.found} of {int(before.fell.sum())}, alarms {before.alarms} -> {after.alarms}"
    if (before.fell & before.alarmed & ~after.alarmed).any():
        return Judgement(False, f"it misses a fall that was found before ({counts})")
    if (~before.fell & after.alarmed & ~before.alarmed).any():
        return Judgement(False, f"it raises an alarm that was not raised before ({counts})")
    if after.found > before.found or after.alarms < before.alarms:
        return Judgement(True, counts)
    low, high = interval(after.losses() - before.losses())
    line = f"{counts}; loss {low:+.3f} to {high:+.3f}"
    return Judgement(high < 0, line if high < 0 else f"nothing is better for sure ({line})")


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the mean of paired differences (N,)."""
    random = np.random.default_rng(0)
    drawn = differences[random.integers(0, len(differences), (DRAWS, len(differences)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
