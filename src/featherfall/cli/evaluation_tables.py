"""Print and write the evaluation of a bundle on a dataset."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from featherfall.cli.console import console, plain_table
from featherfall.cli.tables import metric_label, number_text
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write

_MAX_LINES = 12  # of a long list
_MAX_SUBJECTS = 30
_HIDDEN = ("operating_points",)  # counts that a table of their own shows
# Columns of the tables by key: heading, and how the value is shown ("" as it is).
_CURVE = {
    "threshold": "threshold",
    "sensitivity": "sensitivity",
    "precision": "precision",
    "false_alarms": "false alarms",
    "false_alarms_per_hour": "false alarms/h",
}
_SUBJECTS = {
    "subject": "subject",
    "recordings": "recordings",
    "falls": "falls",
    "falls_found": "found",
    "sensitivity": "sensitivity",
    "false_alarms": "false alarms",
    "hours": "hours",
    "false_alarms_per_hour": "false alarms/h",
    "right": "right",
    "accuracy": "accuracy",
}
_DATASETS = {
    "dataset": "dataset",
    "recordings": "recordings",
    "falls": "falls",
    "f1": "F1",
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "precision": "precision",
    "false_alarms": "false alarms",
    "hours": "hours",
    "false_alarms_per_hour": "false alarms/h",
}


def show_evaluation(result: Mapping[str, Any]) -> None:
    """Print metrics with their counts and intervals, the curve over thresholds, subjects, and notes."""
    out = console()
    out.print(f"[bold]{escape(result['bundle'])}[/bold] ({result['model']}) on {escape(result['dataset'])}")
    for one in result.get("inputs", ()):
        worn = f" ({one['placement']})" if one["placement"] else ""
        out.print(f"{one['input']} <- {one['dataset']}: {one['stream']}{worn}", highlight=False, markup=False)
    shares, rates = result.get("shares", {}), result.get("rates", {})
    table = plain_table()
    for heading in ("metric", "value", *(("films" if "films" in result else "of", "95% interval") if shares else ())):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for name, value in result["metrics"].items():
        table.add_row(metric_label(name), number_text(name, value), *_share(shares.get(name)), *_rate(rates.get(name)))
    for name in (name for name in shares if name not in result["metrics"]):
        table.add_row(metric_label(name), "none", *_share(shares[name]))
    out.print(table)
    for name, value in result["counts"].items():
        if name not in _HIDDEN and value not in (0, {}, 0.0):
            out.print(f"{name.replace('_', ' ')}: {_count(value)}", highlight=False, markup=False)
    _show_rows("Thresholds", result.get("thresholds", ()), _CURVE)
    _show_rows("Datasets", result.get("datasets", ()), _DATASETS)
    _show_rows("Subjects", result.get("subjects", ()), _SUBJECTS)
    if "agreement" in result:
        _show_agreement(result["agreement"])
    for note in result["notes"][:_MAX_LINES]:
        out.print(f"note: {note}", style="yellow", soft_wrap=True, markup=False)
    if len(result["notes"]) > _MAX_LINES:
        out.print(f"... and {len(result['notes']) - _MAX_LINES} more notes; --json lists them all", style="yellow")


def _show_agreement(agreement: Mapping[str, Any]) -> None:
    """Print whether the alarms that were raised live are those of the whole recording, and the first that are not."""
    found = {way: f"{agreement[way]['falls_found']} falls, {agreement[way]['false_alarms']} false alarms" for way in ("live", "file")}
    lines = agreement["differing"]
    same = "the same alarms" if not lines else f"{len(lines)} alarms by one of both only"
    console().print(f"live {found['live']}; as files {found['file']}: {same}", highlight=False, markup=False)
    for line in lines[:_MAX_LINES]:
        console().print(f"  {line}", highlight=False, markup=False)
    if len(lines) > _MAX_LINES:
        console().print(f"  ... and {len(lines) - _MAX_LINES} more; --json lists them all")


def write_rows(path: Path, result: Mapping[str, Any]) -> list[Path]:
    """Write a row for each film; of sensors one for each subject, and beside it, in NAME-thresholds.csv, one for each threshold; of days
    one for each alarm.

    Returns: the files. Raises: `UserError` where the result has no rows.
    """
    rows = result.get("films") or result.get("subjects") or result.get("alarms")
    if not rows:
        what = "no alarm was raised" if "alarms" in result else "rows are of films or subjects, and neither was evaluated"
        raise UserError(f"--csv {path}: {what}; leave it out")
    files = {path: rows}
    if result.get("thresholds"):
        files[path.with_name(f"{path.stem}-thresholds{path.suffix}")] = result["thresholds"]
    for file, some in files.items():
        _write(file, some)
    return list(files)


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with atomic_write(path, "w") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: int(value) if isinstance(value, bool) else value for name, value in row.items()})


def _show_rows(title: str, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print rows as a table; rows beyond the first `_MAX_SUBJECTS` are counted only."""
    if not rows:
        return
    shown = [name for name in columns if name in rows[0]]
    table = plain_table(title)
    for name in shown:
        table.add_column(columns[name], justify="left" if name in ("subject", "dataset") else "right")
    for row in rows[:_MAX_SUBJECTS]:
        table.add_row(*(_value(name, row[name]) for name in shown))
    console().print(table)
    if len(rows) > _MAX_SUBJECTS:
        console().print(f"... and {len(rows) - _MAX_SUBJECTS} more; --json and --csv list them all")


def _value(name: str, value: Any) -> str:
    if isinstance(value, str):
        return escape(value)
    if name == "threshold":
        return f"{value:g}"
    if name == "hours":
        return "none" if value is None else f"{value:.2f}"
    return str(value) if isinstance(value, int) else number_text(name, value)


def _share(share: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return "12 of 14" and the interval in percent."""
    if share is None:
        return ()
    if not share["count"]:
        return "0 of 0", ""
    low, high = (100 * end for end in share["ci95"])
    return f"{share['hits']} of {share['count']}", f"{low:.1f}-{high:.1f}"


def _rate(rate: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return "7 in 3.42 h" and the interval in events an hour."""
    if rate is None:
        return ()
    low, high = rate["ci95"]
    return f"{rate['count']} in {rate['hours']:.2f} h", f"{low:.1f}-{high:.1f}"


def _count(value: Any) -> str:
    if isinstance(value, Mapping):
        shown = ", ".join(f"{key} {number}" for key, number in list(value.items())[:_MAX_LINES])
        return shown + (f", and {len(value) - _MAX_LINES} more" if len(value) > _MAX_LINES else "")
    return f"{value:.2f}" if isinstance(value, float) else str(value)
