"""YOLO folders and Roboflow exports: pictures, a text file of boxes for each, class names in `data.yaml`.

`data.yaml` with `train/images/a.jpg` and `train/labels/a.txt`, or `images/train/a.jpg` and `labels/train/a.txt`, or both in one folder. The
paths that `data.yaml` states are those of the machine that wrote it: pictures are taken from where they lie. File names of Roboflow carry
".rf." and a hash: what stands before it names the source picture, whose augmented versions count as one subject. Where names begin with the
number of a film ("18_100288"), it is the trait "series".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.tables import read_text
from featherfall.datasets.dataset import Dataset, Reader, Source, Unlisted

from .data_yaml import Described, find_described, place
from .picture import folder_splits, leaks, numbered, picture_source, pictures_below, split_of, stem_of
from .yolo_labels import read_labels

SERIES = "series"
_NO_LABELS = {"classes.txt", "train.txt", "valid.txt", "val.txt", "test.txt", "requirements.txt", "notes.txt", "license.txt"}


@register("dataset", "yolo", pictures=True)
class YOLO(Reader):
    """Pictures with boxes: any YOLO folder or Roboflow export."""

    folder = "fall-images/roboflow"
    layout = "data.yaml, train/images/a.jpg and train/labels/a.txt"

    def scan(self, folder: Path) -> Dataset:
        """List the pictures below `folder` that have a label file; all others, and faults in label files, are reported in `problems`."""
        problems: list[str] = []
        sources: list[Source] = []
        described = find_described(folder, problems)
        for one in described:
            root = one.file.parent if pictures_below(one.file.parent) else folder
            inner = [other.file.parent for other in described if other is not one and root in other.file.parent.parents]
            sources += _export(root, one, inner, problems)
        if not described and pictures_below(folder):
            if problems:
                raise UserError(problems[0])
            raise UserError(f"{folder}: pictures, but no data.yaml or classes.txt with class names; write one, e.g. names: [fall, person]")
        names = tuple(dict.fromkeys(name for one in described for name in one.names.values()))
        problems += leaks(folder, sources)
        return Dataset(self.name, folder, numbered(sources), folder_splits(sources), tuple(problems), names)


def _export(root: Path, described: Described, inner: list[Path], problems: list[str]) -> list[Source]:
    stated = _stated(root, described, problems)
    sources, bare, used = [], [], set()
    for path in pictures_below(root):
        if any(folder in path.parents for folder in inner):
            continue
        labels = next((file for file in _label_files(path) if file.is_file()), None)
        if labels is None:
            bare.append(path)
            continue
        used.add(labels)
        notes: list[str] = []
        try:
            boxes = read_labels(labels, described.name, notes)
        except UserError as error:
            problems.append(Unlisted(f"{error}; its picture is left out"))
            continue
        problems += notes
        folder = stated.get(path) or split_of(path.relative_to(root).parts[:-1])
        source = picture_source(YOLO.name, path, stem_of(path), [box.name for box in boxes], boxes, labels, folder)
        sources.append(replace(source, traits={**source.traits, **_series(source.subject)}))
    if bare:
        first = bare[0].relative_to(root)
        line = f"{root}: {len(bare)} picture(s) without a label file, the first is {first}; they are left out"
        problems.append(Unlisted(line, len(bare)))
    lonely = [file for file in _label_like(root) if file not in used and not any(folder in file.parents for folder in inner)]
    if lonely:
        problems.append(f"{root}: {len(lonely)} label file(s) without a picture, the first is {lonely[0].relative_to(root)}")
    if empty := sum(not source.names for source in sources):
        problems.append(f"{root}: {empty} picture(s) with an empty label file: nothing to see in them, so no fall")
    return sources


def _series(stem: str) -> dict[str, str]:
    """Return the trait "series" of a file's name: "18" of "18_100288"."""
    head, underscore, _ = stem.partition("_")
    return {SERIES: head} if head and underscore else {}


def _label_files(path: Path) -> list[Path]:
    """Return the possible label files of a picture: in "labels" in place of "images", or beside it."""
    parts = list(path.with_suffix(".txt").parts)
    at = [i for i, part in enumerate(parts[:-1]) if part.lower() == "images"]
    moved = [Path(*parts[: at[-1]], "labels", *parts[at[-1] + 1 :])] if at else []
    return [*moved, path.with_suffix(".txt")]


def _label_like(root: Path) -> list[Path]:
    """Return text files in folders called "labels"."""
    found = (file for file in root.rglob("*.txt") if "labels" in (part.lower() for part in file.relative_to(root).parts[:-1]))
    return sorted(file for file in found if file.name.lower() not in _NO_LABELS)


def _stated(root: Path, described: Described, problems: list[str]) -> dict[Path, str]:
    """Return the part of each picture that is in a folder or on a list of `data.yaml`, where that exists."""
    stated: dict[Path, str] = {}
    for part, text in described.parts:
        where = place(root, text)
        if where is None:
            if text.lower().endswith(".txt"):
                problems.append(f"{described.file}: {part}: no file {text!r} here; folders say which pictures are for what")
        elif where.is_dir():
            stated |= dict.fromkeys(pictures_below(where), part)
        else:
            lines = [line for line in read_text(where).splitlines() if line.strip()]
            placed = [place(root, line) for line in lines]
            stated |= {path: part for path in placed if path is not None}
            if missing := [line for line, path in zip(lines, placed, strict=True) if path is None]:
                problems.append(f"{where}: {len(missing)} of {len(lines)} pictures are not here, the first is {missing[0][:80]!r}")
    return stated
