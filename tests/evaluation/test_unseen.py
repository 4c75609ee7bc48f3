"""Which recordings a bundle is evaluated on, by where it comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.boxes import detector_without_model

from featherfall import datasets
from featherfall.core.manifest import Manifest
from featherfall.datasets import Dataset
from featherfall.evaluation.unseen import unseen


@pytest.fixture(scope="module")
def dataset(tiny: Path) -> Dataset:
    return datasets.open("folder", tiny)


def manifest(dataset: str, split: dict[str, Any] | None = None, **provenance: Any) -> Manifest:
    split = split or {"protocol": "kfold", "list": None}
    recipe = {"recipe": {"dataset": dataset, "split": split}}
    return detector_without_model().manifest.model_copy(update={"provenance": recipe | provenance})


def test_another_dataset_is_taken_whole(dataset: Dataset) -> None:
    assert unseen(dataset, manifest("up-fall", trained_on=["S1"])) == (dataset.sources, [])
    assert unseen(dataset, detector_without_model().manifest) == (dataset.sources, [])


def test_on_its_own_dataset_only_the_published_test_side(dataset: Dataset) -> None:
    published = replace(dataset, splits={"odd": lambda source: "test" if source.subject in ("S1", "S3") else "train"})
    sources, notes = unseen(published, manifest("folder", {"protocol": "published", "list": "odd"}, trained_on=["S2"]))
    assert {source.subject for source in sources} == {"S1", "S3"} and notes == []


def test_on_its_own_dataset_only_who_was_not_trained_on(dataset: Dataset) -> None:
    sources, notes = unseen(dataset, manifest("Folder", trained_on=["S1", "S4"]))
    assert {source.subject for source in sources} == {"S2", "S3"} and notes == []


@pytest.mark.parametrize(
    ("name", "trained_on"),
    [("folder", ["S1", "S2", "S3", "S4"]), ("folder", []), ("Folder + up_fall", ["folder-S1", "up-fall-1"])],
    ids=["everybody", "nobody knows", "a part"],
)
def test_trained_on_says_so(dataset: Dataset, name: str, trained_on: list[str]) -> None:
    sources, (note,) = unseen(dataset, manifest(name, trained_on=trained_on))
    assert len(sources) == 12 and "not an honest figure" in note


def test_names_in_any_spelling(dataset: Dataset) -> None:
    _, (note,) = unseen(replace(dataset, name="up-fall"), manifest("UP_Fall"))
    assert "not an honest figure" in note
