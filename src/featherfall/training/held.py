"""The training clips of one fold, held for the next training on it: making views takes a tenth of a training's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from featherfall.clips.store import ClipStore
from featherfall.core.training_settings import Augment
from featherfall.training.data import Clips, load_clips


@dataclass(frozen=True)
class _Key:
    """What decides on the views of clips, whichever inputs are read."""

    store: str
    index: bytes
    labels: bytes
    views: tuple[float, ...]


_held: dict[_Key, Clips] = {}  # one entry at most: a fold's clips with all their views can take a gigabyte


def hold_clips(
    store: ClipStore, index: np.ndarray, labels: np.ndarray, names: Sequence[str], augment: Augment, *, teacher_only: bool
) -> Clips:
    """Return as `data.load_clips`, from memory where the last clips were the same with at least these inputs and views.

    Views do not depend on which inputs are asked for (`views.make_views`), so that the values are the same to the bit. The tensors are
    shared: they must not be changed in place.
    """
    clips = held_clips(store, index, labels, names, augment, teacher_only=teacher_only)
    if clips is None:
        forget_clips()  # before others are made: both may not fit in memory
        clips = load_clips(store, index, labels, names, augment, teacher_only=teacher_only)
        _held[_key(store, index, labels, augment, teacher_only)] = clips
    return clips


def held_clips(
    store: ClipStore, index: np.ndarray, labels: np.ndarray, names: Sequence[str], augment: Augment, *, teacher_only: bool
) -> Clips | None:
    """Return as `hold_clips` what is in memory; None where that is something else."""
    clips = _held.get(_key(store, index, labels, augment, teacher_only))
    return None if clips is None or not set(names) <= clips.present.keys() else _only(clips, names)


def _key(store: ClipStore, index: np.ndarray, labels: np.ndarray, augment: Augment, teacher_only: bool) -> _Key:
    more = (augment.blends, augment.reversed) if teacher_only else (0, 0)
    return _Key(str(store.folder), index.tobytes(), labels.tobytes(), (augment.views, augment.warp, augment.crop, *more))


def forget_clips() -> None:
    """Free the memory of held clips."""
    _held.clear()


def _only(clips: Clips, names: Sequence[str]) -> Clips:
    """Return the clips with only these inputs, in this order."""
    inputs = {name: clips.inputs[name] for name in names if name in clips.inputs}
    films = {name: clips.films[name] for name in names if name in clips.films}
    return replace(clips, inputs=inputs, films=films, present={name: clips.present[name] for name in names})
