"""Training runs started from the page: `featherfall distill` in a process of its own, followed through the logs that it writes."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from featherfall.core.documents import as_written, read_json
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe, shipped_recipes

_MAX_RECIPE_BYTES = 200_000  # recipes have a few kB; YAML of this size is parsed at once
_MOST_ROWS = 1_000_000  # of a log
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class TrainingProgress:
    """Progress of one training of a run. points: (step, loss); steps: total number."""

    fold: str
    role: str
    number: str
    points: tuple[tuple[int, float], ...]
    steps: int
    finished: bool

    @property
    def name(self) -> str:
        """Return fold, role and number as one text."""
        return f"{self.fold}: {self.role} {self.number}"


@dataclass(frozen=True)
class RunState:
    """State of a run. kind: "running", "finished", "stopped", "failed" or "absent"; last: last line that the process printed."""

    name: str
    kind: str
    trainings: tuple[TrainingProgress, ...] = ()
    last: str = ""


@dataclass
class TrainingRuns:
    """The runs in one folder, and the processes that this app has started, one at a time.

    Attributes:
        runs: folder of the runs.
        data: folder of the datasets.
    """

    runs: Path
    data: Path
    _process: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def recipes(self) -> list[str]:
        """Return the names of the recipes in the package."""
        return list(shipped_recipes())

    def data_folders(self) -> list[str]:
        """Return what may be chosen as data: "" (the folder itself) and the names of its subfolders."""
        if not self.data.is_dir():
            return [""]
        return ["", *sorted(one.name for one in self.data.iterdir() if one.is_dir() and not one.name.startswith("."))]

    def names(self) -> list[str]:
        """Return the names of existing runs, the latest first."""
        if not self.runs.is_dir():
            return []
        found = [one for one in self.runs.iterdir() if (one / "run.json").is_file()]
        return [one.name for one in sorted(found, key=lambda one: -(one / "run.json").stat().st_mtime)]

    def start(
        self, recipe: str, data: str, name: str, *, own: Path | None = None, resume: bool = False, simulated: bool = False
    ) -> RunState:
        """Start a run, or resume one.

        Arguments:
            recipe: name of a recipe in the package, unless `own` is the file of another.
            data: one of `data_folders`.
            name: of the run; letters, digits, - and _.
            simulated: the recipe simulates its own data.
        Raises: `UserError`.
        """
        running = self.running()
        if running:
            raise UserError(f"{running} is being trained; stop it first, or wait until it ends")
        if not _NAME.fullmatch(name):
            raise UserError("name the run with letters, digits, - and _, at most 60")
        folder = self.runs / name
        if (folder / "run.json").is_file() and not resume:
            raise UserError(f"there is a run {name!r} already; resume it, or give another name")
        if not (folder / "run.json").is_file() and resume:
            raise UserError(f"there is no run {name!r} to resume")
        if data not in self.data_folders():
            raise UserError(f"no folder {data!r} below {self.data}")
        path = self._recipe(recipe, own, name, resume)
        command = [sys.executable, "-m", "featherfall.cli", "distill", str(path), "--out", str(folder)]
        command += [] if simulated else ["--data", str(self.data / data)]
        command += ["--resume"] if resume else []
        log = self._log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            environment = os.environ | {"COLUMNS": "160", "PYTHONUNBUFFERED": "1"}
            self._process[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=environment
            )
        return self.state(name)

    def resume(self, name: str) -> RunState:
        """Resume a run with its recipe and data. Raises: `UserError`."""
        record = self.runs / name / "run.json"
        if name not in self.names():
            raise UserError(f"there is no run {name!r} to resume")
        with as_written(record, "record of a run"):
            stated = read_json(record)
            recorded, recipe = Path(str(stated["data"])).resolve(), str(stated["recipe"]["name"])
        folders = {(self.data / one).resolve(): one for one in self.data_folders()}
        return self.start(recipe, folders.get(recorded, ""), name, resume=True, simulated=recorded not in folders)

    def stop(self, name: str) -> None:
        """Stop a run that this app has started; it can be resumed."""
        process = self._process.get(name)
        if process is None or process.poll() is not None:
            return
        for signal_number, timeout in ((signal.SIGINT, 8.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout)
                break

    def close(self) -> None:
        """Stop all runs."""
        for name in list(self._process):
            self.stop(name)

    def running(self) -> str | None:
        """Return the name of the run that is being trained."""
        return next((name for name, one in self._process.items() if one.poll() is None), None)

    def state(self, name: str) -> RunState:
        """Return the state of a run, by its process and files."""
        if not _NAME.fullmatch(name):
            return RunState(name, "absent")
        folder = self.runs / name
        process = self._process.get(name)
        last = self._last(name)
        trainings = tuple(self._trainings(folder))
        if process is not None and process.poll() is None:
            return RunState(name, "running", trainings, last)
        if (folder / "metrics.json").is_file():
            return RunState(name, "finished", trainings)
        if process is not None and process.returncode not in (0, 130, 143, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL):
            return RunState(name, "failed", trainings, last)
        return RunState(name, "stopped" if (folder / "run.json").is_file() else "absent", trainings)

    def _recipe(self, recipe: str, own: Path | None, name: str, resume: bool) -> Path:
        """Return the recipe's file; an uploaded one is copied first, so that the run can be resumed without it."""
        kept = self.runs / ".recipes" / f"{name}.yaml"
        if resume and kept.is_file():
            return kept
        if own is None:
            shipped = shipped_recipes()
            if recipe not in shipped:
                raise UserError(f"no recipe {recipe!r}; available: {', '.join(shipped)}")
            kept.unlink(missing_ok=True)
            return shipped[recipe]
        if own.stat().st_size > _MAX_RECIPE_BYTES:
            raise UserError(f"{own.name}: too large for a recipe, which is a small YAML file")
        try:
            _check_folder(load_recipe(own), own.name)
        except UserError as error:
            raise UserError(str(error).replace(str(own), own.name)) from None
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own, kept)
        return kept

    def _log(self, name: str) -> Path:
        return self.runs / ".logs" / f"{name}.txt"

    def _last(self, name: str) -> str:
        """Return the last line that the process printed."""
        log = self._log(name)
        if not log.is_file():
            return ""
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            lines = _ESCAPES.sub("", file.read().decode("utf-8", "replace")).replace("\r", "\n").split("\n")
        printed = [line.strip() for line in lines if line.strip()]
        return re.sub(r"[━╸╺]+|  +", " ", printed[-1])[:400] if printed else ""

    def _trainings(self, folder: Path) -> list[TrainingProgress]:
        steps = _steps(folder)
        out = []
        for log in sorted(folder.glob("folds/*/*/*/**/log.csv"), key=lambda one: one.stat().st_mtime):
            fold, role, number, *branch = log.parent.relative_to(folder / "folds").parts
            total = steps.get("teacher" if role == "teacher" else "student", 0)
            done = any((log.parent / name).is_file() for name in (("weights.pt",) if branch else ("predictions.npz",)))
            out.append(TrainingProgress(fold, " ".join([role, *branch]), number, tuple(_points(log)), total, done))
        return out


def _steps(folder: Path) -> dict[str, int]:
    with contextlib.suppress(UserError, OSError, AttributeError, ValueError, KeyError, TypeError):
        recipe = read_json(folder / "run.json")["recipe"]
        return {role: int(recipe[role]["training"]["steps"]) for role in ("teacher", "student") if recipe.get(role)}
    return {}


def _points(log: Path, most: int = 200) -> Sequence[tuple[int, float]]:
    """Return (step, loss) of a training so far; an incomplete last row is left out."""
    points = []
    with contextlib.suppress(OSError, ValueError, csv.Error), open(log, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(islice(file, _MOST_ROWS)):
            with contextlib.suppress(TypeError, ValueError, KeyError):
                points.append((int(row["step"]), float(row["loss"])))
    return points[:: max(1, len(points) // most)]


def _check_folder(recipe: Recipe, name: str) -> None:
    """Raise `UserError` where an uploaded recipe would read anything but the chosen data."""
    folder = Path(recipe.folder or ".")
    if folder.is_absolute() or ".." in folder.parts:
        raise UserError(f"{name}: folder {recipe.folder!r} lies outside the data folder; give a name inside it")
    if recipe.student.init is not None:
        raise UserError(f"{name}: student.init reads another run; start such a recipe from the command line")
