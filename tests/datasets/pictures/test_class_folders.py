"""A picture a file, a folder a class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.stills import still

from featherfall import datasets
from featherfall.core.errors import UserError


def test_folders_are_classes_below_parts(tmp_path: Path) -> None:
    for name in ("train/fall/1.jpg", "train/walking/1.jpg", "val/fall/2.jpg", "test/walking/3.png", "train/loose.jpg", ".cache/fall/9.jpg"):
        still(tmp_path / name)
    dataset = datasets.open("class-folders", tmp_path)
    assert {source.id: source.fall for source in dataset.sources} == {
        "walking 3/walking/test": False,
        "fall 1/fall/train": True,
        "walking 1/walking/train": False,
        "fall 2/fall/valid": True,
    }
    assert dataset.class_names == ("fall", "walking")
    assert Counter(map(dataset.splits["folders"], dataset.sources)) == {"train": 3, "test": 1}
    assert dataset.problems == (
        f"{tmp_path}: 1 picture(s) in no folder that names their class, such as train/loose.jpg; they are left out",
    )
    assert dataset.sources[0].load().boxes == ()


def test_without_parts_and_with_versions_of_one_picture(tmp_path: Path) -> None:
    for name in ("falling/a_jpg.rf.1.jpg", "falling/a_jpg.rf.2.jpg", "other/b.jpg"):
        still(tmp_path / name)
    dataset = datasets.open("class-folders", tmp_path)
    assert [source.id for source in dataset.sources] == ["falling a/falling/all", "falling a/falling/all-2", "other b/other/all"]
    assert not dataset.splits and not dataset.problems


def test_nothing_inside(tmp_path: Path) -> None:
    (tmp_path / "yolo").mkdir()
    (tmp_path / "yolo" / "data.yaml").write_text("names: [fall]\n")
    with pytest.raises(UserError, match=r"has a data\.yaml, .* open it as 'yolo'"):
        datasets.open("class-folders", tmp_path / "yolo")
    with pytest.raises(UserError, match="no recordings of class-folders"):
        datasets.open("class-folders", tmp_path)
