"""Which recordings a bundle is evaluated on: by their content, or by names where an older bundle holds no fingerprints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.boxes import detector_without_model

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset, Source
from featherfall.datasets.content import Content, contents, fingerprints_json
from featherfall.evaluation.unseen import unseen


@pytest.fixture(scope="module")
def dataset(tiny: Path) -> Dataset:
    return datasets.open("folder", tiny)


def of(recording: Recording) -> Sequence[Content]:
    return [contents(recording)["accelerometer"]]


def nothing(recording: Recording) -> Sequence[Content]:
    raise AssertionError("nothing is read where there is nothing to compare with")


def manifest(dataset: str, split: dict[str, Any] | None = None, **provenance: Any) -> Manifest:
    split = split or {"protocol": "kfold", "list": None}
    recipe = {"recipe": {"dataset": dataset, "split": split}}
    return detector_without_model().manifest.model_copy(update={"provenance": recipe | provenance})


def trained_on(dataset: Dataset, *subjects: str) -> dict[str, Any]:
    return fingerprints_json(of(source.load())[0] for source in dataset.sources if source.subject in subjects)


def renamed(dataset: Dataset, **names: str) -> Dataset:
    """The same recordings under other names of subjects."""
    return replace(dataset, sources=tuple(replace(one, subject=names.get(one.subject, one.subject)) for one in dataset.sources))


def test_names_accuse_nobody(dataset: Dataset, tmp_path: Path) -> None:
    """Another folder's S1 is somebody else."""
    known = manifest("folder", trained_on=["S1", "S2", "S3", "S4"], fingerprints=fingerprints_json([(2, 4, 6, 8)]))
    assert unseen(dataset, known, of) == (dataset.sources, [])


def test_people_are_left_out_by_their_recordings_whatever_their_names(dataset: Dataset) -> None:
    known = manifest("weda-fall", trained_on=["U1", "U2"], fingerprints=trained_on(dataset, "S1", "S4"))
    other = renamed(dataset, S1="anna", S2="S1")
    sources, (note,) = unseen(other, known, of)
    assert {source.subject for source in sources} == {"S1", "S3"} and len(sources) == 6
    assert note == "6 of 12 recordings are not evaluated: the bundle was trained on 6 of them, of 2 subject(s)"


def test_one_recording_leaves_the_whole_person_out_unless_the_split_is_by_recording(dataset: Dataset) -> None:
    one = fingerprints_json([of(dataset.sources[0].load())[0]])
    sources, _ = unseen(dataset, manifest("folder", fingerprints=one), of)
    assert {source.subject for source in sources} == {"S2", "S3", "S4"}
    sources, _ = unseen(dataset, manifest("folder", {"protocol": "kfold", "group": "recording"}, fingerprints=one), of)
    assert len(sources) == 11


def test_trained_on_all_of_them_says_so(dataset: Dataset) -> None:
    known = manifest("up-fall", fingerprints=trained_on(dataset, "S1", "S2", "S3", "S4"))
    sources, (note,) = unseen(dataset, known, of)
    assert len(sources) == 12 and "not an honest figure" in note


def test_what_cannot_be_read_is_not_known(dataset: Dataset) -> None:
    def broken(source: Source) -> Recording:
        raise UserError("broken")

    spoilt = replace(dataset, sources=(replace(dataset.sources[0], read=broken), *dataset.sources[1:]))
    sources, _ = unseen(spoilt, manifest("folder", fingerprints=trained_on(dataset, "S2")), of)
    assert spoilt.sources[0] in sources and len(sources) == 9


def test_on_its_own_dataset_only_the_published_test_side(dataset: Dataset) -> None:
    published = replace(dataset, splits={"odd": lambda source: "test" if source.subject in ("S1", "S3") else "train"})
    known = manifest("folder", {"protocol": "published", "list": "odd"}, trained_on=["S2"], fingerprints=trained_on(dataset, "S2"))
    sources, notes = unseen(published, known, nothing)
    assert {source.subject for source in sources} == {"S1", "S3"} and notes == []
    sources, _ = unseen(replace(published, name="up-fall"), known, of)  # a list of the same name of another dataset says nothing
    assert {source.subject for source in sources} == {"S1", "S3", "S4"}


@pytest.mark.parametrize(
    ("name", "trained_on"),
    [("folder", ["S1", "S2", "S3", "S4"]), ("folder", []), ("Folder + up_fall", ["folder-S1", "up-fall-1"])],
    ids=["everybody", "nobody knows", "a part"],
)
def test_older_bundles_cannot_tell_by_the_names_of_a_folder(dataset: Dataset, name: str, trained_on: list[str]) -> None:
    sources, (note,) = unseen(dataset, manifest(name, trained_on=trained_on), nothing)
    assert len(sources) == 12 and note.startswith("cannot tell whether the bundle was trained on these recordings")
    sources, (note,) = unseen(dataset, manifest("folder", fingerprints={"algorithm": "of tomorrow", "digests": ""}), nothing)
    assert note.startswith("cannot tell")


def test_older_bundles_are_evaluated_on_people_of_other_names(dataset: Dataset) -> None:
    sources, notes = unseen(dataset, manifest("Folder", trained_on=["S1", "S4"]), nothing)
    assert {source.subject for source in sources} == {"S2", "S3"} and notes == []


def test_another_dataset_is_taken_whole(dataset: Dataset) -> None:
    assert unseen(dataset, manifest("up-fall", trained_on=["S1"]), nothing) == (dataset.sources, [])
    assert unseen(dataset, detector_without_model().manifest, nothing) == (dataset.sources, [])


def test_older_bundles_of_published_datasets_go_by_names(dataset: Dataset) -> None:
    weda = replace(dataset, name="weda-fall")
    assert unseen(weda, manifest("up-fall", trained_on=["S1"]), nothing) == (weda.sources, [])
    sources, notes = unseen(weda, manifest("WEDA_fall", trained_on=["S1", "S4"]), nothing)
    assert {source.subject for source in sources} == {"S2", "S3"} and notes == []
    for known in (manifest("weda-fall", trained_on=["S1", "S2", "S3", "S4"]), manifest("weda_fall + up-fall", trained_on=["weda-fall-S1"])):
        sources, (note,) = unseen(weda, known, nothing)
        assert len(sources) == 12 and "not an honest figure" in note


def test_simulated_people_are_nobody_real(dataset: Dataset) -> None:
    assert unseen(dataset, manifest("folder", trained_on=["S1"], simulated=True), nothing) == (dataset.sources, [])


def test_provenance_that_is_no_provenance_says_nothing(dataset: Dataset) -> None:
    for wrong in (
        [],
        "x",
        {"recipe": []},
        {"recipe": {"split": 3, "dataset": ["a"]}},
        {"trained_on": 7, "dataset": {}, "fingerprints": [1]},
    ):
        known = detector_without_model().manifest.model_copy(update={"provenance": wrong})
        sources, _ = unseen(dataset, known, nothing)
        assert len(sources) == 12
