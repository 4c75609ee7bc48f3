from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto
from tests.export.logits import onnx_logits

from featherfall.clips.store import ClipStore
from featherfall.core.manifest import Manifest
from featherfall.export.quantise import quantise

Exported = tuple[Path, Manifest, list[np.ndarray]]


def test_it_is_smaller(exported: Exported) -> None:
    exact, small = ((exported[0] / name).stat().st_size for name in ("model.onnx", "model.int8.onnx"))
    assert small < 0.6 * exact


def test_activations_are_unsigned_and_weights_signed(exported: Exported) -> None:
    graph = onnx.load(exported[0] / "model.int8.onnx").graph
    constants = {one.name: one for one in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    quantised = 0
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        sources = [made_by.get(name) for name in node.input[:2]]
        if not all(source is not None and source.op_type == "DequantizeLinear" for source in sources):
            continue
        activation, weight = (source.input[2] for source in sources if source is not None)
        assert constants[activation].data_type == TensorProto.UINT8
        assert constants[weight].data_type == TensorProto.INT8
        assert len(constants[weight].dims) == 1 and constants[weight].dims[0] > 1  # one scale a channel
        quantised += 1
    assert quantised >= 3  # every convolution but the first
    assert any(tensor.data_type == TensorProto.INT8 and len(tensor.dims) == 3 for tensor in constants.values())


def test_the_first_convolution_keeps_its_precision(exported: Exported) -> None:
    graph = onnx.load(exported[0] / "model.int8.onnx").graph
    first = next(node for node in graph.node if node.op_type == "Conv")
    weight = next(one for one in graph.initializer if one.name == first.input[1])
    assert weight.data_type == TensorProto.FLOAT


def test_it_says_nearly_the_same(exported: Exported, store: ClipStore) -> None:
    clip = {name: values[50:] for name, values in store.inputs.items()}
    exact, small = (onnx_logits(exported[0] / name, clip) for name in ("model.onnx", "model.int8.onnx"))
    assert not np.array_equal(exact, small)
    assert np.abs(exact - small).max() < 0.25 * np.abs(exact).max()


def test_the_root_logger_is_left_as_it_was(exported: Exported, store: ClipStore, tmp_path: Path) -> None:
    root = logging.getLogger()
    before = root.level
    try:
        root.setLevel(logging.INFO)
        quantise(exported[0] / "model.onnx", tmp_path / "again.onnx", {name: values[:8] for name, values in store.inputs.items()})
        assert root.level == logging.INFO
    finally:
        root.setLevel(before)
