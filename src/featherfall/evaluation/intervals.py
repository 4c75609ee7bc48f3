"""Means with 95% intervals, and paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def mean_with_interval(values: Sequence[float]) -> dict[str, Any]:
    """Return {"mean", "ci95": [lo, hi], "per_seed"}: Student's t over seeds; the interval is null for one seed."""
    return {"mean": float(np.mean(values)), "ci95": t_interval(values), "per_seed": [float(value) for value in values]}


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
