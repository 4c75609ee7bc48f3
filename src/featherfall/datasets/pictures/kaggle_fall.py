"""Kaggle "fall-detection-dataset" (uttejkumarkandagatla): `images/{train,val}` and `labels/{train,val}` in YOLO's format.

The class is taken from the file name ("fall001.jpg", "not fallen001.png"): copies are about whose label files were rewritten to one class
("pessoa"). A box keeps its place and bears the file name's class. Pictures come from all over the web, so each is a subject of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.datasets.dataset import Dataset, Reader, Source, Unlisted

from .picture import folder_splits, leaks, numbered, picture_source, pictures_below, split_of, stem_of
from .yolo_labels import read_labels

FALL, NOT_FALLEN = "fall", "not fallen"
_FALL = re.compile(r"fall(en)?[ _-]*\(?\d", re.IGNORECASE)
_NOT = re.compile(r"not[ _-]*fall(en)?[ _-]*\(?\d", re.IGNORECASE)


@register("dataset", "kaggle-fall", pictures=True)
class KaggleFall(Reader):
    """Pictures of people who fell and who did not, with boxes."""

    folder = "fall-images/kaggle"
    layout = "images/train/fall001.jpg, images/train/not fallen001.png and labels/train/fall001.txt"

    def scan(self, folder: Path) -> Dataset:
        """List the pictures below `images` folders whose names state their class; the others are reported in `problems`."""
        problems: list[str] = []
        sources: list[Source] = []
        bare: list[Path] = []
        unknown: list[Path] = []
        for path in pictures_below(folder):
            if "images" not in path.relative_to(folder.parent).parts[:-1]:
                continue
            name = class_of(path.name)
            if name is None:
                unknown.append(path)
                continue
            labels = _labels_of(path)
            boxes = []
            if labels.is_file():
                try:
                    boxes = read_labels(labels, lambda _, name=name: name, problems)  # type: ignore[misc]
                except UserError as error:
                    problems.append(f"{error}; the picture stays, without boxes")
            else:
                bare.append(path)
            folder_name = split_of(path.relative_to(folder).parts[:-1])
            sources.append(picture_source(self.name, path, stem_of(path), [name], boxes, labels if labels.is_file() else None, folder_name))
        if unknown:
            line = f"{folder}: {len(unknown)} picture(s) called neither fall nor not fallen, such as {unknown[0].name}; left out"
            problems.append(Unlisted(line, len(unknown)))
        if bare:
            problems.append(f"{folder}: {len(bare)} picture(s) without a label file, such as {bare[0].name}; they stay, without boxes")
        problems += leaks(folder, sources)
        return Dataset(self.name, folder, numbered(sources), folder_splits(sources), tuple(problems), (FALL, NOT_FALLEN))


def class_of(name: str) -> str | None:
    """Return the class in a file's name; None where there is none."""
    return NOT_FALLEN if _NOT.match(name) else FALL if _FALL.match(name) else None


def _labels_of(path: Path) -> Path:
    parts = list(path.with_suffix(".txt").parts)
    at = max(i for i, part in enumerate(parts[:-1]) if part == "images")
    return Path(*parts[:at], "labels", *parts[at + 1 :])
