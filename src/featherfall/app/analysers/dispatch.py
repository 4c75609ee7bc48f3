"""Choose the analyser of a file by its type and the model's kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from featherfall.app.analysers.people_film import analyse_people_film
from featherfall.app.analysers.picture import classify_picture, detect_in_picture, show_keypoints
from featherfall.app.analysers.recording import analyse_recording
from featherfall.app.analysers.request import AnalysisRequest
from featherfall.app.analysers.window_film import analyse_window_film
from featherfall.app.analysis import Analysis
from featherfall.app.models import KINDS_BY_MEDIA, MediaType, OfferedModel, choose_model
from featherfall.core.errors import UserError
from featherfall.core.manifest import BundleKind
from featherfall.signals.picture_file import SUFFIXES

SUFFIXES_BY_MEDIA: dict[MediaType, set[str]] = {
    "table": {".csv", ".txt", ".tsv", ".dat", ".log", ".json", ".gz", ".zip", ".cwa", ".gt3x", ".bin"},
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
TABLE_FIELDS, FILM_FIELDS = "How the table is read", "How the film is read"
# The page's fields by the option of `featherfall predict` that messages of the runtime name.
FIELD_LABELS = {
    "columns": "{}",
    "unit": "Unit of {}",
    "time": "Time column",
    "time-unit": "Unit of the time",
    "rate": "Rate",
    "dates": "Order of day and month",
    "counts-per-g": "Counts for 1 g",
    "recorder": "Written by",
    "placement-ok": "Judge it wherever it was worn",
    "rotate": "Turn the film by",
    "stream": "Number of the video stream",
}
_OPTION = re.compile(
    rf"(?P<add>add )?--(?P<name>{'|'.join(sorted(FIELD_LABELS, key=len, reverse=True))})"
    r"(?: (?!(?:or|and|in|out|to|for|overrules|reads|gives|without|should)\b)(?P<value>[\w=/.][\w=/.,]*(?<![.,])))?"
)


def media_type(name: str) -> MediaType:
    """Return the type of a file by the suffix of its name; raises `UserError` for an unknown one."""
    suffix = Path(name).suffix.lower()
    for media, suffixes in SUFFIXES_BY_MEDIA.items():
        if suffix in suffixes:
            return media
    raise UserError(f"{name}: neither a film (mp4, mov, ...) nor a picture (jpg, png) nor the file of a sensor (csv, txt, json, zip, ...)")


def analyse_file(
    path: Path,
    name: str,
    models: Sequence[OfferedModel],
    folder: Path,
    *,
    model: OfferedModel | None = None,
    **how: Any,
) -> Analysis:
    """Analyse a file.

    Arguments:
        models: the models on offer.
        model: None takes the first of `models` that accepts such files.
        path, name, folder, and how: as `AnalysisRequest`'s.
    Raises: `UserError`, one line that names the file; `Cancelled`.
    """
    media = media_type(name)
    chosen = model or choose_model(models, media)
    if chosen.kind not in KINDS_BY_MEDIA[media]:
        suitable = choose_model(models, media)
        raise UserError(f"{name}: the model {chosen.name!r} does not accept such files; choose {suitable.label!r}")
    request = AnalysisRequest(path, name, chosen, folder, **how)
    try:
        found = ANALYSERS[media][chosen.kind](request)
    except UserError as error:
        raise UserError(page_message(str(error), path, name)) from error
    return replace(found, notes=tuple(page_message(note, path, name) for note in found.notes))


def page_message(message: str, path: Path, name: str) -> str:
    """Return a runtime message for the page: the user's name of the file, and the page's fields in place of command-line options."""
    text, count = _OPTION.subn(_field, message.replace(str(path), name))
    if not count:
        return text
    fields = FILM_FIELDS if media_type(name) == "film" else TABLE_FIELDS
    return f'{text}; see "{fields}"'


def _field(option: re.Match[str]) -> str:
    """Return the field that stands for an option, and the value of it that a message names."""
    name, value = option["name"], option["value"] or ""
    of, _, stated = value.rpartition("=")
    label = FIELD_LABELS[name].format(of)
    end = f" {stated}" if stated and not stated.isupper() else ""
    return f'{"tick " if option["add"] else ""}"{label}"{end}'
