"""The console that tables are printed on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.table import Table

from featherfall.core.rich_console import SafeConsole

_PIPED_WIDTH = 140  # columns: Rich would assume 80 for a pipe, too few for a table of metrics


def console() -> SafeConsole:
    """Return a console on standard output, as wide as the terminal or `_PIPED_WIDTH`."""
    return SafeConsole(width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def plain_table(title: str | None = None) -> Table:
    """Return a table with a rule under its headings and no other lines, which saves width."""
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error; yields a function that takes (done, total)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    out = SafeConsole(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
