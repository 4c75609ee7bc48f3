"""A real, tiny bundle: the fall logit grows with the window's highest magnitude."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, save

from featherfall.core.files import sha256
from featherfall.core.recording import Recording, Stream

LENGTH = 64
INPUT = {"name": "accelerometer", "unit": "g", "channels": ["x", "y", "z"], "placement": "left wrist"}


def write_model(file: Path, inputs: list[dict[str, Any]], length: int = LENGTH, gain: float = 4.0, turn: float = 2.5) -> None:
    """logits = [gain * (max |first input| - turn), 0]; the other inputs are added with weight zero."""
    first = inputs[0]["name"]
    nodes = [
        helper.make_node("ReduceL2", [first, "last"], ["magnitude"], keepdims=0),
        helper.make_node("ReduceMax", ["magnitude", "last"], ["peak"], keepdims=1),
        helper.make_node("Sub", ["peak", "turn"], ["above"]),
    ]
    total = "above"
    for other in inputs[1:]:
        name = other["name"]
        nodes += [
            helper.make_node("ReduceMax", [name, "both"], [f"{name}_max"], keepdims=0),
            helper.make_node("Unsqueeze", [f"{name}_max", "last"], [f"{name}_column"]),
            helper.make_node("Mul", [f"{name}_column", "zero"], [f"{name}_nothing"]),
            helper.make_node("Add", [total, f"{name}_nothing"], [f"{name}_sum"]),
        ]
        total = f"{name}_sum"
    nodes.append(helper.make_node("Mul", [total, "gains"], ["logits"]))
    constants = [
        helper.make_tensor("last", TensorProto.INT64, [1], [-1]),
        helper.make_tensor("both", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("turn", TensorProto.FLOAT, [1], [turn]),
        helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
        helper.make_tensor("gains", TensorProto.FLOAT, [1, 2], [gain, 0.0]),
    ]
    eats = [helper.make_tensor_value_info(one["name"], TensorProto.FLOAT, ["batch", length, len(one["channels"])]) for one in inputs]
    gives = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])]
    graph = helper.make_graph(nodes, "peak", eats, gives, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)


def write_bundle(
    folder: Path,
    *,
    inputs: list[dict[str, Any]] | None = None,
    precisions: tuple[str, ...] = ("float32",),
    gain: float | None = None,
    length: int = LENGTH,
    **changes: Any,
) -> Path:
    """A bundle with true digests; a gain of NaN makes a broken model; `changes` overwrite keys of the manifest."""
    folder.mkdir(parents=True)
    inputs = inputs or [INPUT]
    models = []
    for precision in precisions:
        file = folder / f"{precision}.onnx"
        write_model(file, inputs, length, gain=gain or (4.0 if precision == "float32" else 3.0))
        models.append({"file": file.name, "precision": precision, "bytes": file.stat().st_size})
    manifest = {
        "name": "tiny",
        "task": "fall",
        "inputs": inputs,
        "window": {"kind": "impact", "length": length, "rate": 50.0},
        "labels": ["fall", "other"],
        "positive": "fall",
        "models": models,
        "parameters": 1,
        "macs": 192,
        "sha256": {model["file"]: sha256(folder / model["file"]) for model in models},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return folder


def motion(times: np.ndarray, impacts: tuple[tuple[float, float], ...] = ()) -> np.ndarray:
    """(N, 3) g: quiet wear, and at each (second, height) a smooth bump of .1 s width along z."""
    quiet = np.stack([0.05 * np.sin(3 * times), 0.05 * np.cos(2 * times), 1 + 0.02 * np.sin(times)], axis=1)
    for at, height in impacts:
        quiet[:, 2] += (height - 1) * np.exp(-(((times - at) / 0.1) ** 2))
    return quiet


def recording(rate: float = 50.0, seconds: float = 20.0, impacts: tuple[tuple[float, float], ...] = (), **streams: Stream) -> Recording:
    """One wearer; further streams by name."""
    times = np.arange(round(seconds * rate)) / rate
    worn = Stream(times, motion(times, impacts).astype(np.float32), "g", rate)
    return Recording("own", "S1", "something", "1", {"accelerometer": worn, **streams})


def write_csv(
    file: Path, rate: float, impacts: tuple[tuple[float, float], ...], *, factor: float = 1.0, header: str = "time,ax,ay,az"
) -> Path:
    """The same movement as `recording`, in g times `factor`."""
    times = np.arange(round(20 * rate)) / rate
    table = np.column_stack([times, motion(times, impacts) * factor])
    np.savetxt(file, table, delimiter=",", header=header, comments="", fmt="%.9g")
    return file
