"""Which pictures are falls, by the class names of what they show."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from featherfall.core.class_names import ClassNames, Meaning
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording
from featherfall.datasets.dataset import Dataset, Source

_NOTHING = "nothing"  # the activity of a picture in which nothing is marked

_FALL = "fall, falls, falling, fallen, fallen person, person fallen, fall detected, fall down, person fall, down"
_NOT_FALL = """not fall, not fallen, notfall, notfallen, no fall, nofall, non fall, normal, daily activity, adl, safe, stand, standing,
sit, sitting, walk, walking, move, moving, run, running, lie, lying, sleep, sleeping, bend, bending, crouch, crouching, squat, person,
people, human, man, woman, patient, pessoa"""
_IGNORE = "bed, chair, sofa, couch, table, walker, wheelchair, background"

COMMON_NAMES = ClassNames(fall=_FALL.split(", "), not_fall=_NOT_FALL.replace("\n", " ").split(", "), ignore=_IGNORE.split(", "))
"""Meanings of common names where no recipe states them: for inspecting data, not for training."""


def activity_of(names: tuple[str, ...]) -> str:
    """Return one picture's activity: "fall", "patient + sit", or "nothing"."""
    return " + ".join(sorted(names)) or _NOTHING


def shows_fall(names: tuple[str, ...], known: ClassNames = COMMON_NAMES) -> bool:
    """Return whether any of the names is a fall."""
    return any(known.meaning(name) == "fall" for name in names)


def meanings(dataset: Dataset, known: ClassNames | None = None) -> dict[str, Meaning | None]:
    """Return the meaning of each class name of a data set, None where not stated; by `COMMON_NAMES` unless `known` is given."""
    return {name: (known or COMMON_NAMES).meaning(name) for name in all_names(dataset)}


def all_names(dataset: Dataset) -> tuple[str, ...]:
    """Return class names that the data set declares, then those that only pictures show."""
    shown = sorted({name for source in dataset.sources for name in source.names})
    return tuple(dict.fromkeys([*dataset.class_names, *shown]))


def by_names(dataset: Dataset, known: ClassNames | None) -> Dataset:
    """Return the data set with falls as `labels.names` states them; data sets of sensors and films are returned unchanged.

    Names that are ignored no longer count to a picture's activity. Raises: `UserError` that lists the names, where not all are stated.
    """
    counts = Counter(name for source in dataset.sources for name in source.names)
    if not any(map(is_picture, dataset.sources)):
        if known is not None:
            raise UserError(f"{dataset.folder}: labels.names is for pictures, {dataset.name} has none; leave it out")
        return dataset
    if known is None:
        listed = ", ".join(f"{name!r} ({count} pictures)" for name, count in sorted(counts.items())) or "none in any picture"
        raise UserError(f"{dataset.name}: state in labels.names which class names are a fall, not_fall or to ignore; the data has {listed}")
    known.check(counts, dataset.name)
    return replace(dataset, sources=tuple(_mapped(source, known) if is_picture(source) else source for source in dataset.sources))


def is_picture(source: Source) -> bool:
    """Return whether a source is a still image: it has class names, or the activity of a picture without labels."""
    return bool(source.names) or source.activity == _NOTHING


def _mapped(source: Source, known: ClassNames) -> Source:
    names = tuple(name for name in source.names if known.meaning(name) != "ignore")
    return replace(
        source, activity=activity_of(names), fall=shows_fall(names, known), names=names, read=partial(_read_mapped, whole=source)
    )


def _read_mapped(source: Source, whole: Source) -> Recording:
    fall = FallTimes() if source.fall else None
    return replace(whole.load(), subject=source.subject, activity=source.activity, trial=source.trial, fall=fall)
