"""Pictures of a run's figures, as SVG."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featherfall.core.poisson import poisson_interval
from featherfall.evaluation.intervals import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROLE_NAMES = {
    "teacher": "teacher",
    "teacher_ensemble": "teachers, averaged",
    "alone": "student alone",
    "distilled": "student distilled",
    "int8": "distilled, int8",
}
_LINEAR = 0.1  # false alarms an hour below which the axis is linear, so that none is on it
ROLE_COLOURS = {"teacher": "#8a8f98", "teacher_ensemble": "#8a8f98", "alone": "#d98c3f", "distilled": "#2a6fb0", "int8": "#6bb0e0"}
METRIC_NAMES = {
    "f1": "F1 of falls",
    "sensitivity": "falls detected (sensitivity)",
    "precision": "alarms that were falls (precision)",
    "specificity": "recordings without a fall and without an alarm",
    "non_fall_precision": "non-fall precision",
    "event_f1": "F1 of alarms in time",
    "false_alarms_per_hour": "false alarms per hour of these recordings",
    "auc": "area under the ROC curve (AUC)",
    "detection_delay_s": "seconds from the end of the fall to the alarm (median)",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
}


def deployed_role(metrics: Mapping[str, Any]) -> str:
    """Return the role of the exported model: the student, quantised if it was, distilled if it had a teacher."""
    return next(role for role in ("int8", "distilled", "alone") if role in metrics["roles"])


def name_of(role: str, metrics: Mapping[str, Any]) -> str:
    """Return a role's name for readers."""
    untaught = {} if "distilled" in metrics["roles"] else {"alone": "student", "int8": "student, int8"}
    return untaught.get(role, ROLE_NAMES.get(role, role))


def figure(width: float, height: float, *draws: Callable[[Axes], None]) -> str:
    """Return one picture as an <svg> element; width and height in inches. draws: one for each part, from top to bottom, on one x axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    for axes, draw in zip(figure.subplots(len(draws), sharex=True, squeeze=False)[:, 0], draws, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def draw_pairs(axes: Axes, metrics: Mapping[str, Any]) -> None:
    """Draw one line a seed from the student alone to the distilled one; the teacher as a level."""
    main = metrics["main_metric"]
    columns = [role for role in ("alone", "distilled", "int8") if role in metrics["roles"]]
    seeds = np.asarray([metrics["roles"][role][main]["per_seed"] for role in columns], dtype=np.float64) * 100  # NaN where null
    axes.plot(range(len(columns)), seeds, "-o", color="#b9c3cd", markersize=4, linewidth=1)
    for i, role in enumerate(columns):
        mean = metrics["roles"][role][main]["mean"]
        axes.plot(i, np.nan if mean is None else 100 * mean, "D", color=ROLE_COLOURS[role], markersize=9)
    roles = metrics["roles"]
    teacher = next((roles[role][main]["mean"] for role in ("teacher_ensemble", "teacher") if role in roles), None)  # None for a bundle
    if teacher is not None:
        axes.axhline(100 * teacher, color=ROLE_COLOURS["teacher"], linestyle="--", linewidth=1)
        axes.annotate("teacher", (len(columns) - 0.62, 100 * teacher), va="bottom", color=ROLE_COLOURS["teacher"])
    axes.set_xticks(range(len(columns)), [ROLE_NAMES[role] for role in columns])
    axes.set_xlim(-0.5, len(columns) - 0.4)
    axes.set_ylabel(f"{METRIC_NAMES[main]} (%)")


def draw_thresholds(axes: Axes, metrics: Mapping[str, Any]) -> None:
    """Draw falls detected, with their interval, and alarms that were falls, against the threshold."""
    role = deployed_role(metrics)
    points = [one["operating_points"] for one in metrics["counts"][role]]
    at = [point["threshold"] for point in points[0]]
    for name, colour, label in (
        ("sensitivity", "#2a6fb0", "falls detected"),
        ("precision", "#d98c3f", "alarms that were falls"),
        ("f1", "#3a3f45", "F1"),
    ):
        values = np.asarray([[seed[i][name] for i in range(len(at))] for seed in points], dtype=np.float64)  # NaN where None
        shown = ~np.isnan(values).any(axis=0)
        axes.plot(np.asarray(at)[shown], 100 * values[:, shown].mean(axis=0), "-o", color=colour, label=label, markersize=4)
    rows = [row for row in curve_rows(metrics) if row.falls]
    ends = [wilson(row.falls_found, row.falls) for row in rows]
    axes.fill_between(
        [row.threshold for row in rows], [100 * low for low, _ in ends], [100 * high for _, high in ends], color="#2a6fb0", alpha=0.15, lw=0
    )
    _draw_points(axes, metrics)
    axes.set_ylabel("%")
    axes.legend(frameon=False)


def draw_alarms(axes: Axes, metrics: Mapping[str, Any]) -> None:
    """Draw false alarms an hour with their interval against the threshold."""
    rows = curve_rows(metrics)
    at = [row.threshold for row in rows]
    low, high = np.asarray([poisson_interval(row.false_alarms) for row in rows]).T / rows[0].hours
    axes.step(at, [row.false_alarms / row.hours for row in rows], where="post", color="#b0392a", linewidth=1.5)
    axes.fill_between(at, low, high, step="post", color="#b0392a", alpha=0.15, lw=0)
    axes.set_yscale("symlog", linthresh=_LINEAR)
    axes.set_ylim(bottom=0)
    ticks = [tick for tick in (0, 0.1, 1, 10, 100, 1000) if tick <= high.max() * 2]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    _draw_points(axes, metrics, named=True)
    axes.set_xlabel("threshold on the fall's probability")
    axes.set_ylabel("false alarms an hour")


def _draw_points(axes: Axes, metrics: Mapping[str, Any], named: bool = False) -> None:
    """Mark the operating points; points at one threshold share a name."""
    points = metrics.get("operating", {}).get("points", {})
    for threshold in sorted(set(points.values())):
        axes.axvline(threshold, color="#8a8f98", linestyle=":", linewidth=1)
        if named:
            names = ", ".join(name for name, at in points.items() if at == threshold)
            axes.annotate(names, (threshold, 1), (3, -2), xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
                          rotation=90, color="#5c6670", fontsize=8)  # fmt: skip


@dataclass(frozen=True)
class CurvePoint:
    """Counts at a threshold: falls found of so many, false alarms in so many hours."""

    threshold: float
    falls_found: int
    falls: int
    false_alarms: int
    hours: float


def curve_rows(metrics: Mapping[str, Any]) -> list[CurvePoint]:
    """Return the counts of the bundle's curve, or where it has none those of the first seed's test parts; empty where neither is known."""
    operating = metrics.get("operating")
    if operating:
        falls, hours = operating["falls"], operating["hours"]
        return [CurvePoint(row["threshold"], row["falls_found"], falls, row["false_alarms"], hours) for row in operating["curve"]]
    counts = metrics["counts"][deployed_role(metrics)][0]
    return [
        CurvePoint(row["threshold"], row["falls_found"], counts["falls"], row["false_events"], counts.get("hours", 0.0))
        for row in counts["operating_points"]
        if "false_events" in row  # runs of older versions did not count them
    ]


def draw_losses(axes: Axes, logs: Mapping[str, Sequence[Path]]) -> None:
    """Draw the training losses of all trainings by role."""
    for role, paths in logs.items():
        for i, path in enumerate(paths):
            with open(path, newline="") as file:
                rows = list(csv.DictReader(file))
            steps, losses = [int(row["step"]) for row in rows], [float(row["loss"]) for row in rows]
            axes.plot(steps, losses, color=ROLE_COLOURS[role], linewidth=0.8, alpha=0.7, label=ROLE_NAMES[role] if i == 0 else None)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("training loss")
    if any(logs.values()):
        axes.legend(frameon=False)
