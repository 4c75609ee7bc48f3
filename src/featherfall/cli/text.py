"""Plain-text output: aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

from featherfall.core.text import clock_time as clock_time


def align_columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as left-aligned lines; none for a heading without rows."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = ["    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return aligned if len(rows) > 1 else []
