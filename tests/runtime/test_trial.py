"""A model from outside is tried in a child process before it is run here."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tests.runtime.tiny import LENGTH, write_bundle

from featherfall.core.checked import check
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.manifest import Manifest
from featherfall.runtime import load_bundle
from featherfall.runtime.onnx_file import external_files
from featherfall.runtime.trial import try_model

INPUT = helper.make_tensor_value_info("accelerometer", TensorProto.FLOAT, ["batch", LENGTH, 3])
LOGITS = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])


def number(name: str, value: float, kind: int = TensorProto.INT64) -> onnx.TensorProto:
    return helper.make_tensor(name, kind, [1], [value])


def endless() -> onnx.ModelProto:
    """A loop of 10**15 turns."""
    kept = [helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("on", "go")]
    turn = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    logits = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 2]) for name in ("before", "after")]
    steps = [helper.make_node("Identity", ["on"], ["go"]), helper.make_node("Tanh", ["before"], ["after"])]
    body = helper.make_graph(steps, "body", [turn, kept[0], logits[0]], [kept[1], logits[1]])
    nodes = [
        helper.make_node("ReduceMax", ["accelerometer", "axis"], ["two"], keepdims=0),
        helper.make_node("Slice", ["two", "from", "to", "last"], ["some"]),
        helper.make_node("Loop", ["turns", "yes", "some"], ["logits"], body=body),
    ]
    constants = [
        number("axis", 1),
        number("from", 0),
        number("to", 2),
        number("last", 1),
        helper.make_tensor("turns", TensorProto.INT64, [], [10**15]),
    ]
    constants.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
    return model(nodes, constants)


def huge(on_opening: bool) -> onnx.ModelProto:
    """40 GB of zeros, which the optimiser would make when the model is opened, or the graph when it is run."""
    nodes = [helper.make_node("ReduceMax", ["accelerometer", "axis"], ["two"], keepdims=0)]
    nodes += [helper.make_node("Slice", ["two", "from", "to", "last"], ["some"])]
    if not on_opening:
        nodes += [helper.make_node("Shape", ["some"], ["batch_2"]), helper.make_node("Mul", ["batch_2", "large"], ["shape"])]
    nodes += [
        helper.make_node("ConstantOfShape", ["large_2" if on_opening else "shape"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
        helper.make_node("Add", ["some", "zero"], ["logits"]),
    ]
    constants = [number("axis", 1), number("from", 0), number("to", 2), number("last", 1), number("large", 70_000)]
    constants.append(helper.make_tensor("large_2", TensorProto.INT64, [2], [100_000, 100_000]))
    return model(nodes, constants)


def elsewhere() -> onnx.ModelProto:
    """Weights in a file that no digest covers."""
    made = model([helper.make_node("ReduceMax", ["accelerometer", "axis"], ["logits"], keepdims=0)], [number("axis", 1)])
    weight = made.graph.initializer.add()
    weight.name, weight.data_type = "w", TensorProto.FLOAT
    weight.dims.append(4)
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../secret.bin"), ("length", "16")):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    return made


def model(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", [INPUT], [LOGITS], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def bundle_of(folder: Path, made: onnx.ModelProto) -> Path:
    bundle = write_bundle(folder)
    onnx.save(made, bundle / "float32.onnx")
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["sha256"] = {"float32.onnx": sha256(bundle / "float32.onnx")}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    return bundle


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (endless(), "one window took more than"),
        (huge(on_opening=True), "one window needed more than .* MB|cannot run it"),
        (huge(on_opening=False), "one window needed more than .* MB|cannot run it"),
        (elsewhere(), r"its weights are in another file \('\.\./\.\./secret\.bin'\)"),
        (model([helper.make_node("NoSuchThing", ["accelerometer"], ["logits"])], []), "ONNX Runtime cannot run it"),
    ],
    ids=["endless", "huge-opened", "huge-run", "elsewhere", "unknown"],
)
def test_models_that_are_refused(made: onnx.ModelProto, told: str, tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "b", made)
    with pytest.raises(UserError, match=rf"float32\.onnx: .*({told})"):
        load_bundle(bundle)


def test_a_model_is_tried_once(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    manifest = check(Manifest, json.loads((bundle / "manifest.json").read_text()), "manifest.json")
    try_model(bundle / "float32.onnx", manifest, tmp_path / "known")
    (noted,) = (tmp_path / "known").iterdir()
    before = noted.stat().st_mtime_ns
    started = time.process_time()
    try_model(bundle / "float32.onnx", manifest, tmp_path / "known")
    assert noted.stat().st_mtime_ns == before and time.process_time() - started < 1


def test_links_and_paths_that_lead_out_of_the_bundle(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    (bundle / "float32.onnx").rename(tmp_path / "float32.onnx")
    (bundle / "float32.onnx").symlink_to(tmp_path / "float32.onnx")
    with pytest.raises(UserError, match=r"float32\.onnx: a link that leads out of the bundle"):
        load_bundle(bundle)
    (bundle / "float32.onnx").unlink()
    manifest = json.loads((bundle / "manifest.json").read_text())
    for name in ("../float32.onnx", str(tmp_path / "float32.onnx"), "..", "a\\b", "\x1b[31m", "x" * 300, ""):
        models = [manifest["models"][0] | {"file": name}]
        (bundle / "manifest.json").write_text(json.dumps(manifest | {"models": models, "sha256": {name: "00"}}))
        with pytest.raises(UserError, match="write the plain name of a file in the bundle's folder"):
            load_bundle(bundle)


def test_the_hubs_cache_is_made_of_links(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "models--a--b" / "snapshots" / "0123")
    (tmp_path / "models--a--b" / "blobs").mkdir()
    (bundle / "float32.onnx").rename(tmp_path / "models--a--b" / "blobs" / "4567")
    (bundle / "float32.onnx").symlink_to("../../blobs/4567")
    window = {"accelerometer": np.zeros((1, LENGTH, 3), np.float32)}
    assert load_bundle(bundle).probabilities(window).shape == (1, 2)


@given(st.binary(max_size=200))
def test_any_bytes_are_walked(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        external_files(data)


def test_tensors_are_found_wherever_they_are() -> None:
    inner = elsewhere().graph
    inner.ClearField("input")
    outer = model([helper.make_node("If", ["c"], ["logits"], then_branch=inner, else_branch=inner)], [])
    assert external_files(outer.SerializeToString()) == ["../../secret.bin"] * 2
    assert external_files(endless().SerializeToString()) == []
