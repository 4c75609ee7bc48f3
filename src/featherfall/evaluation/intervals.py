"""Means and shares with 95% intervals, and paired differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from featherfall.core.poisson import poisson_interval


def mean_with_interval(values: Sequence[float | None]) -> dict[str, Any]:
    """Return {"mean", "ci95": [lo, hi], "per_seed"}: Student's t over seeds; the interval is null for one seed.

    Seeds without a value (None) stay so in "per_seed" and take no part; the mean of none is null.
    """
    known = [float(value) for value in values if value is not None]
    mean = float(np.mean(known)) if known else None
    return {"mean": mean, "ci95": t_interval(known), "per_seed": [None if value is None else float(value) for value in values]}


def t_interval(values: Sequence[float], inflation: float = 0.0) -> list[float] | None:
    """Return mean +- t(.975, n - 1) sd sqrt(1/n + inflation); None for n < 2.

    Arguments:
        inflation: 0 for independent values; the ratio of test to training clips for the Nadeau-Bengio correction.
    """
    from scipy.stats import t

    count = len(values)
    if count < 2:
        return None
    half = float(t.ppf(0.975, count - 1) * np.std(values, ddof=1) * np.sqrt(1 / count + inflation))
    return [float(np.mean(values)) - half, float(np.mean(values)) + half]


def paired_difference(first: Sequence[float], second: Sequence[float], test_to_train: float = 0.0) -> dict[str, Any]:
    """Return second - first, pair by pair, with a 95% interval.

    Arguments:
        test_to_train: 0 when the pairs are independent seeds on one split; n_test / n_train when they are folds, whose training parts
        overlap
            (Nadeau and Bengio 2003).
    """
    differences = np.asarray(second) - np.asarray(first)
    interval = t_interval(differences.tolist(), test_to_train)
    return {"mean": float(differences.mean()), "ci95": interval, "pairs": differences.tolist()}


def gap_closed(teacher: float, alone: float, distilled: float) -> float | None:
    """Return (distilled - alone) / (teacher - alone); None where the teacher is less than a point better."""
    return (distilled - alone) / (teacher - alone) if teacher - alone >= 0.01 else None


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927), 0..1; (0, 1) of nothing.

    (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.96.
    """
    if count == 0:
        return 0.0, 1.0
    z = 1.959964
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return max(0.0, (middle - half) / (1 + z * z / count)), min(1.0, (middle + half) / (1 + z * z / count))


@dataclass(frozen=True)
class Share:
    """`hits` of `count`."""

    hits: int
    count: int

    @classmethod
    def of(cls, outcomes: Iterable[bool | None]) -> Share:
        """Count outcomes; None takes no part."""
        known = [one for one in outcomes if one is not None]
        return cls(sum(known), len(known))

    def __str__(self) -> str:
        if not self.count:
            return "none"
        low, high = wilson(self.hits, self.count)
        return f"{self.hits} of {self.count} ({100 * self.hits / self.count:.0f}% [{100 * low:.0f}, {100 * high:.0f}])"

    def to_json(self) -> dict[str, Any]:
        """Return {"hits", "count", "ci95": [lo, hi]}; the interval is null where nothing was counted."""
        return {"hits": self.hits, "count": self.count, "ci95": list(wilson(self.hits, self.count)) if self.count else None}


def rate_to_json(count: int, hours: float) -> dict[str, Any]:
    """Return {"count", "hours", "ci95": [lo, hi]} of events an hour; hours must not be 0."""
    return {"count": count, "hours": hours, "ci95": [end / hours for end in poisson_interval(count)]}
