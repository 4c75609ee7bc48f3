"""A real, tiny detector: one person with the same box in every picture, fallen where the picture is bright."""

from __future__ import annotations

import json
from pathlib import Path

from onnx import TensorProto, helper, save

from featherfall.core.files import sha256

SIZE = 8
BOX = [0.25, 0.5, 0.75, 1.0]


def write_detector(folder: Path, white: float = 255.0, threshold: float = 0.5) -> Path:
    """scores = [1 - brightness, brightness] of [not_fall, fall], 0..1; white: the value of full brightness, NaN for a broken model."""
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers", "all"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "white"], ["fallen"]),
        helper.make_node("Sub", ["one", "fallen"], ["up"]),
        helper.make_node("Concat", ["up", "fallen"], ["both"], axis=0),
        helper.make_node("Reshape", ["both", "shape"], ["scores"]),
        helper.make_node("Identity", ["place"], ["boxes"]),
    ]
    constants = [
        helper.make_tensor("all", TensorProto.INT64, [4], [1, 2, 3, 4]),
        helper.make_tensor("white", TensorProto.FLOAT, [1], [white]),
        helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
        helper.make_tensor("shape", TensorProto.INT64, [3], [1, 1, 2]),
        helper.make_tensor("place", TensorProto.FLOAT, [1, 1, 4], BOX),
    ]
    eats = [helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, 1, SIZE, SIZE, 3])]
    gives = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, 2]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 1, 4]),
    ]
    graph = helper.make_graph(nodes, "detector", eats, gives, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), folder / "float32.onnx")
    manifest = {
        "format": 2,
        "name": "tiny detector",
        "kind": "detector",
        "task": "fall",
        "inputs": [{"name": "picture", "unit": "rgb8", "channels": ["red", "green", "blue"], "frames": 1, "size": SIZE}],
        "window": {"kind": "trial", "length": 8, "rate": 1},
        "labels": ["not_fall", "fall"],
        "positive": "fall",
        "decision": {"threshold": threshold},
        "models": [{"file": "float32.onnx", "precision": "float32", "bytes": 1}],
        "sha256": {"float32.onnx": sha256(folder / "float32.onnx")},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
