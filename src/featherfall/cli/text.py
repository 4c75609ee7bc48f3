"""Plain text: JSON, aligned columns, times of the clock."""

from __future__ import annotations

from collections.abc import Sequence

import typer


def print_json(value: object) -> None:
    """One document on standard output."""
    import json

    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Left-aligned columns; nothing for a heading without rows."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = ["    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return aligned if len(rows) > 1 else []


def clock_time(seconds: float) -> str:
    """Seconds as h:mm:ss.s: 3723.44 -> "1:02:03.4"."""
    tenths = round(float(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"
