"""Datasets: one reader each, from a folder as published to Recordings::

dataset = datasets.open("weda-fall", data_dir)
recording = dataset.sources[0].load()
"""

from __future__ import annotations

from pathlib import Path

from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe

from .dataset import Dataset, Reader, Source
from .pictures import LOOK, by_names, with_looks
from .views import each_view, join_datasets

__all__ = ["Dataset", "Reader", "Source", "by_names", "each_view", "fitted", "names", "open", "open_for", "reader"]


def names() -> tuple[str, ...]:
    """Return the names that `open` knows: recordings, then still pictures, each sorted."""
    pictures = {entry.name for entry in registry.catalogue("dataset") if entry.facts.get("pictures")}
    return tuple(sorted(registry.known_names("dataset"), key=lambda name: (name in pictures, name)))


def reader(name: str) -> Reader:
    """Return the reader of a dataset. Raises `UserError` for an unknown name."""
    found: type[Reader] = registry.find("dataset", name)
    return found()


def open_for(recipe: Recipe, data_dir: str | Path) -> Dataset:
    """Open the dataset that a recipe is about, as its labels and clips need it. Raises `UserError` as `open` and `by_names`."""
    return fitted(recipe, open(recipe.dataset, data_dir, recipe.folder))


def fitted(recipe: Recipe, dataset: Dataset) -> Dataset:
    """Return a dataset as the labels and clips of a recipe need it. Raises `UserError` as `by_names`."""
    if recipe.labels.by == "fall":
        dataset = by_names(dataset, recipe.labels.names)
    if recipe.split.group == LOOK:
        dataset = with_looks(dataset)
    return each_view(dataset) if recipe.clip.each_view else dataset


def open(name: str, data_dir: str | Path, folder: str | Path | None = None) -> Dataset:
    """Scan a dataset; nothing but names and small tables is read yet.

    Arguments:
        name: one of `names()`, in any case; or several, joined by " + ", e.g. "urfd + up-fall".
        data_dir: the folder that holds datasets by their usual folder names; for "folder" the user's own folder itself, and for
            pictures, too, where that is not there.
        folder: the dataset's folder where it is not the usual one; relative to `data_dir`.
    Raises: `UserError` for an unknown name, and for a folder that is missing or holds no recording.
    """
    if "+" in name:
        if folder is not None:
            raise UserError(f"dataset {name!r} is several, which cannot share the folder {str(folder)!r}; leave 'folder' out")
        return join_datasets([open(part.strip(), data_dir) for part in name.split("+")])
    one = reader(name)
    path = Path(data_dir) / (one.folder if folder is None else folder)
    own = registry.facts("dataset", one.name).get("pictures") or Path(data_dir).name == one.folder  # sets of pictures are often one's own
    if folder is None and not path.exists() and own:
        path = Path(data_dir)
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; give --data the folder that holds {one.folder or 'recordings.csv'}")
    dataset = one.scan(path)
    if not dataset.sources:
        raise UserError(f"{path}: no recordings of {one.name} in this folder; expected files like {one.layout}")
    return dataset
