"""The report's part on thresholds: falls found beside false alarms an hour, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from featherfall.core.poisson import poisson_interval
from featherfall.evaluation import pictures
from featherfall.evaluation.intervals import wilson
from featherfall.evaluation.pictures import CurvePoint

_SHOWN = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_SAME = 1e-9


def section(metrics: Mapping[str, Any]) -> list[str]:
    """Return the section's HTML: picture, table, and how the figures came about."""
    rows = pictures.curve_rows(metrics)
    counted = bool(rows) and rows[0].hours > 0
    draws = [lambda axes: pictures.draw_thresholds(axes, metrics)]
    if counted:
        draws.append(lambda axes: pictures.draw_alarms(axes, metrics))
    drawn = pictures.figure(6.5, 5.2 if counted else 3.2, *draws)
    return [drawn, _how(metrics), _table(rows, metrics.get("operating", {}))] if rows else [drawn]


def _how(metrics: Mapping[str, Any]) -> str:
    operating = metrics.get("operating")
    if not operating:
        return "<p class=muted>Counts are those of the first seed; small: 95% intervals (Wilson of shares, Poisson of rates).</p>"
    datasets = "; ".join(
        f"{escape(one['name'])}: {one['recordings']} recordings of {one['people']} people, {one['falls']} falls, {one['hours']:.1f} h"
        for one in operating["datasets"]
    )
    return (
        f"<p class=muted>Curve of the model that ships, measured on {escape(operating['left_out'])} left out of training (first seed). "
        f"False alarms are those of {escape(operating['alarms_in'])}. {datasets}. Small: 95% intervals (Wilson of shares, Poisson of "
        "rates).</p>"
    )


def _table(rows: Sequence[CurvePoint], operating: Mapping[str, Any]) -> str:
    points: Mapping[str, float] = operating.get("points", {})
    wanted = {*_SHOWN, *points.values(), operating.get("threshold", _SHOWN[0])}
    shown = [row for row in rows if any(abs(row.threshold - one) < _SAME for one in wanted)]
    lines = "".join(f"<tr><td>{_name(row.threshold, operating)}</td>{_found(row)}{_alarms(row)}</tr>" for row in shown)
    hours = f"{rows[0].hours:.1f} h" if rows[0].hours else "hours that were not counted"
    head = f"<tr><th>threshold</th><th>falls found, of {rows[0].falls}</th><th>false alarms in {hours}</th><th>an hour</th></tr>"
    return f"<div class=scroll><table class=thresholds>{head}{lines}</table></div>"


def _name(threshold: float, operating: Mapping[str, Any]) -> str:
    names = [escape(name) for name, at in operating.get("points", {}).items() if abs(at - threshold) < _SAME]
    if abs(operating.get("threshold", -1.0) - threshold) < _SAME:
        return f"<b>{threshold:g}</b><small>{', '.join(['ships', *names])}</small>"
    return f"{threshold:g}" + (f"<small>{', '.join(names)}</small>" if names else "")


def _found(row: CurvePoint) -> str:
    if not row.falls:
        return "<td>none</td>"
    low, high = wilson(row.falls_found, row.falls)
    share = 100 * row.falls_found / row.falls
    return f"<td>{row.falls_found}: {share:.1f}%<small>{100 * low:.1f} to {100 * high:.1f}</small></td>"


def _alarms(row: CurvePoint) -> str:
    if not row.hours:
        return f"<td>{row.false_alarms}</td><td></td>"
    low, high = (end / row.hours for end in poisson_interval(row.false_alarms))
    rate = row.false_alarms / row.hours
    return f"<td>{row.false_alarms}</td><td>{_rate(rate)}<small>{_rate(low)} to {_rate(high)}</small></td>"


def _rate(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
