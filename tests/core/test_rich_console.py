from __future__ import annotations

import io

from rich.table import Table

from featherfall.cli import evaluation_tables
from featherfall.core.rich_console import SafeConsole

HOSTILE = "[/bold][link=http://x]\x1b[31mS1\n\u202e\x9b2J"


def test_a_terminal_gets_richs_own_escapes_only() -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=True, color_system="truecolor", width=100)
    table = Table("[bold]head[/bold]")
    table.add_row("x\x1b[2Jy")
    console.print(table)
    console.print("a\x07\x1b]0;title\x07", markup=False, highlight=False)
    shown = out.getvalue()
    assert "x\\x1b" in shown and "a\\x1b]0;title" in shown
    assert "\x07" not in shown and "\x1b[2J" not in shown and "\x1b[1m" in shown


def test_names_in_tables_are_neither_markup_nor_escapes(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    out = io.StringIO()
    monkeypatch.setattr(evaluation_tables, "console", lambda: SafeConsole(file=out, width=400))
    counts = {"falls": {HOSTILE: 3}}
    result = {"bundle": HOSTILE, "model": "int8", "dataset": HOSTILE, "metrics": {"f1": 0.5}, "counts": counts, "notes": [HOSTILE]}
    evaluation_tables.show_evaluation(result)
    shown = out.getvalue()
    assert shown.count("[/bold][link=http://x]\\x1b[31mS1") == 4
    assert shown.replace("\n", "").isprintable()
