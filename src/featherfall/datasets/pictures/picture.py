"""One picture as a source: a film of one picture, with its boxes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from featherfall.core.recording import Box, Recording, Video
from featherfall.datasets.dataset import Side, Source
from featherfall.datasets.streams import make_recording
from featherfall.signals.picture_file import is_image_file

from .names import activity_of, shows_fall

VIEW = "cam0"
FOLDERS = "folders"  # the published split that folders make
FOLDER = "folder"  # the trait that holds a picture's folder: train, valid or test

_SPLITS = dict.fromkeys(("train", "training"), "train")
_SPLITS |= dict.fromkeys(("val", "valid", "validation"), "valid")
_SPLITS |= dict.fromkeys(("test", "testing"), "test")
_ENDINGS = re.compile(r"([_.](png|jpe?g|bmp|webp))+$", re.IGNORECASE)


def pictures_below(folder: Path) -> list[Path]:
    """Return picture files in a fixed order, hidden folders left out."""
    found = (path for path in folder.rglob("*") if is_image_file(path) and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def split_of(parts: Iterable[str]) -> str | None:
    """ "train", "valid" or "test" by the names of the folders above a picture, the nearest first; None where none says it."""
    return next((_SPLITS[part.lower()] for part in reversed(list(parts)) if part.lower() in _SPLITS), None)


def stem_of(path: Path) -> str:
    """Return the name of the picture that a file was made of: before Roboflow's ".rf.", without the endings that it writes into names."""
    name = path.name if ".rf." in path.name else path.stem
    return _ENDINGS.sub("", name.split(".rf.", 1)[0]) or path.stem


def picture_source(
    dataset: str, path: Path, subject: str, names: Sequence[str], boxes: Sequence[Box], labels: Path | None, folder: str | None
) -> Source:
    """Return the source of one picture file.

    Arguments:
        names: class names of the picture; those of `boxes`, or the picture's own.
        labels: the file that the boxes come from.
        folder: "train", "valid", "test", or None.
    """
    shown = tuple(dict.fromkeys(names))
    return Source(
        dataset=dataset,
        subject=subject,
        activity=activity_of(shown),
        trial=folder or "all",
        fall=shows_fall(shown),
        files=(path,) if labels is None else (path, labels),
        traits={FOLDER: folder} if folder else {},
        read=partial(read, boxes=tuple(boxes)),
        roles=(VIEW,) if labels is None else (VIEW, "labels"),
        names=shown,
    )


def read(source: Source, boxes: tuple[Box, ...]) -> Recording:
    """Return the recording of a picture: its file and boxes."""
    return replace(make_recording(source, {}, {VIEW: Video(source.files[0], images=True)}), boxes=boxes)


def numbered(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Return sources with ids that differ: augmented siblings in one folder become "train", "train-2", ..."""
    seen: Counter[str] = Counter()
    out = []
    for source in sources:
        seen[source.id] += 1
        count = seen[source.id]
        out.append(source if count == 1 else replace(source, trial=f"{source.trial}-{count}"))
    return tuple(out)


def folder_splits(sources: Sequence[Source]) -> dict[str, Callable[[Source], Side]]:
    """Return the split by folders, if any: "test" is the test side, or "valid" where there is no folder "test"."""
    there = {source.traits.get(FOLDER) for source in sources}
    for last in ("test", "valid"):
        if last in there and len(there) > 1:
            return {FOLDERS: partial(_side, test=last)}
    return {}


def _side(source: Source, test: str) -> Side:
    return "test" if source.traits.get(FOLDER) == test else "train"


def leaks(folder: Path, sources: Sequence[Source]) -> list[str]:
    """Return one line about source pictures with versions in two folders of the published split."""
    where: dict[str, set[str]] = {}
    for source in sources:
        if FOLDER in source.traits:
            where.setdefault(source.subject, set()).add(source.traits[FOLDER])
    both = sorted(subject for subject, folders in where.items() if len(folders) > 1)
    if not both:
        return []
    sides = " and ".join(sorted(where[both[0]], reverse=True))
    return [
        f"{folder}: {len(both)} source picture(s) have versions in two folders of the split, such as {both[0]!r} in {sides}: that split "
        "leaks; split by subject"
    ]
