"""Plain-text output: JSON and aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from featherfall.core.text import clock_time as clock_time


def print_json(value: object) -> None:
    """Print one JSON document on standard output."""
    import json

    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def align_columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as left-aligned lines; none for a heading without rows."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = ["    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return aligned if len(rows) > 1 else []
