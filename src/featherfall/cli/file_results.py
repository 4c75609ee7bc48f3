"""Run `featherfall predict` on file after file; an unreadable file gives one line, and the others still get their result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from featherfall.runtime import Bundle
    from featherfall.runtime.verdict import Verdict

_LARGE = 20_000_000  # bytes that take more than a second or two
_STAGES = {"reading": (0.0, 0.85), "judging": (0.85, 0.15)}  # begin and share of the time
UNREADABLE = 2  # exit code: a file, or part of one, could not be read
NOT_JUDGED = 3  # exit code: all was read, and something could not be judged


@dataclass(frozen=True)
class FileResult:
    """The result of one file.

    Attributes:
        facts: for programs. lines: for people.
        problems: a line for each part that could not be read.
        judged: whether it could be judged; False for the label "unknown".
        recognised: what the file was taken for, in one line; "" for nothing to say.
    """

    facts: dict[str, Any]
    lines: list[str]
    problems: list[str] = field(default_factory=list)
    judged: bool = True
    recognised: str = ""


@contextmanager
def _progress(file: Path) -> Iterator[None]:
    """Show a bar while a large sensor file is read and judged, where standard error is a terminal."""
    if not (sys.stderr.isatty() and file.is_file() and file.stat().st_size > _LARGE):
        yield
        return
    from featherfall.cli.console import progress_bar
    from featherfall.core.progress import listening

    def show(what: str, share: float) -> None:
        begin, part = _STAGES[what]
        bar(round(100 * (begin + part * share)), 100)

    with progress_bar(file.name) as bar, listening(show):
        yield


def verdict_lines(verdict: Verdict) -> list[str]:
    """Return the lines of a label, and of why it is unknown or limited."""
    return [f"  label    {verdict.label}", *(f"  note     {reason}" for reason in verdict.reasons)]


def align_columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as left-aligned lines; none for a heading without rows."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = ["    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return aligned if len(rows) > 1 else []


def predict_files(bundle: Bundle, files: Sequence[Path], predict: Callable[[Path], FileResult], json: bool) -> None:
    """Predict the files and give each result to the sink: text, or one JSON document.

    Raises: `typer.Exit` with `UNREADABLE` where a file, or part of one, could not be read, else with `NOT_JUDGED` where one could not be
    judged.
    """
    from featherfall.core.console import say
    from featherfall.core.errors import UserError
    from featherfall.runtime.sinks.console import Console
    from featherfall.runtime.sinks.jsonl import JsonDocument

    console = Console()
    out = JsonDocument({"bundle": bundle.manifest.name, "model": bundle.model.precision}) if json else console
    failed = unknown = False
    out.open()
    for file in files:
        try:
            with _progress(file):
                result = predict(file)
        except UserError as error:
            result = FileResult({}, [], [str(error)])
        for problem in result.problems:
            console.problem(problem)
        if result.recognised:
            say(f"{file}: {result.recognised}", error=True)
        failed |= bool(result.problems)
        unknown |= not result.judged
        first = {"error": result.problems[0]} if result.problems else {}
        out.result(str(file), first | result.facts, result.lines)
    out.close()
    if failed or unknown:
        raise typer.Exit(UNREADABLE if failed else NOT_JUDGED)
