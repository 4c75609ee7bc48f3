"""Bundles that look at pixels: of single pictures, and detectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, save
from tests.films import halves
from tests.runtime.perceive.test_images import SIZE, bright_bundle

from featherfall.app.analysers.dispatch import analyse_file
from featherfall.app.analysis import TaskProgress
from featherfall.app.live import LiveCamera
from featherfall.app.models import OfferedModel, open_models
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.recording import Video
from featherfall.runtime.perceive.detector import NO_PEOPLE
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import read_frames

pytest.importorskip("av")


def box_bundle(folder: Path, threshold: float = 0.4) -> Path:
    """A real detector of one person: upright in dark pictures, lying in bright ones; scores .9 (1 - bright) and .9 bright."""
    folder.mkdir(parents=True)
    up, down = np.array([0.4, 0.1, 0.6, 0.9], np.float32), np.array([0.2, 0.7, 0.8, 0.95], np.float32)
    nodes = [
        helper.make_node("Cast", ["camera"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "most"], ["bright"]),
        helper.make_node("Reshape", ["bright", "shape"], ["b"]),
        helper.make_node("Mul", ["b", "way"], ["moved"]),
        helper.make_node("Add", ["up", "moved"], ["boxes"]),
        helper.make_node("Mul", ["b", "slopes"], ["part"]),
        helper.make_node("Add", ["offsets", "part"], ["scores"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [4], [1, 2, 3, 4]),
        helper.make_tensor("shape", TensorProto.INT64, [3], [-1, 1, 1]),
        helper.make_tensor("most", TensorProto.FLOAT, [1], [255.0]),
        helper.make_tensor("up", TensorProto.FLOAT, [4], up.tolist()),
        helper.make_tensor("way", TensorProto.FLOAT, [4], (down - up).tolist()),
        helper.make_tensor("offsets", TensorProto.FLOAT, [2], [0.9, 0.0]),
        helper.make_tensor("slopes", TensorProto.FLOAT, [2], [-0.9, 0.9]),
    ]
    eats = [helper.make_tensor_value_info("camera", TensorProto.UINT8, ["batch", 1, SIZE, SIZE, 3])]
    gives = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 1, 2]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["batch", 1, 4]),
    ]
    graph = helper.make_graph(nodes, "box", eats, gives, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), folder / "float32.onnx")
    manifest = {
        "name": "box",
        "task": "detect",
        "inputs": [{"name": "camera", "unit": "rgb8", "channels": ["red", "green", "blue"], "frames": 1, "size": SIZE}],
        "window": {"kind": "trial", "length": 8},
        "labels": ["not_fall", "fall"],
        "positive": "fall",
        "decision": {"threshold": threshold},
        "models": [{"file": "float32.onnx", "precision": "float32", "bytes": 1}],
        "sha256": {"float32.onnx": sha256(folder / "float32.onnx")},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def gray(path: Path, level: int) -> Path:
    from PIL import Image

    Image.fromarray(halves(level, 60, 80, by=15)).save(path)
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[OfferedModel]:
    """A detector and a model of single pictures."""
    home = tmp_path_factory.mktemp("pictures")
    bright_bundle(home / "bright")
    return open_models([box_bundle(home / "box"), home / "bright"])


@pytest.fixture(scope="module")
def dusk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dark seconds, three bright ones."""
    path = tmp_path_factory.mktemp("dusk") / "dusk.mp4"
    with film_writer(path) as add:
        for k in range(60):
            add(k / 10, halves(20 if k < 30 else 235, 64, 96, by=15))
    return path


def test_kinds(pair: list[OfferedModel]) -> None:
    assert [one.kind for one in pair] == ["detector", "picture"]


def test_a_picture_for_a_model_of_pictures(pair: list[OfferedModel], tmp_path: Path) -> None:
    for level, falls in ((140, 1), (100, 0)):
        shown = analyse_file(gray(tmp_path / "x.png", level), "x.png", pair, tmp_path, model=pair[1])
        assert len(shown.decide(0.5)) == falls and shown.media.picture is not None and shown.seconds == 0
        assert shown.decide(0.0) and not shown.decide(0.999)
        assert "not that they fell" in shown.notes[1]
    private = analyse_file(gray(tmp_path / "x.png", 140), "x.png", pair, tmp_path, model=pair[1], private=True)
    assert private.media.picture is None and len(private.decide(0.5)) == 1


def test_a_film_for_a_model_of_pictures(pair: list[OfferedModel], dusk: Path, tmp_path: Path) -> None:
    shown = analyse_file(dusk, "dusk.mp4", pair, tmp_path, model=pair[1])
    (fall,) = shown.decide(0.5)
    assert fall.time_s == pytest.approx(3.0, abs=0.25) and shown.media.film is not None
    assert analyse_file(dusk, "dusk.mp4", pair, tmp_path, model=pair[1], private=True).media.film is None


def test_a_picture_for_a_detector(pair: list[OfferedModel], tmp_path: Path) -> None:
    shown = analyse_file(gray(tmp_path / "x.png", 230), "x.png", pair, tmp_path)
    (fall,) = shown.decide(0.4)
    assert shown.model == "box" and "looks fallen" in fall.text and fall.facts["score"] == pytest.approx(0.9 * 230 / 255, abs=0.01)
    assert shown.notes[0] == "1 person found." and "left" in shown.to_csv(0.4).splitlines()[0] and not shown.decide(0.85)
    assert shown.draw is not None and np.asarray(load(shown.draw(tmp_path / "out.jpg", 0.4, True, TaskProgress()))).mean() < 60


def test_a_picture_in_which_a_detector_finds_nobody(tmp_path: Path) -> None:
    models = open_models([box_bundle(tmp_path / "box", threshold=0.6)])
    shown = analyse_file(gray(tmp_path / "x.png", 128), "x.png", models, tmp_path)  # both scores are .45
    assert shown.label == "unknown" and not shown.judged and shown.notes == (NO_PEOPLE,)
    assert shown.headline(shown.decide(0.5)) == "No people found"
    assert shown.headline(shown.decide(0.4)) == "One possible fall"  # a lower threshold on the page


def load(path: Path) -> np.ndarray:
    return next(iter(read_frames(Video(path, images=True)))).image


def test_a_film_for_a_detector(pair: list[OfferedModel], dusk: Path, tmp_path: Path) -> None:
    shown = analyse_file(dusk, "dusk.mp4", pair, tmp_path)
    (fall,) = shown.decide(0.4)
    assert 4.0 < fall.facts["raised_s"] < 5.5 and shown.line == 0.5 and shown.timeline("a", 0.4)["threshold"] == 0.5
    assert not shown.decide(0.89)  # nobody is found
    assert shown.media.poses is not None and shown.draw is not None
    value = json.loads(shown.media.poses.read_text())
    assert value["boxes"] and {len(person) for people in value["people"] for person in people} == {6}
    assert (value["people"][0][0][1], value["people"][-1][0][1]) == (0, 1)
    drawn = list(read_frames(Video(shown.draw(tmp_path / "out.mp4", 0.4, False, TaskProgress()))))
    assert len(drawn) == len(value["times"])


def test_a_film_for_a_detector_gives_what_the_runtime_gives(pair: list[OfferedModel], dusk: Path, tmp_path: Path) -> None:
    from featherfall.runtime.watch import watch_film

    shown, by_runtime = analyse_file(dusk, "dusk.mp4", pair, tmp_path), watch_film(dusk, pair[0].bundle)
    found = shown.decide(shown.threshold or 0)
    assert [one.facts["raised_s"] for one in found] == [round(fall.raised_s, 3) for fall in by_runtime.falls] and len(found) == 1
    assert np.array_equal(shown.curves[0].values, by_runtime.curve[:, 2]) and shown.seconds == by_runtime.seconds


def test_a_detector_at_a_webcam(pair: list[OfferedModel], dusk: Path) -> None:
    import io

    from PIL import Image

    source = LiveCamera(pair[0])
    for frame in read_frames(Video(dusk)):
        body = io.BytesIO()
        Image.fromarray(frame.image).save(body, "JPEG")
        said = source.take(frame.time, body.getvalue())
    (fall,) = said["line"]["events"]
    assert said["boxes"] and len(said["people"][0]) == 6 and said["line"]["threshold"] == 0.5 and 3.0 < fall["mark_s"] < 5.0


def test_the_wrong_model_for_a_file(pair: list[OfferedModel], tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("t,x,y,z\n")
    with pytest.raises(UserError, match="no open model accepts the motion of a watch"):
        analyse_file(tmp_path / "x.csv", "x.csv", pair, tmp_path)
