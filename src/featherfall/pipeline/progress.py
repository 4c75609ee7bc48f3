"""Progress of a run: one bar per stage, with the current losses; the same rows go to TensorBoard."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from featherfall.core.rich_console import SafeConsole

LINE_EVERY = 60.0  # s between lines of progress where stderr is no terminal: an hour's log stays readable
_LOG_WIDTH = 140  # columns; Rich takes 80 for what is no terminal, in which the bars have no room


class Show:
    """Progress bars on stderr; where that is no terminal but a log, lines of the bars that moved, once a minute."""

    def __init__(self, quiet: bool = False) -> None:
        self._lines = threading.Thread(target=self._write_lines, daemon=True)
        self._left = threading.Event()
        self.progress = Progress(
            TextColumn("{task.description:<34}", markup=False),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", markup=False),
            console=SafeConsole(stderr=True, quiet=quiet),
        )

    def __enter__(self) -> Show:
        if self._is_log:
            self.progress.console.width = _LOG_WIDTH
        self.progress.start()
        if self._is_log:
            self._lines.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self.progress.stop()

    def stage(self, description: str, total: int) -> Bar:
        """Add a bar."""
        return Bar(self.progress, self.progress.add_task(description, total=total, note=""))

    @property
    def _is_log(self) -> bool:
        console = self.progress.console
        return not (console.is_terminal or console.is_jupyter or console.quiet)

    def _write_lines(self) -> None:
        written: dict[str, str] = {}
        while not self._left.wait(LINE_EVERY):
            for task in self.progress.tasks:
                line = f"{task.description}: {task.completed:g} of {task.total or 0:g} {task.fields['note']}".rstrip()
                if written.get(task.description) != line and (task.completed or task.fields["note"]):
                    written[task.description] = line
                    self.progress.console.print(f"{time.strftime('%H:%M')} {line}", markup=False, highlight=False, soft_wrap=True)


class Bar:
    """One bar."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress, self._task = progress, task

    def step(self, note: str = "") -> None:
        """Advance by one."""
        self._progress.update(self._task, advance=1, note=note)

    def at(self, done: int, total: int, note: str) -> None:
        """Set the number of done and of all steps."""
        self._progress.update(self._task, completed=done, total=total, note=note)

    def note(self, text: str) -> None:
        """Set the text beside the bar."""
        self._progress.update(self._task, note=text)


@contextmanager
def follow_logs(folder: Path, bars: Mapping[str, Bar], steps: Callable[[str], int]) -> Iterator[None]:
    """While the context is open, show rows added to the `log.csv` files of a run beside the bar of their role, and write them to
    TensorBoard.

    One follower serves all processes, so that workers need neither a bar nor to import TensorBoard, which takes a second.

    Arguments:
        folder: of the run. bars: by role. steps: of a role's longest training.
    """
    stop = threading.Event()
    follower = threading.Thread(target=_follow, args=(folder, bars, steps, stop), daemon=True)
    follower.start()
    try:
        yield
    finally:
        stop.set()
        follower.join()


def _follow(folder: Path, bars: Mapping[str, Bar], steps: Callable[[str], int], stop: threading.Event) -> None:
    seen: dict[Path, tuple[int, int]] = {}  # rows, and when the file was changed: of a run, hundreds are finished and need no reading
    writers: dict[Path, Any] = {}
    started = time.time() - 1
    last = False
    while not last:
        last = stop.wait(0.5)
        notes: dict[str, list[str]] = {}
        for log in sorted(folder.glob("folds/*/*/*/**/log.csv")):
            role = log.relative_to(folder).parts[2]
            changed = log.stat().st_mtime_ns
            known, before = seen.get(log, (0, 0))
            if role not in bars or changed == before or (log not in seen and changed < started * 1e9):
                continue
            with open(log, newline="") as file:
                rows = list(csv.DictReader(file))
            fresh = rows[known:]
            seen[log] = len(rows), changed
            if fresh:
                _to_tensorboard(writers, log, fresh)
                if int(fresh[-1]["step"]) < steps(role):
                    notes.setdefault(role, []).append(f"step {fresh[-1]['step']} loss {float(fresh[-1]['loss']):.3f}")
                else:
                    writers.pop(log).close()  # each has a thread
        for role, texts in notes.items():
            bars[role].note(" | ".join(texts[:2]))
    for writer in writers.values():
        writer.close()


def _to_tensorboard(writers: dict[Path, Any], log: Path, rows: list[dict[str, str]]) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = writers.setdefault(log, None) or EventFileWriter(str(log.parent))
    writers[log] = writer
    for row in rows:
        values = [Summary.Value(tag=name, simple_value=float(text)) for name, text in row.items() if name != "step" and text]
        writer.add_event(Event(wall_time=time.time(), step=int(row["step"]), summary=Summary(value=values)))
