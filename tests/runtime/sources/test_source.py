"""One place opens every source, by name or by what a path or an object is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.films import gray_film
from tests.runtime.drop import write_camera_bundle
from tests.runtime.tiny import INPUT, motion, recording, write_bundle, write_csv

from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.registry import register
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.sources.source import Recorded, open_recording, open_source, source_of

FALL = ((8.0, 4.0),)


@pytest.fixture
def worn(tmp_path: Path) -> Manifest:
    return read_manifest(write_bundle(tmp_path / "worn"))


@pytest.fixture
def camera(tmp_path: Path) -> Manifest:
    return read_manifest(write_camera_bundle(tmp_path / "camera"))


def test_built_in_sources_are_registered() -> None:
    assert {"array", "csv", "film"} <= set(registry.known_names("source"))
    assert all(entry.summary for entry in registry.catalogue("source"))


def test_a_source_is_chosen_by_what_it_is(worn: Manifest, camera: Manifest) -> None:
    for spec, manifest, name in (
        ("walk.csv", worn, "csv"), (Path("walk.dat"), worn, "csv"), ("x.mp4", camera, "film"), ("walk.csv", camera, "film"),
        (np.zeros((5, 3)), worn, "array"), ({"ax": []}, worn, "array"), (Video(Path("x.mp4")), camera, "film"),
    ):  # fmt: skip
        assert source_of(spec, manifest) == name
    with pytest.raises(UserError, match="no source for ftp://; known: array, "):
        source_of("ftp://broker/wrist", worn)
    assert source_of("mqtt://broker/wrist", worn) == "mqtt"


def test_all_ways_in_give_the_same_prediction(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    times = np.arange(1000) / 50
    values = motion(times, FALL)
    ways: list[tuple[Any, dict[str, Any]]] = [
        (recording(impacts=FALL), {}),
        (write_csv(tmp_path / "fall.csv", 50, FALL), {}),
        (str(write_csv(tmp_path / "bare.csv", 50, FALL, factor=9.80665)), {"unit": "m/s2"}),
        (values * 9.80665, {"rate": 50, "unit": "m/s2"}),
        ({"time": times, "ax": values[:, 0], "ay": values[:, 1], "az": values[:, 2]}, {}),
    ]
    for data, options in ways:
        prediction = bundle.predict(data, **options)
        (event,) = prediction.events
        assert prediction.label == "fall" and event.start_s == pytest.approx(8.0, abs=0.021)


def test_options_that_a_source_does_not_have(tmp_path: Path, worn: Manifest) -> None:
    file = write_csv(tmp_path / "fall.csv", 50, FALL)
    with pytest.raises(UserError, match=r"source 'csv': got an unexpected keyword argument 'speed'; leave it out"):
        open_source(file, worn, speed=3)
    with pytest.raises(UserError, match="unknown source 'csw'; did you mean 'csv'"):
        open_source(file, worn, source="csw")


def test_samples_come_in_packets_and_are_all_there(tmp_path: Path, worn: Manifest) -> None:
    source = open_source(write_csv(tmp_path / "fall.csv", 50, FALL), worn)
    packets = list(source.samples())
    assert len(packets) == 20 and not list(source.frames())
    np.testing.assert_allclose(np.concatenate([one.times for one in packets]), np.arange(1000) / 50, atol=1e-9)
    np.testing.assert_allclose(
        np.concatenate([one.values["accelerometer"] for one in packets]), motion(np.arange(1000) / 50, FALL), atol=1e-5
    )


def test_a_gap_holds_no_packets() -> None:
    times = np.concatenate([np.arange(100) / 50, 1e9 + np.arange(100) / 50])
    stream = Stream(times, np.zeros((200, 3), np.float32), "g", 50.0)
    packets = list(Recorded("gap", Recording("", "", "", "gap", {"accelerometer": stream})).samples())
    assert [len(one.times) for one in packets] == [50, 50, 50, 50]
    np.testing.assert_array_equal(np.concatenate([one.times for one in packets]), times)


def test_frames_of_a_film(tmp_path: Path, camera: Manifest) -> None:
    source = open_source(gray_film(tmp_path / "film.mp4", 20), camera)  # 2 s at 10 Hz
    assert source.name == str(tmp_path / "film.mp4") and not list(source.samples())
    assert [frame.time for frame in source.frames(rate=5.0)] == pytest.approx(np.arange(10) / 5)


def test_a_bundle_that_needs_more_than_a_film(tmp_path: Path) -> None:
    eyes = {"name": "camera", "unit": "rgb8", "channels": ["red", "green", "blue"], "frames": 4, "size": 16}
    manifest = read_manifest(write_bundle(tmp_path / "both", kind="film")).model_copy(
        update={"inputs": Manifest.model_validate_json((tmp_path / "both" / "manifest.json").read_text()).inputs}
    )
    both = Manifest.model_validate(manifest.model_dump() | {"inputs": [eyes, INPUT]})
    with pytest.raises(UserError, match=r"x\.mp4: the bundle needs camera, accelerometer at once; evaluate it on a dataset instead"):
        open_source("x.mp4", both)


def test_a_live_source_is_no_recording(worn: Manifest) -> None:
    @register("source", "test_endless", gives="samples")
    def endless(spec: object, manifest: Manifest) -> Any:
        return type("Endless", (), {"name": "endless"})()

    try:
        with pytest.raises(UserError, match="endless: a live source has no end; watch it instead"):
            open_recording("anything", worn, source="test_endless")
    finally:
        registry._objects.pop(("source", "test_endless"))
        registry._own.pop(("source", "test_endless"))


def test_a_source_of_another_opens_paths_by_their_ending(worn: Manifest, tmp_path: Path) -> None:
    @register("source", "test_knocks", gives="samples", suffixes=[".knock"])
    def knocks(spec: str, manifest: Manifest, **options: Any) -> Recorded:
        return Recorded(str(spec), recording(impacts=FALL))

    try:
        assert isinstance(open_recording(tmp_path / "a.knock", worn), Recording)
        assert load_bundle(tmp_path / "worn").predict(tmp_path / "a.knock").label == "fall"
    finally:
        registry._objects.pop(("source", "test_knocks"))
        registry._own.pop(("source", "test_knocks"))
