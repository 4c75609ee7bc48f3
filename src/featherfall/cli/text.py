"""Plain text: JSON, aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from featherfall.core.text import clock_time as clock_time


def print_json(value: object) -> None:
    """One document on standard output."""
    import json

    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Left-aligned columns; nothing for a heading without rows."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = ["    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return aligned if len(rows) > 1 else []
