"""The run directory: its layout, and the lock on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from featherfall.core.checked import check
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import hold, write_json
from featherfall.core.recipe import Recipe


@dataclass(frozen=True)
class Start:
    """Initial weights of a student: their file and the digest of its content.

    classes: of its logits. met: subjects of this run's data that it was trained on; empty where it was trained on other data.
    """

    weights: str
    sha256: str
    classes: list[str]
    met: list[str]


@dataclass(frozen=True)
class Run:
    """Paths of a run.

    run.json (resolved recipe, data, clips, starts), folds/<fold>/<role>/<seed>/ (weights.pt, log.csv, predictions.npz; int8: bundle/),
    metrics.json, bundle/.
    """

    folder: Path

    def job(self, fold: str, role: str, number: int) -> Path:
        """Return the folder of one training (teacher member or student seed)."""
        return self.folder / "folds" / fold.replace(" ", "-") / role / str(number)

    def teacher_outputs(self, fold: str) -> Path:
        """Return the folder of the teachers' outputs for a fold's training clips."""
        return self.folder / "folds" / fold.replace(" ", "-") / "teacher"

    def of_clips(self, store: str) -> None:
        """Record which clips the run uses; raises `UserError` if it was started with others (the recordings changed since)."""
        self._note("clips", store, "recordings")

    def of_starts(self, starts: Mapping[int, Start]) -> None:
        """Record each seed's initial weights; raises `UserError` if the run was started with others (that run changed since)."""
        if starts:
            self._note("starts", {str(seed): asdict(start) for seed, start in starts.items()}, "weights of student.init")

    def start(self, seed: int) -> Start | None:
        """Return the recorded initial weights of this seed's students; None for fresh ones."""
        record = self.folder / "run.json"
        noted = _read_record(record).get("starts", {}).get(str(seed)) if record.is_file() else None
        return noted and Start(**noted)

    def _note(self, key: str, value: Any, what: str) -> None:
        record = self.folder / "run.json"
        values = _read_record(record)
        if values.setdefault(key, value) != value:
            raise UserError(f"{self.folder}: its run was started with other {what} (they changed since); give another --out")
        write_json(record, values)

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.json"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


@contextlib.contextmanager
def open_run(folder: Path, recipe: Recipe, data: Path, resume: bool) -> Iterator[Run]:
    """Open a run directory and lock it for this process.

    Raises: `UserError` when another process writes it, when it holds a run and `resume` is not asked for, or when the run in it was made
    with another recipe.
    """
    with hold(folder):
        record = folder / "run.json"
        wanted = {"recipe": recipe.model_dump(), "data": str(data)}
        if record.is_file():
            if not resume:
                raise UserError(f"{folder}: holds a run already; add --resume to go on with it, or give another --out")
            if check(Recipe, _read_record(record)["recipe"], record) != recipe:
                raise UserError(f"{folder}: its run was made with another recipe (or other --set, --seed); give another --out")
        else:
            write_json(record, wanted)
        try:
            yield Run(folder)
        except BaseException:
            if not (folder / "folds").exists():  # nothing was trained: leave no trace that would refuse the corrected run
                record.unlink(missing_ok=True)
            raise


def read_run(folder: Path) -> tuple[Run, Recipe, Path]:
    """Return a run on disk: its paths, resolved recipe and data folder. Raises `UserError` if the folder holds no run."""
    record = Path(folder) / "run.json"
    if not record.is_file():
        raise UserError(f"{folder}: not a run, it holds no run.json; 'featherfall distill' makes one")
    values = _read_record(record)
    return Run(Path(folder)), check(Recipe, values["recipe"], record), Path(values["data"])


def _read_record(file: Path) -> dict[str, Any]:
    """Return the content of a run.json, with its recipe and data; raises `UserError` for another file of that name."""
    values = read_json(file)
    if not isinstance(values, dict) or not isinstance(values.get("data"), str) or "recipe" not in values:
        raise UserError(f"{file}: not the record of a run (keys recipe and data); give the folder of a run")
    return values
