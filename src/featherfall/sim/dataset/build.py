"""Write a folder of simulated recordings: built in a hidden folder beside it, and renamed when complete."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import SIMULATION, hold, user_errors, write_json

from .generate import LONGEST_RECORDING, SHORTEST_RECORDING, Item, Plan, Subject, make_subjects
from .worker_pool import WorkerPool

_PARTIAL_FACTS = f".{SIMULATION}"  # until all is done
_LOG = ".made.jsonl"

_Progress = Callable[[float], None]  # called with seconds of recordings made so far


@dataclass(frozen=True)
class FinishedRecording:
    """One finished recording.

    Attributes:
        subject, index: of its `Item`.
        seconds: its length.
        fall: whether the person falls.
        row: what the layout needs for its tables; plain JSON values.
    """

    subject: int
    index: int
    seconds: float
    fall: bool
    row: dict[str, Any]


class Layout(Protocol):
    """How recordings lie on disk. Instances must be picklable, and `options` must tell layouts apart."""

    def options(self) -> dict[str, Any]:
        """Return the layout's options as plain JSON values."""
        ...

    def make(self, folder: Path, item: Item) -> FinishedRecording:
        """Simulate one recording and write its files below `folder`."""
        ...

    def finish(self, folder: Path, people: list[Subject], made: list[FinishedRecording]) -> None:
        """Write the files that describe all recordings; `made` is in the order of subjects and indices."""
        ...


def build_dataset(
    out: Path, plan: Plan, layout: Layout, workers: int = 1, resume: bool = False, progress: _Progress = lambda seconds: None
) -> list[FinishedRecording]:
    """Simulate a plan's recordings into the folder `out`, byte for byte the same for any number of workers.

    Until all is done the files lie in a hidden folder beside `out`; an interrupted build leaves it there.

    Arguments:
        out: new, empty, or an earlier simulation, which is replaced.
        resume: go on with an interrupted build of the same plan and layout; else it is done anew.
    Returns: all recordings, in the order of subjects and indices.
    Raises: `UserError` for a folder that holds something else, cannot be written, or where another process is at work.
    """
    out = out.resolve()
    _check_out(out)
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another folder") from error
    with user_errors(out), hold(partial):
        people = make_subjects(plan)
        made = _prepare(partial, plan, layout, resume)
        seconds = sum(one.seconds for one in made.values())
        progress(seconds)
        with WorkerPool(workers) as pool, open(partial / _LOG, "w", encoding="utf-8") as log:
            log.writelines(map(_line, made.values()))
            for one in _make_all(pool, people, functools.partial(layout.make, partial), made):
                log.write(_line(one))
                log.flush()
                seconds += one.seconds
                progress(seconds)
        everything = [made[key] for key in sorted(made)]
        layout.finish(partial, people, everything)
        (partial / _PARTIAL_FACTS).rename(partial / SIMULATION)
        (partial / _LOG).unlink()
        (partial / ".lock").unlink()
        os.sync()  # thousands of small files: one call for all instead of one for each
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    return everything


def _make_all(
    pool: WorkerPool, people: list[Subject], make: Callable[[Item], FinishedRecording], made: dict[tuple[int, int], FinishedRecording]
) -> Iterator[FinishedRecording]:
    """Make recordings until each person has the planned seconds, and add them to `made`.

    A recording's length is known only once it is made. So each round makes only as many recordings as are certainly needed, and the result
    does not depend on the workers' speed.
    """
    while True:
        pieces = [person.item(index) for person in people for index in _next_round(person, made) if (person.number, index) not in made]
        if not pieces:
            return
        for one in pool.map_unordered(make, pieces):
            made[one.subject, one.index] = one
            yield one


def _next_round(person: Subject, made: dict[tuple[int, int], FinishedRecording]) -> range:
    """Return the indices of the person's recordings in the next round, or in one that was interrupted."""
    count, seconds = 0, 0.0
    while True:
        left = person.plan.seconds - seconds
        if count and left < SHORTEST_RECORDING:
            return range(0)
        upcoming = range(count, count + max(1, int(left / LONGEST_RECORDING)))
        if not all((person.number, index) in made for index in upcoming):
            return upcoming
        seconds += sum(made[person.number, index].seconds for index in upcoming)
        count = upcoming.stop


def _check_out(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: a file stands where a folder is needed; choose another folder")
    with user_errors(out):
        if out.is_dir() and any(out.iterdir()) and not (out / SIMULATION).is_file():
            raise UserError(f"{out}: not empty, and not a simulation ({SIMULATION} is missing); give a new folder")


def _prepare(partial: Path, plan: Plan, layout: Layout, resume: bool) -> dict[tuple[int, int], FinishedRecording]:
    """Return what an interrupted build has made already, or empty the folder for a new one."""
    options = {"simulated": True, "featherfall": version("featherfall"), "plan": asdict(plan), **layout.options()}
    provenance = json.loads(json.dumps(options))
    stated, log = partial / _PARTIAL_FACTS, partial / _LOG
    if resume and stated.is_file():
        if read_json(stated) != provenance:
            raise UserError(f"{partial}: the interrupted simulation had other options; give the same ones, or leave --resume out")
        lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
        return {(one.subject, one.index): one for one in _read_log(lines)}
    for path in partial.iterdir():
        if path.name != ".lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_json(stated, provenance)
    return {}


def _line(made: FinishedRecording) -> str:
    return json.dumps(asdict(made)) + "\n"


def _read_log(lines: list[str]) -> Iterator[FinishedRecording]:
    for line in lines:
        with contextlib.suppress(json.JSONDecodeError):  # the last line may be cut short
            yield FinishedRecording(**json.loads(line))
