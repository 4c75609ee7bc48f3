from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.tiny import INPUT, LENGTH, recording, write_bundle, write_model

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import softmax

GYROSCOPE = {"name": "gyroscope", "unit": "deg/s", "channels": ["x", "y", "z"]}


def change(folder: Path, **keys: Any) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | keys))


def test_softmax_by_hand() -> None:
    np.testing.assert_allclose(softmax(np.log(np.array([[1.0, 3.0]]))), [[0.25, 0.75]])
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0]])), [[1.0, 0.0]])


def test_probabilities_divide_by_the_temperature(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b", temperature=2.0))
    window = np.zeros((1, LENGTH, 3), dtype=np.float32)
    window[0, 10] = (0.0, 3.0, 0.0)  # logit 4 * (3 - 2.5) = 2, over 2 is 1
    out = bundle.probabilities({"accelerometer": window})
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, [[np.e / (np.e + 1), 1 / (np.e + 1)]], rtol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 256, 600])
def test_batches_give_what_single_windows_give(tmp_path: Path, count: int) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    windows = np.random.default_rng(0).normal(0, 1.2, (count, LENGTH, 3)).astype(np.float32)
    together = bundle.probabilities({"accelerometer": windows})
    assert together.shape == (count, 2)
    for k in range(0, count, 97):
        np.testing.assert_array_equal(together[k], bundle.probabilities({"accelerometer": windows[k : k + 1]})[0])


def test_int8_is_taken_when_present(tmp_path: Path) -> None:
    both = write_bundle(tmp_path / "b", precisions=("float32", "int8"))
    assert load_bundle(both).model.precision == "int8"
    assert load_bundle(both, "float32").model.file == "float32.onnx"
    with pytest.raises(UserError, match=r"no int8 model in this bundle; it has: float32"):
        load_bundle(write_bundle(tmp_path / "single"), "int8")


def test_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such folder; give a bundle"):
        load_bundle(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"not a bundle, it holds no manifest\.json"):
        load_bundle(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="not a folder"):
        load_bundle(tmp_path / "file")


def test_manifest_errors_name_the_key(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    change(bundle, labls=[])
    with pytest.raises(UserError, match=r"manifest\.json: unknown key 'labls'; did you mean 'labels'\?"):
        load_bundle(bundle)


def test_altered_or_missing_file_is_named(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    with open(bundle / "float32.onnx", "ab") as file:
        file.write(b"\0")
    with pytest.raises(UserError, match=r"float32\.onnx: not the file that was exported .*; copy the bundle again or re-export it"):
        load_bundle(bundle)
    (bundle / "float32.onnx").unlink()
    with pytest.raises(UserError, match=r"float32\.onnx: missing, though manifest\.json lists it"):
        load_bundle(bundle)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    from featherfall.core.files import sha256

    bundle = write_bundle(tmp_path / "b")
    (bundle / "float32.onnx").write_bytes(b"not a graph")
    change(bundle, sha256={"float32.onnx": sha256(bundle / "float32.onnx")})
    with pytest.raises(UserError, match=r"float32\.onnx: not an ONNX model"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": {"kind": "impact", "length": 100}}, r"input 'accelerometer' is \[64, 3\] in the model, \[100, 3\] in the manifest"),
        ({"inputs": [INPUT | {"name": "wrist"}]}, r"the model takes \['accelerometer'\], the manifest says \['wrist'\]"),
        ({"labels": ["fall", "walk", "sit"]}, r"gives \[2\] classes, the manifest has 3 labels"),
    ],
)
def test_model_and_manifest_must_agree(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    bundle = write_bundle(tmp_path / "b")
    change(bundle, **changes)
    with pytest.raises(UserError, match=message):
        load_bundle(bundle)


def test_a_recording_must_have_every_input(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b", inputs=[INPUT, GYROSCOPE]))
    with pytest.raises(UserError, match=r"needs the input 'gyroscope'; the recording has: accelerometer"):
        bundle.predict(recording())


def test_unit_and_channels_of_a_recording_are_checked(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b", inputs=[INPUT, GYROSCOPE]))
    times = np.arange(100) / 50
    with pytest.raises(UserError, match=r"input 'gyroscope' is in 'rad/s', the bundle needs 'deg/s'"):
        bundle.predict(recording(gyroscope=Stream(times, np.zeros((100, 3)), "rad/s", 50)))
    with pytest.raises(UserError, match=r"input 'gyroscope' has 2 channel\(s\), the bundle needs 3: x, y, z"):
        bundle.predict(recording(gyroscope=Stream(times, np.zeros((100, 2)), "deg/s", 50)))


def test_streams_that_the_bundle_does_not_need_are_left_alone(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    broken = Stream(np.zeros(1), np.zeros((1, 1)), "uT", 1)
    assert bundle.predict(recording(magnetometer=broken)).label == "other"


def test_dynamic_sizes_in_the_graph_fit_anything(tmp_path: Path) -> None:
    from featherfall.core.files import sha256

    bundle = write_bundle(tmp_path / "b")
    write_model(bundle / "float32.onnx", [INPUT], length="samples")  # type: ignore[arg-type]
    change(bundle, sha256={"float32.onnx": sha256(bundle / "float32.onnx")})
    assert load_bundle(bundle).predict(recording()).label == "other"


@pytest.mark.parametrize("place", ["right wrist", "watch", ""])
def test_a_sensor_at_the_same_or_an_unknown_place_is_judged(tmp_path: Path, place: str) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    worn = recording().streams["accelerometer"]
    assert bundle.predict(recording(accelerometer=replace(worn, placement=place))).verdict.reasons == ()


def test_a_sensor_worn_elsewhere_is_refused_or_said(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    pocket = recording(accelerometer=replace(recording().streams["accelerometer"], placement="pocket"))
    with pytest.raises(UserError, match=r"^S1/something/1: accelerometer: worn at the pocket, .* left wrist .* --placement-ok$"):
        bundle.predict(pocket)
    found = bundle.predict(pocket, placement_ok=True)
    assert found.to_json()["reasons"] == [
        "accelerometer was worn at the pocket, the model was trained for the left wrist: its figures do not hold"
    ]
