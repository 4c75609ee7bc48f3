"""The Kaggle set: the class is in the file's name, the box in the label file, whatever class that has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stills import still

from featherfall import datasets
from featherfall.core.recording import FallTimes
from featherfall.datasets.pictures import kaggle_fall
from featherfall.datasets.pictures.kaggle_fall import class_of


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("fall001.jpg", "fall"),
        ("Fall (12).png", "fall"),
        ("fallen_3.jpg", "fall"),
        ("not fallen001.png", "not fallen"),
        ("not_fallen-7.jpg", "not fallen"),
        ("notfall12.jpg", "not fallen"),
        ("falls.jpg", None),
        ("waterfall3.jpg", None),
        ("IMG_0001.jpg", None),
    ],
)
def test_the_class_is_in_the_name(name: str, known: str | None) -> None:
    assert class_of(name) == known


def test_boxes_keep_their_place_and_take_the_names_class(tmp_path: Path) -> None:
    for part, name, text in (
        ("train", "fall001", "0 0.5 0.5 0.5 0.5\n0 0.2 0.2 0.1 0.1\n"),
        ("train", "not fallen001", "0 0.5 0.5 0.5 0.5\n"),
        ("val", "fall002", ""),
        ("val", "not fallen002", "0 0.5 x 0.5 0.5\n"),
    ):
        still(tmp_path / "images" / part / f"{name}.png")
        (tmp_path / "labels" / part).mkdir(parents=True, exist_ok=True)
        (tmp_path / "labels" / part / f"{name}.txt").write_text(text)
    still(tmp_path / "images" / "val" / "fall003.jpg")
    still(tmp_path / "images" / "val" / "cat.jpg")
    (tmp_path / "data.yaml").write_text("path: C:\\detectHumans\\dataset\ntrain: train.txt\nnc: 1\nnames: ['pessoa']\n")
    dataset = datasets.open("kaggle-fall", tmp_path)
    assert {source.id: [box.name for box in source.load().boxes] for source in dataset.sources} == {
        "fall001/fall/train": ["fall", "fall"],
        "not fallen001/not fallen/train": ["not fallen"],
        "fall002/fall/valid": [],
        "fall003/fall/valid": [],
        "not fallen002/not fallen/valid": [],
    }
    assert [source.load().fall for source in dataset.sources if source.activity == "fall"] == [FallTimes()] * 3
    assert [dataset.splits["folders"](source) for source in dataset.sources] == ["train", "train", "test", "test", "test"]
    told = "\n".join(dataset.problems)
    assert "1 picture(s) called neither fall nor not fallen, such as cat.jpg; left out" in told
    assert "not fallen002.txt: row 1: 'x' is not a number; correct or delete the row; the picture stays, without boxes" in told
    assert "1 picture(s) without a label file, such as fall003.jpg; they stay, without boxes" in told and len(dataset.problems) == 3


def test_the_real_set(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("kaggle-fall", real("fall-images/kaggle"))
    assert (len(dataset.sources), sum(source.fall for source in dataset.sources), dataset.problems) == (111, 70, ())
    assert sum(len(source.load().boxes) for source in dataset.sources) == 113


def test_the_set_alone_in_the_folder_that_is_given(tmp_path: Path) -> None:
    still(tmp_path / "kaggle" / "images" / "train" / "fall1.jpg")
    assert (
        len(kaggle_fall.KaggleFall().scan(tmp_path / "kaggle").sources)
        == len(datasets.open("kaggle-fall", tmp_path / "kaggle").sources)
        == 1
    )
