"""Bundles of single pictures on stills and on films."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, save
from tests.films import gray_film, halves
from tests.runtime.drop import write_camera_bundle
from tests.stills import still, write

from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.perceive.images import PICTURE_BUNDLE
from featherfall.runtime.sources.film import pictures_in, read_film
from featherfall.runtime.watch import watch_film

SIZE = 16


def bright_bundle(folder: Path, frames: int = 1, window: dict[str, object] | None = None, **changes: object) -> Bundle:
    """A real bundle that takes bright pictures for falls: fall logit = (mean - 128) / 4."""
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node("Cast", ["camera"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Sub", ["column", "half"], ["above"]),
        helper.make_node("Mul", ["above", "gains"], ["logits"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [4], [1, 2, 3, 4]),
        helper.make_tensor("last", TensorProto.INT64, [1], [-1]),
        helper.make_tensor("half", TensorProto.FLOAT, [1], [128.0]),
        helper.make_tensor("gains", TensorProto.FLOAT, [1, 2], [0.0, 0.25]),
    ]
    eats = [helper.make_tensor_value_info("camera", TensorProto.UINT8, ["batch", frames, SIZE, SIZE, 3])]
    gives = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])]
    graph = helper.make_graph(nodes, "bright", eats, gives, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), folder / "float32.onnx")
    manifest = {
        "name": "bright",
        "task": "fall",
        "inputs": [{"name": "camera", "unit": "rgb8", "channels": ["red", "green", "blue"], "frames": frames, "size": SIZE}],
        "window": window or {"kind": "trial", "length": 8},
        "labels": ["not_fall", "fall"],
        "positive": "fall",
        "decision": {"threshold": 0.5, "merge_s": 0.5},
        "models": [{"file": "float32.onnx", "precision": "float32", "bytes": 1}],
        "sha256": {"float32.onnx": sha256(folder / "float32.onnx")},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return load_bundle(folder)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return bright_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".bmp"])
def test_a_picture_file_is_judged_at_once(bundle: Bundle, tmp_path: Path, ending: str) -> None:
    bright, dark = (halves(level, 20, 30) for level in (200, 40))
    for name, image, label in (("bright", bright, "fall"), ("dark", dark, "not_fall")):
        said = bundle.predict(read_film(write(tmp_path / f"{name}{ending}", image), bundle.manifest.inputs))
        assert said.label == label and len(said.probabilities) == 1 and len(said.events) == (label == "fall")


def test_a_film_is_judged_picture_by_picture(bundle: Bundle, tmp_path: Path) -> None:
    path = gray_film(tmp_path / "film.mp4", 36, by=13)  # 3.6 s at 10 Hz, brighter by 6 from frame to frame: 128 is passed after frame 17
    said = bundle.predict(read_film(path, bundle.manifest.inputs))
    np.testing.assert_allclose(said.centre_s, np.arange(18) / 5, atol=1e-6)
    assert said.label == "fall" and len(said.events) == 1
    assert said.events[0].start_s == pytest.approx(1.8) and said.window_labels[8] == "not_fall" and said.window_labels[9] == "fall"


def test_pictures_that_show_nothing_are_not_judged(bundle: Bundle, tmp_path: Path) -> None:
    for image in (np.zeros((30, 40, 3), np.uint8), np.full((30, 40, 3), 210, np.uint8)):
        said = bundle.predict(read_film(write(tmp_path / "blank.png", image), bundle.manifest.inputs))
        assert said.label == "unknown" and said.events == ()
        assert said.verdict.reasons == ("1 of 1 pictures show nothing (black, covered, or of one colour) and were not judged",)
    films = bright_bundle(tmp_path / "films", 4, {"kind": "sliding", "length": 20, "rate": 10.0})
    for judge in (bundle, films):
        said = judge.predict(read_film(gray_film(tmp_path / "film.mp4", 30), judge.manifest.inputs))
        assert said.label == "unknown" and "show nothing" in said.verdict.reasons[0]


def test_a_film_that_is_too_slow_for_windows_of_pictures(tmp_path: Path) -> None:
    films = bright_bundle(tmp_path / "films", 8, {"kind": "sliding", "length": 20, "rate": 10.0})  # 4 pictures a second
    said = films.predict(read_film(gray_film(tmp_path / "film.mp4", 12, rate=1, by=10), films.manifest.inputs))
    assert said.label == "unknown"
    assert said.verdict.reasons == ("fewer than 2 pictures a second, of which the model needs 4",)
    assert films.predict(read_film(gray_film(tmp_path / "film.mp4", 12, rate=2, by=10), films.manifest.inputs)).label != "unknown"


def test_a_film_whose_end_is_lost(bundle: Bundle, tmp_path: Path) -> None:
    path = gray_film(tmp_path / "film.avi", 40)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match=r"film\.avi"):
        bundle.predict(read_film(path, bundle.manifest.inputs))


def test_a_still_for_a_bundle_of_films(tmp_path: Path) -> None:
    films = bright_bundle(tmp_path / "films", 4, {"kind": "sliding", "length": 20, "rate": 10.0})
    with pytest.raises(
        UserError, match=r"a\.jpg: a still picture, but bundle 'bright' needs a film of 2 s or more; give a film, or judge it: "
    ):
        films.predict(read_film(still(tmp_path / "a.jpg"), films.manifest.inputs))


def test_a_text_file_named_like_a_picture(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("hello")
    with pytest.raises(UserError, match=r"a\.jpg: not a picture"):
        bundle.predict(read_film(tmp_path / "a.jpg", bundle.manifest.inputs))


def test_a_still_for_a_camera_that_watches_keypoints(tmp_path: Path) -> None:
    camera = load_bundle(write_camera_bundle(tmp_path / "camera"))
    with pytest.raises(UserError, match=r"a\.jpg: a still picture, but bundle .* needs a film .*featherfall predict picture a\.jpg$"):
        watch_film(still(tmp_path / "a.jpg"), camera, None)  # type: ignore[arg-type]
    assert load_bundle(PICTURE_BUNDLE).manifest.kind == "picture"


def test_a_long_film_is_judged_in_parts_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films = bright_bundle(tmp_path / "films", 4, {"kind": "sliding", "length": 8, "rate": 10.0, "stride_s": 0.2})
    recording = read_film(gray_film(tmp_path / "film.mp4", 38, by=10), films.manifest.inputs)
    whole = films.predict(recording)
    monkeypatch.setattr("featherfall.runtime.perceive.windows.MEMORY", 3 * 4 * SIZE * SIZE * 3)
    monkeypatch.setattr("featherfall.signals.pictures._SEEK_MARGIN", 0.2)
    parts = films.predict(recording)
    assert len(whole.probabilities) == 16
    np.testing.assert_allclose(parts.probabilities, whole.probabilities, atol=1e-6)


def test_a_folder_is_its_pictures(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.png", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in pictures_in(tmp_path)] == ["a.png", "b.jpg"]
    assert pictures_in(tmp_path / "a.png") == pictures_in(tmp_path / "nowhere") == []
