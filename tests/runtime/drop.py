"""A real, tiny bundle for cameras: the fall logit grows with how far the shoulders came down within the window, in body heights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

from featherfall.core.files import sha256
from featherfall.runtime.perceive.keypoints import CHANNELS

LENGTH, EDGE = 40, 8  # samples of the window, and of its beginning and end that are compared
WINDOW = {"kind": "sliding", "length": LENGTH, "rate": 15.0, "stride_s": 0.2}


def write_model(file: Path, gain: float, turn: float) -> None:
    """logits = [0, gain * (drop - turn)]; drop = (mean shoulder y of the last 8 seen samples' worth - first 8) / height of the first box.

    Samples without a pose take no part.
    """
    shoulders = [3 * 5 + 1, 3 * 6 + 1]
    downs = list(range(1, 51, 3))
    nodes = [
        helper.make_node("IsNaN", ["keypoints"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "keypoints"], ["filled"]),
        helper.make_node("Not", ["missing"], ["there"]),
        helper.make_node("Cast", ["there"], ["seen"], to=TensorProto.FLOAT),
    ]
    for name in ("first", "last"):
        bounds = [f"{name}_from", f"{name}_to", "time"]
        for what in ("filled", "seen"):
            nodes += [
                helper.make_node("Slice", [what, *bounds], [f"{name}_{what}"]),
                helper.make_node("Gather", [f"{name}_{what}", "shoulders"], [f"{name}_{what}_s"], axis=2),
                helper.make_node("ReduceSum", [f"{name}_{what}_s", "both"], [f"{name}_{what}_sum"], keepdims=0),
            ]
        nodes += [
            helper.make_node("Max", [f"{name}_seen_sum", "one"], [f"{name}_count"]),
            helper.make_node("Div", [f"{name}_filled_sum", f"{name}_count"], [f"{name}_mean"]),
        ]
    nodes += [
        helper.make_node("Gather", ["filled", "downs"], ["all_y"], axis=2),
        helper.make_node("Slice", ["all_y", "first_from", "first_to", "time"], ["first_y"]),
        helper.make_node("ReduceMax", ["first_y", "both"], ["lowest"], keepdims=0),
        helper.make_node("ReduceMin", ["first_y", "both"], ["highest"], keepdims=0),
        helper.make_node("Sub", ["lowest", "highest"], ["tall"]),
        helper.make_node("Max", ["tall", "tiny"], ["height"]),
        helper.make_node("Sub", ["last_mean", "first_mean"], ["lower"]),
        helper.make_node("Div", ["lower", "height"], ["drop"]),
        helper.make_node("Sub", ["drop", "turn"], ["above"]),
        helper.make_node("Min", ["last_seen_sum", "one"], ["known"]),
        helper.make_node("Mul", ["above", "known"], ["sure"]),
        helper.make_node("Unsqueeze", ["sure", "column"], ["logit"]),
        helper.make_node("Mul", ["logit", "gains"], ["logits"]),
    ]
    integers = {
        **{"first_from": [0], "first_to": [EDGE], "last_from": [LENGTH - EDGE], "last_to": [LENGTH], "time": [1], "both": [1, 2]},
        **{"column": [1], "shoulders": shoulders, "downs": downs},
    }
    numbers: dict[str, Any] = {"zero": 0.0, "one": 1.0, "tiny": 0.05, "turn": turn, "gains": [[0.0, gain]]}
    constants = [numpy_helper.from_array(np.array(value, dtype=np.int64), name) for name, value in integers.items()]
    constants += [numpy_helper.from_array(np.array(value, dtype=np.float32), name) for name, value in numbers.items()]
    eats = helper.make_tensor_value_info("keypoints", TensorProto.FLOAT, ["batch", LENGTH, len(CHANNELS)])
    gives = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph(nodes, "drop", [eats], [gives], constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)


def write_camera_bundle(folder: Path, *, gain: float = 20.0, turn: float = 0.3, **changes: Any) -> Path:
    """A bundle with a true digest; `changes` overwrite keys of the manifest."""
    folder.mkdir(parents=True)
    file = folder / "float32.onnx"
    write_model(file, gain, turn)
    manifest = {
        "name": "drop",
        "task": "fall",
        "inputs": [{"name": "keypoints", "unit": "1", "channels": list(CHANNELS)}],
        "window": WINDOW,
        "labels": ["not_fall", "fall"],
        "positive": "fall",
        "decision": {"threshold": 0.6},
        "models": [{"file": file.name, "precision": "float32", "bytes": file.stat().st_size}],
        "sha256": {file.name: sha256(file)},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return folder
