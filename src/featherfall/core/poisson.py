"""Bounds on a rate from counted events."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

_STEPS = 80  # of a bisection: to the last bit
_EXACT = 200  # counts up to here are summed; above, the approximation is right to 4 digits and takes no time


def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the confidence interval of a Poisson mean from one count (Garwood 1936; large counts as Wilson and Hilferty 1931).

    At the lower bound, `count` or more has the probability (1 - level) / 2; at the upper bound, `count` or less.
    """
    tail = (1 - level) / 2
    if count > _EXACT:
        return _approximate(count, tail), _upper(count, tail)
    lower = 0.0 if count == 0 else _solve(lambda mean: 1 - _at_most(count - 1, mean) - tail, 0.0, float(count))
    return lower, _upper(count, tail)


def poisson_most(count: int, level: float = 0.95) -> float:
    """Return the mean that a count excludes from above: with any larger one, `count` or less has a probability below 1 - level.

    The bound is one-sided. Of no events it is -ln(.05) = 3.0: 0 alarms in h hours exclude more than 3.0 / h an hour, and nothing else.
    """
    return _upper(count, 1 - level)


def _upper(count: int, tail: float) -> float:
    if count > _EXACT:
        return _approximate(count + 1, 1 - tail)
    return _solve(lambda mean: tail - _at_most(count, mean), float(count), count + 10 * math.sqrt(count + 1) + 10)


def _approximate(count: int, share: float) -> float:
    """Return half a quantile of chi squared with 2 `count` degrees of freedom."""
    spread = 1 / (9 * count)
    return float(count * (1 - spread + NormalDist().inv_cdf(share) * math.sqrt(spread)) ** 3)


def _at_most(count: int, mean: float) -> float:
    """Return P(X <= count) of a Poisson variable."""
    if mean == 0:
        return 1.0
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Return the zero of a rising function, by bisection."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
