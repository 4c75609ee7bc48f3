"""Files of datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def xlsx(root: Path, file: Path) -> object:
    from featherfall.datasets.xlsx import read_sheet

    return read_sheet(file)


def mat(root: Path, file: Path) -> object:
    from featherfall.datasets.mat import read_matrix

    return read_matrix(file, "d_iner", (None, 6))


def list(root: Path, file: Path) -> object:
    from featherfall.datasets.lists import read_list

    return read_list(file)


def dataset(name: str) -> Callable[[Path, Path], object]:
    def read(root: Path, file: Path) -> object:
        """Scan a small data set and read its first recordings."""
        from featherfall import datasets

        dataset = datasets.reader(name).scan(root)
        for source in dataset.sources[:4]:
            for split in dataset.splits.values():
                split(source)
            source.load()
        return dataset

    return read
