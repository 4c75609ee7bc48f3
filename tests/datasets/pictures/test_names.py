"""Falls by the names that a recipe states."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from tests.conftest import tiny_dataset
from tests.stills import still

from featherfall import datasets
from featherfall.core.class_names import ClassNames
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.datasets.pictures.names import COMMON_NAMES, all_names, by_names, meanings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Five pictures: fall with bed, lie, bed alone, nothing, dog."""
    rows = {"a": "0 .5 .5 .2 .2\n1 .2 .2 .1 .1\n", "b": "2 .5 .5 .2 .2\n", "c": "1 .2 .2 .1 .1\n", "d": "", "e": "3 .5 .5 .2 .2\n"}
    for name, text in rows.items():
        still(tmp_path / "images" / f"{name}.jpg")
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / f"{name}.txt").write_text(text)
    (tmp_path / "data.yaml").write_text("names: [fall, bed, lie, dog, cat]\n")
    return tmp_path


def test_a_recipe_says_what_is_a_fall(data: Path) -> None:
    known = ClassNames(fall=["fall", "LIE"], not_fall=["dog"], ignore=["bed"])
    dataset = by_names(datasets.open("yolo", data), known)
    assert {source.subject: (source.activity, source.fall) for source in dataset.sources} == {
        "a": ("fall", True),
        "b": ("lie", True),
        "c": ("nothing", False),
        "d": ("nothing", False),
        "e": ("dog", False),
    }
    loaded = {source.subject: pickle.loads(pickle.dumps(source)).load() for source in dataset.sources}
    assert loaded["b"].fall == FallTimes() and loaded["b"].activity == "lie" and loaded["e"].fall is None
    assert [box.name for box in loaded["a"].boxes] == ["fall", "bed"]  # what is ignored is still there to see
    assert all(source.id == loaded[source.subject].id for source in dataset.sources)


def test_the_usual_words_until_a_recipe_says_it(data: Path) -> None:
    dataset = datasets.open("yolo", data)
    assert {source.subject for source in dataset.sources if source.fall} == {"a"}
    assert meanings(dataset) == {"fall": "fall", "bed": "ignore", "lie": "not_fall", "dog": None, "cat": None}
    assert COMMON_NAMES.meaning("Not Fallen") == "not_fall" and COMMON_NAMES.meaning("Fallen") == "fall"


def test_names_that_the_recipe_does_not_state(data: Path) -> None:
    dataset = datasets.open("yolo", data)
    with pytest.raises(UserError, match=r"yolo: labels\.names does not list 'bed', 'dog'"):
        by_names(dataset, ClassNames(fall=["fall"], not_fall=["lie"]))  # "cat" is in no picture
    with pytest.raises(UserError, match=r"state in labels\.names .* the data has 'bed' \(2 pictures\), 'dog' \(1"):
        by_names(dataset, None)


def test_pictures_that_show_nothing(data: Path) -> None:
    for file in (data / "labels").iterdir():
        file.write_text("")
    dataset = by_names(datasets.open("yolo", data), ClassNames(fall=["fall"]))
    assert len(dataset.sources) == 5 and not any(source.fall for source in dataset.sources)


def test_data_without_pictures(tiny: Path) -> None:
    dataset = datasets.open("folder", tiny)
    assert by_names(dataset, None) is dataset
    with pytest.raises(UserError, match=r"labels\.names is for pictures, folder has none"):
        by_names(dataset, ClassNames(fall=["fall"]))


def test_pictures_of_several_sets(data: Path, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    still(tmp_path / "all" / "fall-images" / "kaggle" / "images" / "train" / "fall1.jpg")
    data.joinpath("images").rename(tmp_path / "all" / "fall-images" / "images")
    target = tmp_path / "all" / "fall-images" / "roboflow"
    target.mkdir()
    for name in ("labels", "data.yaml"):
        (data / name).rename(target / name)
    (tmp_path / "all" / "fall-images" / "images").rename(target / "images")
    tiny_dataset(tmp_path / "all" / "own", subjects=1)
    dataset = datasets.open("yolo + kaggle-fall", tmp_path / "all")
    assert all_names(dataset) == ("fall", "bed", "lie", "dog", "cat", "not fallen")
    mapped = by_names(dataset, ClassNames(fall=["fall"], not_fall=["lie", "dog"], ignore=["bed"]))
    assert [(source.subject, source.fall) for source in mapped.sources if source.fall] == [("yolo-a", True), ("kaggle-fall-fall1", True)]
    assert mapped.sources[0].load().subject == "yolo-a" and mapped.sources[0].load().fall == FallTimes()
