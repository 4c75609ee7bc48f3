"""Choose the analyser of a file by its type and the model's kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from featherfall.app.analysers.people_film import analyse_people_film
from featherfall.app.analysers.picture import classify_picture, detect_in_picture, show_keypoints
from featherfall.app.analysers.recording import analyse_recording
from featherfall.app.analysers.request import AnalysisRequest
from featherfall.app.analysers.window_film import analyse_window_film
from featherfall.app.analysis import Analysis, TaskProgress
from featherfall.app.models import KINDS_BY_MEDIA, MediaType, OfferedModel, choose_model
from featherfall.core.errors import UserError
from featherfall.core.manifest import BundleKind
from featherfall.recorders.reading import ReadOptions
from featherfall.signals.picture_file import SUFFIXES

SUFFIXES_BY_MEDIA: dict[MediaType, set[str]] = {
    "table": {".csv", ".txt", ".tsv", ".gz", ".zip", ".json", ".cwa", ".gt3x", ".bin"},
    "picture": set(SUFFIXES),
    "film": {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".3gp", ".ts"},
}
ANALYSERS: dict[MediaType, dict[BundleKind, Callable[[AnalysisRequest], Analysis]]] = {
    "table": {"window": analyse_recording},
    "film": {
        "keypoints": analyse_people_film,
        "detector": analyse_people_film,
        "film": analyse_window_film,
        "picture": analyse_window_film,
    },
    "picture": {"keypoints": show_keypoints, "detector": detect_in_picture, "picture": classify_picture},
}
# The part of a runtime message that suggests command-line options.
_OPTION_HINT = re.compile(r"[;,]? ?(?:and )?(?:state|or give|give)[^;]*--[^;]*")

# One that suggests a value, which has a field of its own on the page.
_VALUE_HINT = re.compile(r"state --(unit|counts-per-g) (?:\w+=)?(\S+)$")


def media_type(name: str) -> MediaType:
    """Return the type of a file by the suffix of its name; raises `UserError` for an unknown one."""
    suffix = Path(name).suffix.lower()
    for media, suffixes in SUFFIXES_BY_MEDIA.items():
        if suffix in suffixes:
            return media
    raise UserError(f"{name}: neither a film (mp4, mov, ...) nor a picture (jpg, png) nor a table (csv)")


def analyse_file(
    path: Path,
    name: str,
    models: Sequence[OfferedModel],
    folder: Path,
    *,
    model: OfferedModel | None = None,
    private: bool = False,
    table: ReadOptions | None = None,
    progress: TaskProgress | None = None,
) -> Analysis:
    """Analyse a file.

    Arguments:
        models: the models on offer.
        model: None takes the first of `models` that accepts such files.
        path, name, folder, private, table, progress: as `AnalysisRequest`.
    Raises: `UserError`, one line that names the file; `Cancelled`.
    """
    media = media_type(name)
    chosen = model or choose_model(models, media)
    if chosen.kind not in KINDS_BY_MEDIA[media]:
        suitable = choose_model(models, media)
        raise UserError(f"{name}: the model {chosen.name!r} does not accept such files; choose {suitable.label!r}")
    request = AnalysisRequest(path, name, chosen, folder, private, table or ReadOptions(), progress or TaskProgress())
    try:
        return ANALYSERS[media][chosen.kind](request)
    except UserError as error:
        raise UserError(page_message(str(error), path, name)) from error


def page_message(message: str, path: Path, name: str) -> str:
    """Return a runtime message for the page: the user's name of the file, and the page's fields in place of command-line options."""
    text = message.replace(str(path), name)
    stated = _VALUE_HINT.search(text)
    if stated:
        field = "unit" if stated[1] == "unit" else "counts a g"
        return _VALUE_HINT.sub(f"choose the {field} {stated[2]} below", text)
    return _OPTION_HINT.sub("", text) + "; choose the columns and units below" if _OPTION_HINT.search(text) else text
