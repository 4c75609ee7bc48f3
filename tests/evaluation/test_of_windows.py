"""A bundle on recordings, by the runtime: its fall logit grows with the highest magnitude (see `tests.runtime.tiny`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tests.conftest import tiny_dataset
from tests.runtime.perceive.test_images import bright_bundle
from tests.runtime.tiny import write_bundle
from tests.stills import write
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.main import app
from featherfall.clips.mapping import Choice
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import sha256, write_json
from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import evaluate
from featherfall.runtime import Bundle, load_bundle

WINDOW = {"kind": "impact", "length": 64, "rate": 50.0}


@pytest.fixture(scope="module")
def dataset(tiny: Path) -> Dataset:
    return datasets.open("folder", tiny)


def bundle(folder: Path, **changes: object) -> Bundle:
    return load_bundle(write_bundle(folder, window=WINDOW, **changes))


def with_labels_swapped(folder: Path) -> Path:
    """Turn the model's outputs and the manifest's labels around."""
    file = folder / "float32.onnx"
    model = onnx.load(file)
    (gains,) = (one for one in model.graph.initializer if one.name == "gains")
    gains.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(gains)[:, ::-1].copy(), "gains"))
    onnx.save(model, file)
    manifest = read_json(folder / "manifest.json")
    write_json(folder / "manifest.json", manifest | {"labels": manifest["labels"][::-1], "sha256": {file.name: sha256(file)}})
    return folder


def test_by_hand(dataset: Dataset, tmp_path: Path) -> None:
    """Four subjects: each fall hits with about 4 g, above the model's 2.5 g; sitting with 2 g; walking never triggers."""
    seen: list[tuple[int, int]] = []
    out = evaluate(bundle(tmp_path / "bundle"), dataset, progress=lambda done, total: seen.append((done, total)))
    assert out["metrics"]["sensitivity"] == out["metrics"]["precision"] == out["metrics"]["event_f1"] == 1
    assert out["counts"]["recordings"] == 12 and out["counts"]["falls"] == 4 and out["notes"] == []
    assert (out["bundle"], out["model"], out["dataset"]) == ("tiny", "float32", "folder")
    assert seen == [(i, 12) for i in range(1, 13)]


def test_recordings_that_nobody_labelled_take_no_part(dataset: Dataset, tmp_path: Path) -> None:
    """An unlabelled fall would count as a false alarm."""
    sources = tuple(replace(one, activity="", fall=False) if one.subject == "S1" else one for one in dataset.sources)
    out = evaluate(bundle(tmp_path / "bundle"), replace(dataset, sources=sources))
    assert out["counts"]["recordings"] == 9 and out["metrics"]["precision"] == 1
    assert out["notes"] == ["3 recording(s) without an activity took no part: nobody labelled them"]


def test_the_order_of_a_bundles_labels_has_no_meaning(dataset: Dataset, tmp_path: Path) -> None:
    straight = bundle(tmp_path / "straight")
    write_bundle(tmp_path / "swapped", window=WINDOW)
    swapped = load_bundle(with_labels_swapped(tmp_path / "swapped"))
    assert (straight.manifest.labels, swapped.manifest.labels) == (["fall", "other"], ["other", "fall"])
    first, second = (evaluate(one, dataset) for one in (straight, swapped))
    assert second["metrics"] == pytest.approx(first["metrics"]) and second["counts"] == first["counts"]


def test_streams_by_the_names_of_the_recipe(dataset: Dataset, tmp_path: Path) -> None:
    worn = {"name": "worn_accelerometer", "unit": "g", "channels": ["x", "y", "z"]}
    window = {"kind": "sliding", "length": 40, "rate": 25}
    inputs = {"worn_accelerometer": "accelerometer"}
    recipe = {"dataset": "another", "clip": {"window": window, "inputs": inputs, "reference": "worn_accelerometer"}}
    opened = bundle(tmp_path / "bundle", inputs=[worn], provenance={"recipe": recipe})
    assert evaluate(opened, dataset)["metrics"]["f1"] == 1


def test_pictures_by_the_names_of_the_recipe(tmp_path: Path) -> None:
    for name, colour in (("lying/a.png", 250), ("lying/b.png", 240), ("fall/c.png", 10)):
        picture = np.full((20, 20, 3), colour, np.uint8)
        picture[:8, :8] = 255 - colour  # one colour everywhere shows nothing
        write(tmp_path / "data" / name, picture)
    clip = {"window": {"kind": "trial", "length": 8}, "films": {"camera": {"view": "cam0", "frames": 1}}, "reference": "camera"}
    recipe = {"dataset": "another", "clip": clip, "labels": {"names": {"fall": ["lying"], "not_fall": ["fall"]}}}
    opened = bright_bundle(tmp_path / "bundle", provenance={"recipe": recipe})
    out = evaluate(opened, datasets.open("class-folders", tmp_path / "data"))
    assert out["counts"]["falls"] == 2 and out["metrics"]["sensitivity"] == out["metrics"]["specificity"] == 1 and out["notes"] == []


def test_what_cannot_be_evaluated_is_noted(tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer", "gyroscope"], lacking=[("S1", "accelerometer")])
    out = evaluate(bundle(tmp_path / "bundle"), datasets.open("folder", data))
    assert out["counts"]["recordings"] == 3
    (note,) = out["notes"]
    assert note.startswith("left out: 3 of 6; 3 x S1/") and (out["left_out"]["count"], out["left_out"]["unreadable"]) == (3, 0)
    none = bundle(tmp_path / "none", inputs=[{"name": "barometer", "unit": "1", "channels": ["p"]}])
    with pytest.raises(UserError, match=r"no stream for the input 'barometer' \(1, 1 channel\(s\)\); it has "):
        evaluate(none, datasets.open("folder", data))
    (tmp_path / "data" / "data" / "S2-sit-0-accelerometer.csv").write_text("")
    sitting = replace(datasets.open("folder", data), sources=tuple(one for one in datasets.open("folder", data).sources if "sit" in one.id))
    with pytest.raises(UserError, match=r"no stream for the input 'accelerometer'.*\(not all recordings can be read: .*S2-sit-0"):
        evaluate(bundle(tmp_path / "other"), sitting)
    sitting = replace(sitting, sources=sitting.sources[1:])
    with pytest.raises(UserError, match=r"no recording could be evaluated; .*S2-sit-0"):
        evaluate(bundle(tmp_path / "third"), sitting)


def test_too_many_recordings_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=4, streams=["accelerometer"])
    opened = bundle(tmp_path / "bundle")
    for number, subject in enumerate(("S2", "S3"), start=1):
        (data / "data" / f"{subject}-sit-0-accelerometer.csv").write_text("")
        if number == 1:
            assert evaluate(opened, datasets.open("folder", data))["left_out"]["count"] == 1  # 1 of 12: said, and not too many
    with pytest.raises(UserError, match=r"2 of 12 recordings cannot be used, more than 10 % \(2 x .*S2-sit-0-.*--allow-skipped"):
        evaluate(opened, datasets.open("folder", data))
    out = evaluate(opened, datasets.open("folder", data), allow_skipped=True)
    assert out["counts"]["recordings"] == 10 and out["notes"][0].startswith("left out: 2 of 12; 2 x data/S2-sit-0-accelerometer.csv: ")


def test_a_model_that_gives_no_numbers_is_no_result(dataset: Dataset, tmp_path: Path) -> None:
    broken = load_bundle(write_bundle(tmp_path / "broken", window=WINDOW, gain=float("nan")))
    with pytest.raises(UserError, match=r"8 of 12 recordings cannot be used, .*the model gave no probabilities"):
        evaluate(broken, dataset)


def elsewhere(folder: Path, placement: str, stream: str = "belt_accelerometer") -> Dataset:
    """`tiny_dataset` with its accelerometer under another name and worn at another place."""
    tiny_dataset(folder, subjects=2, streams=["accelerometer", "gyroscope"])
    for file in (folder / "streams.yaml", folder / "recordings.csv"):
        head, _, rest = file.read_text().partition("\n" if file.suffix == ".csv" else "\0")
        file.write_text(head.replace("accelerometer", stream).replace("left wrist", placement) + ("\n" + rest if rest else ""))
    return datasets.open("folder", folder)


def test_another_datasets_names_and_placements(tmp_path: Path) -> None:
    opened = bundle(tmp_path / "bundle")  # for the left wrist
    out = evaluate(opened, elsewhere(tmp_path / "same", "right wrist", "watch"))
    assert out["metrics"]["f1"] == 1 and out["notes"] == []
    assert out["inputs"] == [{"input": "accelerometer", "dataset": "folder", "stream": "watch", "placement": "right wrist"}]
    waist = elsewhere(tmp_path / "waist", "waist")
    with pytest.raises(UserError, match=r"no stream worn at the left wrist.*belt_accelerometer \(waist\).*add --placement-ok$"):
        evaluate(opened, waist)
    out = evaluate(opened, waist, choice=Choice(placement_ok=True))
    assert out["metrics"]["f1"] == 1
    assert out["notes"] == ["folder: belt_accelerometer is worn at the waist, the bundle was trained for the left wrist"]
    out = evaluate(opened, elsewhere(tmp_path / "unknown", '""'))
    assert out["notes"] == ["folder: it is not stated where belt_accelerometer is worn; the bundle was trained for the left wrist"]


def test_the_command_maps_and_says_what_it_took(tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", window=WINDOW)
    elsewhere(tmp_path / "data", "left wrist")
    words = ["evaluate", str(tmp_path / "bundle"), "--dataset", "folder", "--data", str(tmp_path / "data")]
    said = CliRunner().invoke(app, [*words, "--map", "accelerometer=belt_accelerometer"])
    assert said.exit_code == 0 and "accelerometer <- folder: belt_accelerometer (left wrist)" in said.stdout
    for bad, complaint in ((["--map", "accelerometer"], "expected INPUT=STREAM"), (["--map", "a=b", "--map", "a=c"], "given twice")):
        refused = CliRunner().invoke(app, [*words, *bad])
        assert isinstance(refused.exception, UserError) and complaint in str(refused.exception)


def test_nothing_is_mapped_for_films(tmp_path: Path) -> None:
    detector = bundle(tmp_path / "bundle", kind="detector", format=2)
    with pytest.raises(UserError, match="--map: bundle 'tiny' is evaluated on the pictures of the dataset, there is nothing to map; leave"):
        evaluate(detector, Dataset("none", tmp_path, ()), choice=Choice({"accelerometer": "a"}))


def test_activities_that_a_bundle_does_not_know(dataset: Dataset, tmp_path: Path) -> None:
    opened = bundle(tmp_path / "bundle", task="activity", labels=["fall", "sit"], positive=None)
    out = evaluate(opened, dataset)
    assert out["metrics"]["accuracy"] == 1 and out["counts"]["recordings"] == 8
    (note,) = out["notes"]
    assert note == "left out: 4 of 12; 4 x S1/walk/0: activity 'walk' is not among the bundle's labels"
