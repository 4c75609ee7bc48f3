"""Print metrics as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from featherfall.cli.console import console, plain_table
from featherfall.evaluation.by_dataset import FIGURES
from featherfall.evaluation.pictures import deployed_role, name_of

_METRICS_BY_TASK = {
    "activity": ("accuracy", "macro_f1", "ece"),
    "fall": ("sensitivity", "precision", "f1", "event_f1", "false_alarms_per_hour", "non_fall_precision"),
    # falls without known times
    "trials": ("f1", "accuracy", "sensitivity", "precision", "non_fall_precision", "false_alarms_per_hour"),
}
_METRIC_LABELS = {
    "false_alarms_per_hour": "false alarms/h",
    "false_alarms_per_day": "false alarms/day",
    "non_fall_precision": "non-fall prec.",
    "macro_f1": "macro F1",
    "f1": "F1",
    "event_f1": "event F1",
    "auc": "AUC",
}
_OF_THE_FALL = {"f1": "F1 of\n", "sensitivity": "recall of\n", "precision": "precision\nof "}  # the class's name follows


def show_metrics(metrics: Mapping[str, Any], folder: Path) -> None:
    """Print one run: a row per role, the gain by the teacher, and the paths of its files."""
    out = console()
    out.print(f"[bold]{escape(metrics['recipe'])}[/bold]: {escape(_setting(metrics))}")
    if metrics["part"] == "validation":
        out.print("[yellow]Evaluated on the validation part; the test part was not read.[/yellow]")
    table = plain_table()
    names = _columns(metrics)
    table.add_column("model", no_wrap=True)
    for name in names:
        table.add_column(metric_label(name), justify="right")
    for heading in ("parameters", "size"):
        table.add_column(heading, justify="right")
    for role, values in metrics["roles"].items():
        table.add_row(name_of(role, metrics), *(_cell(name, values.get(name)) for name in names), *_size(metrics["sizes"].get(role)))
    out.print(table)
    _show_datasets(metrics)
    out.print(_gain(metrics))
    if "thresholds" in metrics:
        out.print(_chosen(metrics), highlight=False, markup=False, soft_wrap=True)
    if metrics.get("simulated"):
        out.print("All people are simulated: these figures do not show how well it works on real people.", style="yellow")
    for note in metrics["notes"]:
        out.print(f"note: {note}", style="yellow", soft_wrap=True, markup=False)
    out.print(
        f"metrics  {folder / 'metrics.json'}\nreport   {folder / 'report.html'}\nbundle   {folder / 'bundle'}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    out.print(f"next     featherfall predict {folder / 'bundle'} YOUR-FILE", soft_wrap=True, highlight=False, markup=False)


def _show_datasets(metrics: Mapping[str, Any]) -> None:
    """Print a row for each dataset of a pool, of the model that ships, and the means over those with falls."""
    role = deployed_role(metrics)
    rows = metrics.get("datasets", {}).get(role)
    if not rows:
        return
    table = plain_table(f"Dataset by dataset: {name_of(role, metrics)}")
    for heading in ("dataset", "falls", *map(metric_label, FIGURES), "hours"):
        table.add_column(heading, justify="left" if heading == "dataset" else "right")
    for row in rows:
        hours = "-" if row["hours"] is None else f"{row['hours']:.2f}"
        table.add_row(escape(row["dataset"]), str(row["falls"]), *(_cell(name, row[name]) for name in FIGURES), hours)
    means = metrics["dataset_means"][role]
    table.add_row("mean of those with falls", "", *(_cell(name, means.get(name)) for name in FIGURES), "")
    console().print(table)


def _chosen(metrics: Mapping[str, Any]) -> str:
    """Return a line on the thresholds that were chosen: the folds' of the model that ships (first seed), and the bundle's."""
    chosen, shipped = metrics["thresholds"], metrics["operating"]
    role = next(role for role in ("int8", "distilled", "alone") if chosen["roles"].get(role))
    folds = ", ".join(f"{fold['threshold']:g}" for fold in chosen["roles"][role][0])
    return (
        f"threshold  {chosen['point']}: {folds} (each fold's, chosen on the others); {shipped['threshold']:g} in the bundle, "
        f"temperature {shipped['temperature']:.2f}"
    )


def show_comparison(found: Sequence[Mapping[str, Any]]) -> None:
    """Print several runs: a row per run and role, with the metrics that all runs have.

    Intervals are over seeds; another column has those of F1 over the evaluated groups, where runs have them.
    """
    names = [name for name in _columns(found[0]) if all(name in _columns(one) for one in found)]
    positive = found[0]["positive"] if len({one["positive"] for one in found}) == 1 else None
    grouped = "f1" in names and any("over_groups" in one for one in found)
    table = plain_table()
    for heading in ("recipe", "model"):
        table.add_column(heading, no_wrap=True)
    for name in names:
        table.add_column(_heading(name, positive), justify="right", overflow="fold")
        if grouped and name == "f1":
            table.add_column("F1 over\ngroups", justify="right", overflow="fold")
    for heading in ("para-\nmeters", "size"):
        table.add_column(heading, justify="right")
    for metrics in found:
        for role, values in metrics["roles"].items():
            cells = [_cell(name, values.get(name)) for name in names]
            if grouped:
                cells.insert(names.index("f1") + 1, _over_groups(metrics, role))
            table.add_row(escape(metrics["recipe"]), name_of(role, metrics), *cells, *_size(metrics["sizes"].get(role)))
        table.add_section()
    out = console()
    out.print(table)
    for metrics in found:
        out.print(f"{metrics['recipe']}: {_setting(metrics)}. {_gain(metrics)}", highlight=False, soft_wrap=True, markup=False)
        for role, how in metrics.get("trained", {}).items():
            out.print(f"  {role}: {how}", highlight=False, soft_wrap=True, markup=False)
    for group in dict.fromkeys(one["over_groups"]["group"] for one in found if grouped and "over_groups" in one):
        out.print(f"F1 over groups: 95% bootstrap interval of F1 over each evaluated {group}", highlight=False, markup=False)


def _setting(metrics: Mapping[str, Any]) -> str:
    return f"{metrics['dataset']}, {metrics['protocol']}, {len(metrics['seeds'])} seed(s), mean and 95% interval over seeds"


def _columns(metrics: Mapping[str, Any]) -> list[str]:
    has = {name for role in metrics["roles"].values() for name in role}
    kind = "activity" if not metrics["positive"] else "fall" if "event_f1" in has else "trials"
    return [name for name in _METRICS_BY_TASK[kind] if name in has]


def _heading(name: str, positive: str | None) -> str:
    if positive and name in _OF_THE_FALL:
        return f'{_OF_THE_FALL[name]}"{escape(positive)}"'
    return metric_label(name)


def _over_groups(metrics: Mapping[str, Any], role: str) -> str:
    ends = metrics.get("over_groups", {}).get("roles", {}).get(role, {}).get("f1")
    return f"{100 * ends[0]:.1f}-{100 * ends[1]:.1f}" if ends else "-"


def _gain(metrics: Mapping[str, Any]) -> str:
    gain = metrics["distilled_minus_alone"]
    if not gain:
        return ""
    parts = []
    for pairs in ("over_seeds", "over_folds"):
        if pairs in gain:
            interval = gain[pairs]["ci95"]
            spread = f" [{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}]" if interval else ""
            parts.append(f"{100 * gain[pairs]['mean']:+.1f}{spread} points, paired {pairs.replace('_', ' ')}")
    closed = metrics["gap_closed"].get(gain["metric"])
    text = f"distilled against alone, {_METRIC_LABELS.get(gain['metric'], gain['metric'])}: {'; '.join(parts)}"
    return text + (f"; gap to the teacher closed: {100 * closed:.0f}%" if closed is not None and closed > 0 else "")


def _cell(name: str, value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "-"
    if value["mean"] is None:
        return number_text(name, None)
    interval = value["ci95"]
    if not interval:
        return number_text(name, value["mean"])
    low, high = interval if name.endswith(("_per_hour", "_per_day", "_s")) else (max(interval[0], 0.0), min(interval[1], 1.0))
    return f"{number_text(name, value['mean'])}\n{number_text(name, low)}-{number_text(name, high).replace('100.0', '100')}"


def metric_label(name: str) -> str:
    """Return a metric's name for readers."""
    return _METRIC_LABELS.get(name, name.replace("_", " "))


def number_text(name: str, value: float | None) -> str:
    """Return a metric's value: shares in percent; "none" where there was nothing to measure it by."""
    if value is None:
        return "none"
    if name in ("ece", "brier", "auc"):
        return f"{value:.3f}"
    if name.endswith(("_per_hour", "_per_day", "_s")):
        return f"{value:.1f}"
    return f"{100 * value:.1f}"


def _size(size: Mapping[str, int] | None) -> tuple[str, str]:
    if not size:
        return "", ""
    count, file = size["parameters"], size["bytes"]
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count:,}", f"{file / 1e6:.1f} MB" if file >= 1e6 else f"{file / 1e3:.0f} kB"
