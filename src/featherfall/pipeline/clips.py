"""A recipe's recordings, clips and folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.clips.labelled import with_labels
from featherfall.clips.mapping import offers
from featherfall.clips.splits import Fold, copies_of, folds
from featherfall.clips.store import ClipStore, RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.datasets import Dataset, Source
from featherfall.pipeline.progress import Show


def open_data(recipe: Recipe, data: Path | Dataset) -> Dataset:
    """Return the dataset as the recipe's labels and clips need it.

    Arguments:
        data: folder that holds datasets by their usual names, or a dataset that was opened or made in Python.
    """
    return datasets.fitted(recipe, data) if isinstance(data, Dataset) else datasets.open_for(recipe, data)


def make_clips(recipe: Recipe, dataset: Dataset, workers: int, show: Show, cache: Path | None = None) -> ClipStore:
    """Return the recipe's clips, from the cache or cut now."""
    bar = show.stage("clips", len(dataset.sources))
    store = prepare_clips(dataset, recipe.clip, recipe.student.network.inputs, cache=cache, workers=workers, progress=bar.at)
    bar.at(len(dataset.sources), len(dataset.sources), f"{len(store)} clips of {len(store.recordings)} recordings")
    _refuse_unused(recipe, dataset, store)
    return store


def _refuse_unused(recipe: Recipe, dataset: Dataset, store: ClipStore) -> None:
    """Raise `UserError` for a part of a pool of which no recording could be used: its people would be missing without a word."""
    parts = dict.fromkeys(source.dataset for source in dataset.sources)
    used = {recording.dataset for recording in store.recordings}
    for name in (name for name in parts if name not in used):
        mine = replace(dataset, sources=tuple(source for source in dataset.sources if source.dataset == name))
        has = sorted(one.name for known in offers(mine).values() for one in known)
        without = f'leave the dataset out: --set "dataset={" + ".join(one for one in parts if one in used)}"'
        for needed in (one for one in recipe.clip.names if one in (*recipe.student.network.inputs, *recipe.clip.require)):
            behind = recipe.clip.behind(needed)
            if not set(behind) & set(has):
                raise UserError(
                    f"{name}: none of its {len(mine.sources)} recordings has the input {needed!r} ({' or '.join(behind)}); it has "
                    f"{', '.join(has) or 'nothing that can be read'}; name one of these in clip.inputs.{needed}, or {without}"
                )
        raise UserError(
            f"{name}: none of its {len(mine.sources)} recordings can be used; 'featherfall data inspect {name}' says why; mend it, "
            f"or {without}"
        )


def make_folds(recipe: Recipe, dataset: Dataset, store: ClipStore) -> list[Fold]:
    """Return the folds of the recipe's protocol.

    Still pictures are not compared: `data inspect` names copies, and `split.group: look` keeps them, and pictures that only look alike, on
    one side.
    """
    still = recipe.clip.reference in recipe.clip.films and recipe.clip.films[recipe.clip.reference].frames == 1
    copies = [] if still else copies_of(store.recordings)
    by_id = {source.id: source for source in dataset.sources}

    def of_recordings(side: Callable[[Source], str]) -> Callable[[RecordingFacts], str]:
        return lambda recording: side(by_id[recording.id])

    published = {name: of_recordings(side) for name, side in dataset.splits.items()}
    found = folds(store.recordings, recipe.split, published, copies)
    return [with_labels(fold, store.recordings, recipe.split, recipe.labels) for fold in found]
