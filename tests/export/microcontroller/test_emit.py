"""Graphs of every kind of layer: the C has the bits of the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.export.microcontroller.students import Layer, bits_differing, contract, windows, write_onnx

from featherfall.export.contract import Contract
from featherfall.export.microcontroller.graph import read_graph
from featherfall.export.microcontroller.integer import IntegerStudent, integer_student
from featherfall.export.microcontroller.proof import host_compiler
from featherfall.export.onnx import onnx_outputs

pytestmark = pytest.mark.skipif(host_compiler() is None, reason="no C compiler here")

RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.normal(scale=0.4, size=shape).astype(np.float32)


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


TURN: Layer = ("Transpose", ["x"], "c", {"perm": [0, 2, 1]})  # (K, 3, 24)
MEAN: list[Layer] = [("ReduceMean", ["f", "last"], "m", {"keepdims": 0}), ("Gemm", ["m", "w", "b"], "logits", {"transB": 1})]
HEAD = {"w": weights(2, 6), "b": weights(2), "last": integers(-1), "k": weights(6, 3, 3), "kb": weights(6)}
GRAPHS: dict[str, tuple[list[Layer], dict[str, np.ndarray]]] = {
    "a plain convolution": ([TURN, ("Conv", ["c", "k", "kb"], "f", {"pads": [1, 1]}), *MEAN], {}),
    "ReLU6": (
        [TURN, ("Conv", ["c", "k"], "r", {"strides": [2]}), ("Clip", ["r", "zero", "six"], "f", {}), *MEAN],
        {"zero": np.float32(0), "six": np.float32(6)},
    ),
    "groups and dilation": (
        [
            TURN,
            ("Conv", ["c", "k", "kb"], "r", {"pads": [2, 2], "dilations": [2]}),
            ("Relu", ["r"], "q", {}),
            ("Conv", ["q", "d"], "s", {"pads": [1, 1], "group": 6}),
            ("Relu", ["s"], "f", {}),
            *MEAN,
        ],
        {"d": weights(6, 1, 3)},
    ),
    "a residual": (
        [
            TURN,
            ("Conv", ["c", "k", "kb"], "r", {"pads": [1, 1]}),
            ("Relu", ["r"], "q", {}),
            ("Conv", ["q", "d"], "s", {"pads": [1, 1]}),
            ("Add", ["s", "q"], "t", {}),
            ("Relu", ["t"], "f", {}),
            *MEAN,
        ],
        {"d": weights(6, 6, 3)},
    ),
    "least, most and both ends": (
        [
            TURN,
            ("ReduceMax", ["c", "last"], "high", {"keepdims": 1}),
            ("ReduceMin", ["c", "last"], "low", {"keepdims": 1}),
            ("Concat", ["high", "low"], "pair", {"axis": 1}),
            ("Neg", ["pair"], "n", {}),
            ("Abs", ["n"], "a", {}),
            ("Max", ["a", "pair"], "u", {}),
            ("Min", ["u", "ten"], "v", {}),
            ("Flatten", ["v"], "m", {}),
            MEAN[1],
        ],
        {"ten": np.float32(10)},
    ),
    "joined over time, and padded": (
        [
            TURN,
            ("CumSum", ["c", "axis"], "sum", {}),
            ("Slice", ["sum", "from", "to", "last"], "early", {}),
            ("Slice", ["c", "to", "end", "last", "two"], "late", {}),
            ("Concat", ["early", "late"], "both", {"axis": 2}),
            ("Pad", ["both", "edges"], "p", {}),
            ("Conv", ["p", "k", "kb"], "f", {}),
            *MEAN,
        ],
        {
            "axis": np.int64(2),
            "from": integers(0),
            "to": integers(10),
            "end": integers(999),
            "two": integers(2),
            "edges": integers(0, 0, 2, 0, 0, 3),
        },
    ),
    "a product with a matrix": (
        [
            ("Reshape", ["x", "shape"], "m", {}),
            ("MatMul", ["m", "square"], "r", {}),
            ("Relu", ["r"], "s", {}),
            ("MatMul", ["s", "last_w"], "logits", {}),
        ],
        {"shape": integers(-1, 72), "square": weights(72, 9), "last_w": weights(9, 2)},
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_every_layer_has_the_bits_of_the_reference(name: str, tmp_path: Path) -> None:
    layers, constants = GRAPHS[name]
    used = {one for _, inputs, _, _ in layers for one in inputs}
    path = write_onnx(tmp_path / "model.onnx", layers, {key: one for key, one in (HEAD | constants).items() if key in used}, 24)
    shown = windows(32, 24)
    student = integer_student(read_graph(path), {"x": shown[:-5]})
    assert bits_differing(student, contract(24), {"x": shown}) == 0
    exact, steps = onnx_outputs(path, {"x": shown[:-5]})[0], student.logits({"x": shown[:-5]})
    assert np.abs(exact - steps).mean() < 0.05 * np.abs(exact).max()


def test_two_inputs_have_the_bits_of_the_reference(tmp_path: Path) -> None:
    layers: list[Layer] = [
        TURN,
        ("Transpose", ["y"], "d", {"perm": [0, 2, 1]}),
        ("Mul", ["d", "small"], "e", {}),
        ("Concat", ["c", "e"], "both", {"axis": 1}),
        ("Conv", ["both", "k2", "kb"], "r", {"pads": [1, 1]}),
        ("Relu", ["r"], "f", {}),
        *MEAN,
    ]
    constants = HEAD | {"k2": weights(6, 6, 3), "small": np.float32(0.1)}
    path = write_onnx(tmp_path / "model.onnx", layers, constants, 24, ["x", "y"])
    shown = {"x": windows(20, 24), "y": windows(20, 24, seed=1)}
    student = integer_student(read_graph(path), {name: values[:-5] for name, values in shown.items()})
    for order in (["x", "y"], ["y", "x"]):  # the first triggers, whatever the graph's order is
        assert bits_differing(student, contract(24, order), shown) == 0


def test_the_bundled_wrist_student_has_the_bits_of_the_reference(
    wrist: IntegerStudent, wrist_contract: Contract, wrist_windows: np.ndarray
) -> None:
    assert bits_differing(wrist, wrist_contract, {"accelerometer": wrist_windows}) == 0
