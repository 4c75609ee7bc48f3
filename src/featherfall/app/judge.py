"""A file and a model -> what is shown. One small function a kind of model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from featherfall.app.analysis import Analysis, Progress
from featherfall.app.models import EATS, Model, choose
from featherfall.app.of_camera import of_camera
from featherfall.app.of_detector import of_boxes, of_detector
from featherfall.app.of_film import of_film, of_picture, of_posture
from featherfall.app.of_sensor import of_sensor
from featherfall.core.errors import UserError
from featherfall.runtime.sources.csv import CsvOptions
from featherfall.signals.picture_file import SUFFIXES

PICTURES = set(SUFFIXES)
TABLES = {".csv", ".txt"}
FILMS = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".3gp", ".ts"}
Look = Callable[[Path, str, Model, Path, bool, Progress], Analysis]
OF_FILMS: dict[str, Look] = {"keypoints": of_camera, "detector": of_detector, "film": of_film, "picture": of_film}
OF_PICTURES: dict[str, Look] = {"keypoints": of_posture, "detector": of_boxes, "picture": of_picture}
_HINT = re.compile(r"[;,]? ?(?:and )?(?:state|or give|give)[^;]*--[^;]*")


def what_is(name: str) -> str:
    """ "table", "film" or "picture", by a file's name; raises `UserError` for others."""
    suffix = Path(name).suffix.lower()
    for what, suffixes in (("table", TABLES), ("picture", PICTURES), ("film", FILMS)):
        if suffix in suffixes:
            return what
    raise UserError(f"{name}: neither a film (mp4, mov, ...) nor a picture (jpg, png) nor a table (csv)")


def judge(
    path: Path,
    name: str,
    models: Sequence[Model],
    folder: Path,
    *,
    model: Model | None = None,
    private: bool = False,
    table: CsvOptions | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Look at a file.

    Arguments:
        path: where it lies. name: what its owner calls it, for the messages.
        models: those on offer.
        folder: for what the browser plays; new and empty.
        model: None takes the first of `models` that looks at such files.
        private: nothing of the pictures is kept or shown, keypoints on black.
    Raises: `UserError`, one line that names the file; `Cancelled`.
    """
    progress, table = progress or Progress(), table or CsvOptions()
    what = what_is(name)
    chosen = model or choose(models, what)
    if chosen.kind not in EATS[what]:
        right = choose(models, what)
        raise UserError(f"{name}: the model {chosen.name!r} does not look at such files; choose {right.label!r}")
    try:
        if what == "table":
            return of_sensor(path, name, chosen, table, progress)
        look = {"film": OF_FILMS, "picture": OF_PICTURES}[what][chosen.kind]
        return look(path, name, chosen, folder, private, progress)
    except UserError as error:
        raise UserError(in_page(str(error), path, name)) from error


def in_page(message: str, path: Path, name: str) -> str:
    """A message of the command line for who sees no command line: the file's own name, no options."""
    said = message.replace(str(path), name)
    return _HINT.sub("", said) + "; choose the columns and units below" if _HINT.search(said) else said
