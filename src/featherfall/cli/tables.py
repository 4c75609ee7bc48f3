"""Print metrics as tables on the terminal."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from featherfall.cli.console import console, plain_table
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write

_ROLE_LABELS = {
    "teacher": "teacher",
    "teacher_ensemble": "teachers, averaged",
    "alone": "student alone",
    "distilled": "student distilled",
    "int8": "distilled, int8",
}
_UNTAUGHT_LABELS = {"alone": "student", "int8": "student, int8"}  # where there is no teacher
_METRICS_BY_TASK = {
    "activity": ("accuracy", "macro_f1", "ece"),
    "fall": ("sensitivity", "precision", "f1", "event_f1", "false_alarms_per_hour", "non_fall_precision"),
    "trials": ("f1", "accuracy", "sensitivity", "precision", "non_fall_precision"),  # falls without known times
}
_MAX_LINES = 12  # of a long list
_METRIC_LABELS = {
    "false_alarms_per_hour": "false alarms/h",
    "non_fall_precision": "non-fall prec.",
    "macro_f1": "macro F1",
    "f1": "F1",
    "event_f1": "event F1",
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
        table.add_column(_METRIC_LABELS.get(name, name.replace("_", " ")), justify="right")
    for heading in ("parameters", "size"):
        table.add_column(heading, justify="right")
    for role, values in metrics["roles"].items():
        table.add_row(_role(role, metrics), *(_cell(name, values.get(name)) for name in names), *_size(metrics["sizes"].get(role)))
    out.print(table)
    out.print(_gain(metrics))
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
            table.add_row(escape(metrics["recipe"]), _role(role, metrics), *cells, *_size(metrics["sizes"].get(role)))
        table.add_section()
    out = console()
    out.print(table)
    for metrics in found:
        out.print(f"{metrics['recipe']}: {_setting(metrics)}. {_gain(metrics)}", highlight=False, soft_wrap=True, markup=False)
        for role, how in metrics.get("trained", {}).items():
            out.print(f"  {role}: {how}", highlight=False, soft_wrap=True, markup=False)
    for group in dict.fromkeys(one["over_groups"]["group"] for one in found if grouped and "over_groups" in one):
        out.print(f"F1 over groups: 95% bootstrap interval of F1 over each evaluated {group}", highlight=False, markup=False)


def show_evaluation(result: Mapping[str, Any]) -> None:
    """Print the evaluation of one bundle on one dataset."""
    out = console()
    out.print(f"[bold]{escape(result['bundle'])}[/bold] ({result['model']}) on {escape(result['dataset'])}")
    for one in result.get("inputs", ()):
        worn = f" ({one['placement']})" if one["placement"] else ""
        out.print(f"{one['input']} <- {one['dataset']}: {one['stream']}{worn}", highlight=False, markup=False)
    shares: Mapping[str, Any] = result.get("shares", {})  # of films only
    table = plain_table()
    for heading in ("metric", "value", *(("films", "95% interval") if shares else ())):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for name, value in result["metrics"].items():
        table.add_row(_METRIC_LABELS.get(name, name.replace("_", " ")), _number(name, value), *_share(shares.get(name)))
    for name in (name for name in shares if name not in result["metrics"]):
        table.add_row(name.replace("_", " "), "-", "none")
    out.print(table)
    for name, value in result["counts"].items():
        if name != "operating_points" and value not in (0, {}, 0.0):
            out.print(f"{name.replace('_', ' ')}: {_count(value)}", highlight=False, markup=False)
    for note in result["notes"][:_MAX_LINES]:
        out.print(f"note: {note}", style="yellow", soft_wrap=True, markup=False)
    if len(result["notes"]) > _MAX_LINES:
        out.print(f"... and {len(result['notes']) - _MAX_LINES} more notes; --json lists them all", style="yellow")


def write_films(path: Path, result: Mapping[str, Any]) -> None:
    """Write a row for each film that was evaluated; raises `UserError` where the result is not of films."""
    if "films" not in result:
        raise UserError(f"--csv {path}: a row is written for each film, and no film was evaluated; leave it out")
    with atomic_write(path, "w") as file:
        writer = csv.DictWriter(file, list(result["films"][0]), lineterminator="\n")
        writer.writeheader()
        for row in result["films"]:
            writer.writerow({name: int(value) if isinstance(value, bool) else value for name, value in row.items()})


def _share(share: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return "12 of 14" and the interval in percent, of a metric of films."""
    if share is None:
        return ()
    low, high = (100 * end for end in share["ci95"])
    return f"{share['hits']} of {share['count']}", f"{low:.1f}-{high:.1f}"


def _setting(metrics: Mapping[str, Any]) -> str:
    return f"{metrics['dataset']}, {metrics['protocol']}, {len(metrics['seeds'])} seed(s), mean and 95% interval over seeds"


def _columns(metrics: Mapping[str, Any]) -> list[str]:
    has = {name for role in metrics["roles"].values() for name in role}
    kind = "activity" if not metrics["positive"] else "fall" if "event_f1" in has else "trials"
    return [name for name in _METRICS_BY_TASK[kind] if name in has]


def _heading(name: str, positive: str | None) -> str:
    if positive and name in _OF_THE_FALL:
        return f'{_OF_THE_FALL[name]}"{escape(positive)}"'
    return _METRIC_LABELS.get(name, name.replace("_", " "))


def _role(role: str, metrics: Mapping[str, Any]) -> str:
    return _ROLE_LABELS[role] if "distilled" in metrics["roles"] else _UNTAUGHT_LABELS.get(role, _ROLE_LABELS[role])


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
    interval = value["ci95"]
    if not interval:
        return _number(name, value["mean"])
    low, high = interval if name.endswith(("_per_hour", "_s")) else (max(interval[0], 0.0), min(interval[1], 1.0))
    return f"{_number(name, value['mean'])}\n{_number(name, low)}-{_number(name, high).replace('100.0', '100')}"


def _number(name: str, value: float) -> str:
    if name in ("ece", "brier"):
        return f"{value:.3f}"
    if name.endswith(("_per_hour", "_s")):
        return f"{value:.1f}"
    return f"{100 * value:.1f}"


def _size(size: Mapping[str, int] | None) -> tuple[str, str]:
    if not size:
        return "", ""
    count, file = size["parameters"], size["bytes"]
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count:,}", f"{file / 1e6:.1f} MB" if file >= 1e6 else f"{file / 1e3:.0f} kB"


def _count(value: Any) -> str:
    if isinstance(value, Mapping):
        shown = ", ".join(f"{key} {number}" for key, number in list(value.items())[:_MAX_LINES])
        return shown + (f", and {len(value) - _MAX_LINES} more" if len(value) > _MAX_LINES else "")
    return f"{value:.2f}" if isinstance(value, float) else str(value)
