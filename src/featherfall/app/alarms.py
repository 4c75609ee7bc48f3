"""What a threshold costs: false alarms a day, as far as they were measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

DAY = 24.0  # h


def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a Poisson mean, of which one count is known (Garwood 1936).

    At the lower end `count` or more has the probability (1 - level) / 2, at the upper end `count` or less has it.
    """
    tail = (1 - level) / 2
    lower = 0.0 if count == 0 else _solve(lambda mean: 1 - _at_most(count - 1, mean) - tail, 0.0, float(count))
    upper = _solve(lambda mean: tail - _at_most(count, mean), float(count), count + 10 * math.sqrt(count + 1) + 10)
    return lower, upper


def _at_most(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson variable."""
    if mean == 0:
        return 1.0
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _solve(rising: Any, low: float, high: float) -> float:
    """Where a rising function is zero, by bisection."""
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def cost(metrics: Mapping[str, Any] | None, threshold: float) -> str:
    """The false alarms a day that a threshold implies, in words; "unknown: ..." where nothing was measured.

    Whole days that a model was tried on come first. Else the run's figures count, at thresholds .1 to .9, the recordings without a fall
    that raise an alarm; several alarms in one count once, so that the figure is a lower bound.

    Arguments:
        metrics: what the run's `metrics.json` holds.
    """
    if metrics is None:
        return "False alarms a day: unknown: this model came without the figures of the run that made it."
    if metrics.get("days"):
        return _of_days(metrics["days"], threshold)
    role = next((role for role in ("int8", "distilled", "alone") if metrics.get("counts", {}).get(role)), None)
    counts = metrics["counts"][role][0] if role else {}
    points = [one for one in counts.get("operating_points", []) if one["threshold"] <= threshold + 1e-9]
    hours = counts.get("hours")
    if not counts.get("operating_points"):
        return "False alarms a day: unknown: the run did not measure several thresholds."
    if not hours:
        return "False alarms a day: unknown: the run does not know how many hours it observed."
    if not points:
        return (
            f"False alarms a day: unknown below a threshold of {counts['operating_points'][0]['threshold']:g}: it was not measured there."
        )
    point = points[-1]
    number = int(point["false_alarms"])
    low, high = (_number(end * DAY / hours) for end in poisson_interval(number))
    where = "" if metrics["dataset"] == "folder" else f" ({metrics['dataset']})"
    return (
        f"At {point['threshold']:g} the model found {100 * point['sensitivity']:.0f}% of {counts['falls']} falls and raised {number} false "
        f"alarm{'s' if number != 1 else ''} in {hours:.1f} h of {'simulated ' if metrics.get('simulated') else ''}recordings{where}. "
        f"That is at least {_number(number * DAY / hours)} a day of such activity (95% interval {low} to {high})."
    )


def _of_days(days: Mapping[str, Any], threshold: float) -> str:
    points = [one for one in days["points"] if one["threshold"] <= threshold + 1e-9]
    if not points:
        return f"False alarms a day: unknown below a threshold of {days['points'][0]['threshold']:g}: it was not measured there."
    point = points[-1]
    rate = point["false_alarms_per_day"]
    low, high = (_number(end / days["days"]) for end in poisson_interval(round(rate * days["days"])))
    return (
        f"At {point['threshold']:g} the model found {100 * point['sensitivity']:.0f}% of {days['falls']} falls and raised {_number(rate)} "
        f"false alarms a day (95% interval {low} to {high}), measured on {days['what']}."
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
