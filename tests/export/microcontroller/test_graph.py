from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.export.microcontroller.students import write_onnx

from featherfall.core.errors import UserError
from featherfall.export.microcontroller.graph import Graph, read_graph
from featherfall.export.microcontroller.operators import evaluate_node
from featherfall.export.onnx import onnx_outputs
from featherfall.runtime.embedded import embedded_bundles


def test_the_front_end_and_the_layers_are_those_of_onnx_runtime(wrist_graph: Graph, wrist_windows: np.ndarray) -> None:
    real = wrist_windows[:-5]
    values = {**wrist_graph.constants, "accelerometer": real}
    for node in wrist_graph.nodes:
        values[node.output] = evaluate_node(node, [values[name] if name else None for name in node.inputs])
    theirs = onnx_outputs(embedded_bundles()["wrist"] / "model.onnx", {"accelerometer": real})[0]
    np.testing.assert_allclose(values["logits"], theirs, atol=2e-5)


def test_what_depends_on_no_input_is_computed_now(wrist_graph: Graph) -> None:
    assert not any(node.kind == "Shape" for node in wrist_graph.nodes)
    assert all(any(name not in wrist_graph.constants for name in node.inputs) for node in wrist_graph.nodes)


def test_a_layer_that_is_not_known_is_named(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "model.onnx", [("Softplus", ["x"], "logits", {})], {}, 8)
    with pytest.raises(UserError, match=r"does not know the layer Softplus \(logits\); it knows Abs, Add"):
        read_graph(path)


def test_a_form_of_a_layer_that_is_not_known_is_named(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "model.onnx", [("Pow", ["x", "three"], "logits", {})], {"three": np.float32(3)}, 8)
    with pytest.raises(UserError, match=r"this form of Pow \(logits\); it knows squares"):
        read_graph(path)


def test_a_student_of_pictures_is_refused() -> None:
    with pytest.raises(UserError, match="not of windows of samples"):
        read_graph(embedded_bundles()["picture"] / "model.int8.onnx")
