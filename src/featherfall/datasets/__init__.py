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
from .missing import MissingPartsError, settings_without
from .pictures import LOOK, by_names, with_looks
from .settle import settle_layout
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
    """Open the dataset that a recipe is about, as its labels and clips need it. Raises `UserError` as `open` and `by_names`.

    Where parts of a pool are missing, the message says with which `--set` the recipe runs without them.
    """
    try:
        return fitted(recipe, open(recipe.dataset, data_dir, recipe.folder))
    except MissingPartsError as error:
        changes = settings_without(recipe, [open(name, data_dir) for name in error.present])
        settings = " ".join(f'--set "{change}"' for change in changes)
        raise UserError(error.with_mend(f"go on without: {settings}" if settings else "")) from None


def fitted(recipe: Recipe, dataset: Dataset) -> Dataset:
    """Return a dataset as the labels and clips of a recipe need it. Raises `UserError` as `by_names`."""
    if recipe.labels.by == "fall":
        dataset = by_names(dataset, recipe.labels.names)
    if recipe.split.group == LOOK:
        dataset = with_looks(dataset)
    return each_view(dataset) if recipe.clip.each_view else dataset


def open(name: str, data_dir: str | Path, folder: str | Path | None = None) -> Dataset:
    """Scan a dataset. Nothing but names, small tables and a few recordings, which show whether the unit is right, is read yet.

    Arguments:
        name: one of `names()`, in any case; or several, joined by " + ", e.g. "urfd + up-fall".
        data_dir: the folder that holds datasets by their usual folder names; for "folder" the user's own folder itself, and for
            pictures, too, where that is not there.
        folder: the dataset's folder where it is not the usual one; relative to `data_dir`.
    Raises: `UserError` for an unknown name, for a folder that is missing or holds no recording, and where most recordings contradict their
        unit.
    """
    if "+" in name:
        if folder is not None:
            raise UserError(f"dataset {name!r} is several, which cannot share the folder {str(folder)!r}; leave 'folder' out")
        parts = [reader(part.strip()) for part in name.split("+")]
        missing = [one for one in parts if not _place(one, Path(data_dir)).is_dir()]
        if missing:
            raise MissingPartsError(Path(data_dir), missing, [one.name for one in parts if one not in missing])
        return join_datasets([open(one.name, data_dir) for one in parts])
    one = reader(name)
    path = _place(one, Path(data_dir)) if folder is None else Path(data_dir) / folder
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; give --data the folder that holds {one.folder or 'recordings.csv'}")
    dataset = one.scan(path)
    if not dataset.sources:
        raise UserError(f"{path}: no recordings of {one.name} in this folder; expected files like {one.layout}")
    if any("accelerometer" in stream for stream in one.streams):
        settle_layout(dataset)
    return dataset


def _place(one: Reader, data_dir: Path) -> Path:
    """Return the folder of a dataset: the usual one below `data_dir`, or that itself."""
    path = data_dir / one.folder
    own = registry.facts("dataset", one.name).get("pictures") or data_dir.name == one.folder  # sets of pictures are often one's own
    return data_dir if own and not path.exists() else path
