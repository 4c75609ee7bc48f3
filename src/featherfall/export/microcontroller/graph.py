"""The graph of a student: read from ONNX, with every shape known and constants folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.export.microcontroller.operators import BINARY, CONSTANT_ONLY, DOT, UNARY, VIEWS, evaluate_node

# What the generator knows; `emit` has the C of each.
KNOWN = {*UNARY, *BINARY, *DOT, *VIEWS}


@dataclass(frozen=True, eq=False)
class Node:
    """One operation. attributes: as ONNX states them, with defaults where it states none."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Graph:
    """A student's graph.

    Attributes:
        inputs: names, each (1, length, channels) float32 for one window.
        output: name of the logits.
        nodes: in order, without those that depend on nothing but constants.
        constants: arrays by name.
        shapes: of every value, for one window.
        readers: the nodes that read a value, by its name.
    """

    inputs: tuple[str, ...]
    output: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    shapes: Mapping[str, tuple[int, ...]]
    readers: Mapping[str, list[Node]] = field(default_factory=dict)

    def made_by(self, name: str) -> Node | None:
        """Return the node that makes a value; None for inputs and constants."""
        return self._makers.get(name)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_makers", {node.output: node for node in self.nodes})
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                self.readers.setdefault(name, []).append(node)  # type: ignore[attr-defined]

    _makers: Mapping[str, Node] = field(default_factory=dict)


def read_graph(path: Path) -> Graph:
    """Read an ONNX file.

    Raises: `UserError` that names the first operation that the generator does not know.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    values: dict[str, np.ndarray] = dict(constants)
    for one in model.graph.input:
        kind = one.type.tensor_type
        sizes = [size.dim_value for size in kind.shape.dim[1:]]
        if kind.elem_type != onnx.TensorProto.FLOAT or len(sizes) != 2 or not all(sizes):
            raise UserError(f"{path}: input {one.name!r} is not of windows of samples; the C format takes students of worn sensors only")
        values[one.name] = np.zeros((1, *sizes), np.float32)
    nodes = []
    for raw in model.graph.node:
        attributes = {one.name: helper.get_attribute_value(one) for one in raw.attribute}
        node = Node(raw.op_type, tuple(raw.input), raw.output[0], attributes)
        folds = raw.op_type == "Shape" or all(name in constants for name in node.inputs if name)
        if raw.op_type not in KNOWN and not (folds and raw.op_type in CONSTANT_ONLY):
            raise UserError(f"{path}: the C format does not know the layer {raw.op_type} ({node.output}); it knows {_known()}")
        try:
            values[node.output] = evaluate_node(node, [values[name] if name else None for name in node.inputs])
        except ValueError as error:
            raise UserError(f"{path}: the C format does not know this form of {raw.op_type} ({node.output}); {error}") from error
        if folds:
            constants[node.output] = values[node.output]
        else:
            nodes.append(node)
    shapes = {name: value.shape for name, value in values.items()}
    return Graph(tuple(one.name for one in model.graph.input), model.graph.output[0].name, tuple(nodes), constants, shapes)


def _known() -> str:
    return ", ".join(sorted(KNOWN))
