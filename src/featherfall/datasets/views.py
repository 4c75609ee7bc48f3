"""Films of one recording as recordings of their own, and several datasets as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording

from .dataset import Dataset, Source

SCENE = "scene"  # the trait that holds the recording's id, the same for all its views, so that no split separates them
_VIEW = "each"  # the film's name in each of them


def each_view(dataset: Dataset) -> Dataset:
    """Return each film of each recording as a recording of its own, whose id ends with "@" and the camera; others are left out.

    The film's name is then `_VIEW`; the trait `SCENE` keeps them together.
    """
    sources = [_view(source, view) for source in dataset.sources for view in cameras(source)]
    if not sources:
        raise UserError(f"{dataset.folder}: no recording has a film")
    return replace(dataset, sources=tuple(sources))


def cameras(source: Source) -> list[str]:
    """Return names of the films that a source has: its roles that begin with "cam"."""
    return sorted({role for role in source.roles if role.startswith("cam")})


def _view(source: Source, view: str) -> Source:
    mine = [i for i, role in enumerate(source.roles) if role == view or not role.startswith("cam")]
    return replace(
        source,
        trial=f"{source.trial}@{view}",
        files=tuple(source.files[i] for i in mine),
        roles=tuple(source.roles[i] for i in mine),
        traits={**source.traits, SCENE: source.id},
        read=partial(_read_view, whole=source, view=view),
    )


def _read_view(source: Source, whole: Source, view: str) -> Recording:
    recording = _load(whole)
    return replace(recording, trial=source.trial, traits=source.traits, videos={_VIEW: recording.videos[view]})


@lru_cache(maxsize=1)  # the views of one recording are read one after the other, and their sensors are the same
def _load(whole: Source) -> Recording:
    return whole.load()


def join_datasets(parts: Sequence[Dataset]) -> Dataset:
    """Join datasets: subjects get their dataset's name as a prefix ("urfd-S1"), and published splits are dropped."""
    sources = [
        replace(source, subject=f"{source.dataset}-{source.subject}", read=partial(_read_joined, whole=source))
        for part in parts
        for source in part.sources
    ]
    problems = tuple(problem for part in parts for problem in part.problems)
    class_names = tuple(dict.fromkeys(name for part in parts for name in part.class_names))
    name = "+".join(part.name for part in parts)
    return Dataset(name, parts[0].folder.parent, tuple(sources), problems=problems, class_names=class_names)


def _read_joined(source: Source, whole: Source) -> Recording:
    return replace(whole.load(), subject=source.subject)
