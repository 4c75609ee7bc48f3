"""Datasets: one reader each, from a folder as published to Recordings::

dataset = datasets.open("weda-fall", data_dir)
recording = dataset.sources[0].load()
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.tables import nearest

from . import aihub, berkeley_mhad, kfall, le2i, mmact, omnifall, pictures, sisfall, smartfallmm, up_fall, urfd, utd_mhad, weda_fall
from . import folder as own_folder
from .dataset import Dataset, Source
from .pictures import LOOK, by_names, with_looks
from .projected import reader as projected
from .views import each_view, joined

__all__ = ["READERS", "Dataset", "Reader", "Source", "by_names", "each_view", "fitted", "names", "open", "open_for"]


class Reader(Protocol):
    """What a reader's module has: names of the dataset and its folder, a line about it, an example of its files, its streams, `scan`."""

    NAME: str
    FOLDER: str
    SUMMARY: str
    LAYOUT: str
    STREAMS: tuple[str, ...]

    def scan(self, folder: Path) -> Dataset: ...


READERS: dict[str, Reader] = {
    "utd-mhad": utd_mhad,
    "weda-fall": weda_fall,
    "smartfallmm": smartfallmm,
    "sisfall": sisfall,
    "kfall": kfall,
    "up-fall": up_fall,
    "urfd": urfd,
    "berkeley-mhad": berkeley_mhad,
    "mmact": mmact,
    "aihub": aihub,
    "le2i": le2i,
    "omnifall": omnifall,
    "projected": projected,
    **pictures.READERS,
    "folder": own_folder,
}


def names() -> tuple[str, ...]:
    """Names that `open` knows."""
    return tuple(READERS)


def open_for(recipe: Recipe, data_dir: str | Path) -> Dataset:
    """The dataset that a recipe is about, as its labels and clips need it. Raises `UserError` as `open` and `by_names`."""
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
        return joined([open(part.strip(), data_dir) for part in name.split("+")])
    key = name.lower().replace("_", "-")
    if key not in READERS:
        raise UserError(f"unknown dataset {name!r}; {nearest(key, names())}")
    reader = READERS[key]
    path = Path(data_dir) / (reader.FOLDER if folder is None else folder)
    own = key in pictures.READERS or Path(data_dir).name == reader.FOLDER  # sets of pictures are often one's own
    if folder is None and not path.exists() and own:
        path = Path(data_dir)
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; give --data the folder that holds {reader.FOLDER or 'recordings.csv'}")
    dataset = reader.scan(path)
    if not dataset.sources:
        raise UserError(f"{path}: no recordings of {key} in this folder; expected files like {reader.LAYOUT}")
    return dataset
