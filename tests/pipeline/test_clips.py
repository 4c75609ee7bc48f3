"""Parts of a pool of which nothing can be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import tiny_dataset, tiny_recipe

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.datasets import Dataset
from featherfall.datasets.views import join_datasets
from featherfall.pipeline.clips import make_clips
from featherfall.pipeline.progress import Show


def part(folder: Path, name: str, streams: list[str]) -> Dataset:
    opened = datasets.open("folder", tiny_dataset(folder / name, subjects=2, streams=streams))
    return replace(opened, name=name, sources=tuple(replace(source, dataset=name) for source in opened.sources))


def test_a_dataset_without_the_students_input(tmp_path: Path) -> None:
    pool = join_datasets([part(tmp_path, "first", ["accelerometer", "gyroscope", "skeleton"]), part(tmp_path, "second", ["gyroscope"])])
    with (
        Show(quiet=True) as show,
        pytest.raises(
            UserError,
            match=r"^second: none of its 6 recordings has the input 'accelerometer' \(accelerometer\); it has gyroscope; name one of "
            r'these in clip\.inputs\.accelerometer, or leave the dataset out: --set "dataset=first"$',
        ),
    ):
        make_clips(tiny_recipe(), pool, 1, show, tmp_path / "cache")


def test_a_dataset_that_cannot_be_read(tmp_path: Path) -> None:
    names = ["accelerometer", "gyroscope", "skeleton"]
    pool = join_datasets([part(tmp_path, "first", names), part(tmp_path, "second", names)])
    for path in (tmp_path / "second" / "data").glob("*-gyroscope.csv"):
        path.write_text("")
    with (
        Show(quiet=True) as show,
        pytest.raises(UserError, match=r"^second: none of its 6 recordings .*nothing that can be read.*dataset=first"),
    ):
        make_clips(tiny_recipe(), pool, 1, show, tmp_path / "cache")
