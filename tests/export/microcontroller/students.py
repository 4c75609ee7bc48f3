"""Small graphs, and windows that a microcontroller may meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from featherfall.core.manifest import Decision, Input
from featherfall.core.window import Window
from featherfall.export.contract import Contract
from featherfall.export.microcontroller.integer import IntegerStudent, softmax_float32
from featherfall.export.microcontroller.proof import differing, host_probabilities
from featherfall.export.microcontroller.source import write_source

Layer = tuple[str, Sequence[str], str, Mapping[str, object]]


def write_onnx(
    path: Path, layers: Sequence[Layer], constants: Mapping[str, np.ndarray], length: int, inputs: Sequence[str] = ("x",)
) -> Path:
    """Write a graph from inputs, (windows, length, 3), to "logits"."""
    nodes = [helper.make_node(kind, list(reads), [output], name=output, **attributes) for kind, reads, output, attributes in layers]
    graph = helper.make_graph(
        nodes,
        "student",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["windows", length, 3]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["windows", None])],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def contract(length: int, inputs: Sequence[str] = ("x",), **changes: object) -> Contract:
    """A student of two classes on impacts, 3 channels an input."""
    window = Window.model_validate({"kind": "impact", "length": length, "rate": 50.0} | changes)
    needs = [Input(name=name, unit="g", channels=["x", "y", "z"]) for name in inputs]
    return Contract("tiny", window, needs, ["not_fall", "fall"], "fall", Decision(threshold=0.5), 0.7)


def windows(count: int, length: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """A wrist that moves, and at the end zeros, a saturated impact, values that overflow and ones that are none."""
    random = np.random.default_rng(seed)
    found = random.normal(scale=random.uniform(0.02, 3, (count, 1, 1)), size=(count, length, channels)).astype(np.float32)
    found[:, :, -1] += 1
    found[-1], found[-2] = 0.0, np.float32(3e38)
    found[-3, length // 2], found[-4, 3, 0], found[-5, 4, 1] = 16.0, np.nan, np.inf
    return found


def bits_differing(student: IntegerStudent, agreed: Contract, inputs: Mapping[str, np.ndarray]) -> int:
    """In how many windows the compiled C and the reference differ in any bit."""
    ours = softmax_float32(student.logits(inputs), agreed.temperature)
    theirs = host_probabilities(write_source(student, agreed), {one.name: inputs[one.name] for one in agreed.inputs}, len(agreed.labels))
    return differing(ours, theirs)
