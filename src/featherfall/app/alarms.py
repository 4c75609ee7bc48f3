"""False alarms a day at a threshold, as far as they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from featherfall.core.operating import Operating
from featherfall.core.poisson import poisson_interval

_HOURS_PER_DAY = 24.0  # h
_SAME = 0.005  # of thresholds: half a step of the slider


@dataclass(frozen=True)
class FalseAlarms:
    """False alarms a day at a measured threshold.

    Attributes:
        a_day, low, high: rate and its 95% interval.
        at_least: recordings that raise an alarm were counted, so several alarms in one count once.
        text: one or two sentences that say how it was measured.
    """

    a_day: float
    low: float
    high: float
    at_least: bool
    text: str


def describe_false_alarms(metrics: Mapping[str, Any] | None, threshold: float, operating: Operating | None = None) -> str:
    """Return one or two sentences about the false alarms a day at a threshold; "unknown: ..." where they were not measured.

    The bundle's own curve is preferred, then figures of whole days. Otherwise the run's operating points (thresholds .1 to .9) count
    recordings without a fall that raise an alarm: several alarms in one recording count once, so the figure is a lower bound.

    Arguments:
        metrics: content of the run's `metrics.json`. operating: of the manifest.
    """
    measured = _measured(metrics, threshold, operating)
    return f"False alarms a day: unknown{measured}" if isinstance(measured, str) else measured.text


def brief_false_alarms(metrics: Mapping[str, Any] | None, threshold: float, operating: Operating | None = None) -> str:
    """Return what belongs beside "99% sure": the false alarms a day at a threshold with their 95% interval, or that they are unknown."""
    measured = _measured(metrics, threshold, operating)
    if isinstance(measured, str):
        return "false alarms a day unknown"
    a_day = f"{'at least ' if measured.at_least else ''}{_number(measured.a_day)}"
    return f"{a_day} false alarms a day ({_number(measured.low)} to {_number(measured.high)})"


def _measured(metrics: Mapping[str, Any] | None, threshold: float, operating: Operating | None) -> FalseAlarms | str:
    """Return the false alarms at the next lower threshold that was measured, or the end of a sentence that says why they are unknown."""
    if operating is not None and operating.hours:
        return _of_curve(operating, threshold)
    if metrics is None:
        return ": this model has no metrics.json."
    if metrics.get("days"):
        return _of_days(metrics["days"], threshold)
    role = next((role for role in ("int8", "distilled", "alone") if metrics.get("counts", {}).get(role)), None)
    counts = metrics["counts"][role][0] if role else {}
    points = [one for one in counts.get("operating_points", []) if one["threshold"] <= threshold + 1e-9]
    hours = counts.get("hours")
    if not counts.get("operating_points"):
        return ": the run did not measure several thresholds."
    if not hours:
        return ": the run has no hours of observation."
    if not points:
        return f" below a threshold of {counts['operating_points'][0]['threshold']:g}: it was not measured there."
    point = points[-1]
    number = int(point["false_alarms"])
    a_day, low, high = (end * _HOURS_PER_DAY / hours for end in (number, *poisson_interval(number)))
    where = "" if metrics["dataset"] == "folder" else f" ({metrics['dataset']})"
    text = (
        f"At {point['threshold']:g} the model {_found(point, counts['falls'])} and raised {number} false "
        f"alarm{'s' if number != 1 else ''} in {hours:.1f} h of {'simulated ' if metrics.get('simulated') else ''}recordings{where}. "
        f"That is at least {_number(a_day)} a day of such activity (95% interval {_number(low)} to {_number(high)})."
    )
    return FalseAlarms(a_day, low, high, True, text)


def _of_curve(operating: Operating, threshold: float) -> FalseAlarms | str:
    row = operating.row_at(threshold)
    if row is None:
        return f" below a threshold of {operating.curve[0].threshold:g}: it was not measured there."
    number = row.false_alarms
    a_day, low, high = (end * _HOURS_PER_DAY / operating.hours for end in (number, *poisson_interval(number)))
    names = [name for name, at in operating.points.items() if abs(at - threshold) < _SAME]
    named = f" ({', '.join(names)})" if names else ""
    text = (
        f"At {row.threshold:g}{named} the model found {row.falls_found} of {operating.falls} falls, tried on {operating.left_out} left out "
        f"of training. It raised {number} false alarm{'s' if number != 1 else ''} in {operating.hours:.1f} h of {operating.alarms_in}: "
        f"{_number(a_day)} a day (95% interval {_number(low)} to {_number(high)}). Its points: "
        f"{', '.join(f'{name} {at:g}' for name, at in operating.points.items())}."
    )
    return FalseAlarms(a_day, low, high, False, text)


def _of_days(days: Mapping[str, Any], threshold: float) -> FalseAlarms | str:
    points = [one for one in days["points"] if one["threshold"] <= threshold + 1e-9]
    if not points:
        return f" below a threshold of {days['points'][0]['threshold']:g}: it was not measured there."
    point = points[-1]
    rate = point["false_alarms_per_day"]
    low, high = (end / days["days"] for end in poisson_interval(round(rate * days["days"])))
    text = (
        f"At {point['threshold']:g} the model {_found(point, days['falls'])} and raised {_number(rate)} "
        f"false alarms a day (95% interval {_number(low)} to {_number(high)}), measured on {days['what']}."
    )
    return FalseAlarms(rate, low, high, False, text)


def _found(point: Mapping[str, Any], falls: int) -> str:
    found = point["sensitivity"]
    return "was tried on no fall" if found is None else f"found {100 * found:.0f}% of {falls} falls"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
