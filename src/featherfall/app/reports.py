"""Finished runs: find them, compare their metrics, and read their reports."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.evaluation.pictures import name_of

# metric -> (label, scale, digits)
_COLUMNS: dict[str, tuple[str, float, int]] = {
    "sensitivity": ("falls found %", 100, 1),
    "precision": ("alarms that were falls %", 100, 1),
    "f1": ("F1 %", 100, 1),
    "false_alarms_per_hour": ("false alarms an hour", 1, 1),
    "accuracy": ("accuracy %", 100, 1),
    "macro_f1": ("macro F1 %", 100, 1),
}


def find_runs(root: Path) -> dict[str, Path]:
    """Return the finished runs in a folder and its subfolders by relative name, the latest first."""
    found: dict[str, Path] = {}
    if root.is_dir():
        files = [*root.glob("*/metrics.json"), *root.glob("*/*/metrics.json")]
        for file in sorted(files, key=lambda one: -one.stat().st_mtime):
            if not any(part.startswith(".") for part in file.relative_to(root).parts) and file.resolve().is_relative_to(root.resolve()):
                found[file.parent.relative_to(root).as_posix()] = file.parent
    return found


def read_report(root: Path, name: str) -> str | None:
    """Return a run's report as HTML; None where there is none. Names are looked up, never used as paths."""
    folder = find_runs(root).get(name)
    file = folder / "report.html" if folder is not None else None
    return file.read_text(encoding="utf-8") if file is not None and file.is_file() else None


def comparison_table(root: Path, names: Sequence[str]) -> str:
    """Return an HTML table with a row per run and role, with intervals where the run has them."""
    runs = find_runs(root)
    read: list[tuple[str, Mapping[str, Any]]] = []
    for name in names:
        if name in runs:
            with contextlib.suppress(UserError, OSError, ValueError):
                read.append((name, read_json(runs[name] / "metrics.json")))
    if not read:
        return '<p class="quiet">No finished run.</p>'
    roles = [role for _, metrics in read for role in metrics.get("roles", {}).values()]
    columns = [key for key in _COLUMNS if any(key in role for role in roles)]
    head = "".join(f"<th>{_COLUMNS[key][0]}</th>" for key in columns)
    rows = []
    for name, metrics in read:
        note = ", simulated people" if metrics.get("simulated") else ""
        seeds = len(metrics.get("seeds", []))
        setting = f"{metrics.get('dataset', '')}, {metrics.get('protocol', '')}, {seeds} seed{'s' if seeds != 1 else ''}{note}"
        rows.append(f'<tr><th colspan="{len(columns) + 2}">{escape(name)}<small>{escape(setting)}</small></th></tr>')
        for role, values in metrics.get("roles", {}).items():
            size = metrics.get("sizes", {}).get(role, {}).get("bytes")
            cells = "".join(_cell(key, values.get(key)) for key in columns)
            kilobytes = f"{size / 1e3:,.0f}" if size else ""
            rows.append(f"<tr><td>{escape(name_of(role, metrics))}</td>{cells}<td>{kilobytes}</td></tr>")
    several = any(role[key].get("ci95") for role in roles for key in columns if role.get(key))
    note = '<p class="quiet">Small print: 95% interval over seeds.</p>' if several else ""
    return f'<div class="table" tabindex="0"><table><tr><th>model</th>{head}<th>size (kB)</th></tr>{"".join(rows)}</table></div>{note}'


def _cell(key: str, value: Mapping[str, Any] | None) -> str:
    if not value:
        return "<td></td>"
    if value["mean"] is None:
        return "<td>none</td>"
    _, scale, digits = _COLUMNS[key]
    text = f"{scale * value['mean']:.{digits}f}"
    if value.get("ci95"):
        low, high = (scale * end for end in value["ci95"])
        text += f"<small>{max(low, 0):.{digits}f} to {min(high, 100) if scale == 100 else high:.{digits}f}</small>"
    return f"<td>{text}</td>"
