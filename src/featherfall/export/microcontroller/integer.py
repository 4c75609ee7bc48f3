"""A student in int8: the front end stays float32, convolutions and dense layers are integers.

Weights are int8, a scale a row. What a layer reads is int8 around zero or, after a ReLU, uint8; a scale a channel is folded into the
weights of the layer that reads it. Sums and biases are int32. Rounding is to the nearest, halves away from zero, so that no shift of a
negative number is needed (C leaves it to the compiler). Everything here is what the C does, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.export.microcontroller.graph import Graph, Node
from featherfall.export.microcontroller.operators import DOT, clip_bounds, conv_sums, dense_weights, evaluate_node

BATCH = 64  # windows whose activations are held at once
# Of the values that a layer reads, the share whose size its scale covers: impacts are far beyond the rest, and a scale for all leaves few
# steps for small values. On 5,746 windows of WEDA-FALL .999, .9999 and 1 change 16, 11 and 16 decisions of the bundled wrist student.
COVERED = 0.9999
NO_SHIFT = 31


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution or dense layer in integers.

    Attributes:
        weights: (O, C / groups, taps) or (O, F) int8.
        bias: (O,) int32, in steps of the sums.
        read: what it reads, int8 or uint8 steps of `read_scale`, (C,) or (F,) float32.
        relu: name of the ReLU's output that it writes as uint8; "" where it writes float32.
        multiplier, shift: (O,) int32; from sums to uint8: (sum * multiplier) >> shift.
        scale: (O,) float32, of a step of the sums; from sums to float32. After a ReLU: of a step of the uint8.
    """

    node: Node
    weights: np.ndarray
    bias: np.ndarray
    read: str
    read_scale: np.ndarray
    unsigned: bool
    relu: str
    multiplier: np.ndarray
    shift: np.ndarray
    scale: np.ndarray

    @property
    def output(self) -> str:
        """The name of what it writes."""
        return self.relu or self.node.output


@dataclass(frozen=True, eq=False)
class IntegerStudent:
    """A student whose layers are integers. layers: by the name of the node's output."""

    graph: Graph
    layers: Mapping[str, Layer]

    def logits(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return (K, classes) float32. inputs: (K, length, channels) by name."""
        return np.concatenate([self._run(part) for part in _batches(inputs)])

    def _run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        values: dict[str, np.ndarray] = {**self.graph.constants, **inputs}
        steps: dict[str, np.ndarray] = {}  # of the uint8 that layers wrote
        for node in self.graph.nodes:
            layer = self.layers.get(node.output)
            if layer is None:
                if node.output not in values:
                    values[node.output] = evaluate_node(node, [values[name] if name else None for name in node.inputs])
                continue
            read = steps[layer.read] if layer.read in steps else to_steps(values[layer.read], layer.read_scale)
            sums = integer_sums(layer, read)
            if layer.relu:
                steps[layer.relu] = requantise(sums, layer)
                values[layer.relu] = steps[layer.relu].astype(np.float32) * _on_channels(layer.scale, sums.ndim)
            else:
                values[node.output] = sums.astype(np.float32) * _on_channels(layer.scale, sums.ndim)
        return values[self.graph.output]


def integer_student(graph: Graph, calibration: Mapping[str, np.ndarray]) -> IntegerStudent:
    """Return the student in int8. calibration: (K, length, channels) by input, whose ranges set the scales."""
    seen = _ranges(graph, calibration)
    scales: dict[str, np.ndarray] = {}  # of the uint8 that layers write
    layers = {}
    for node in graph.nodes:
        if node.kind in DOT:
            layer = _layer(graph, node, seen, scales)
            layers[node.output] = layer
            if layer.relu:
                scales[layer.relu] = layer.scale
    return IntegerStudent(graph, layers)


def _layer(graph: Graph, node: Node, seen: Mapping[str, np.ndarray], written: Mapping[str, np.ndarray]) -> Layer:
    read = node.inputs[0]
    unsigned = read in written
    read_scale = written[read] if unsigned else _scale(seen[read], 127)
    weights, bias = _weights(graph, node)
    folded = weights * _folded(read_scale, weights, node)
    largest = np.abs(folded).reshape(len(folded), -1).max(axis=1)
    step = np.maximum(np.maximum(largest / 127, np.abs(bias) / 2**29), 1e-30)
    integers = np.rint(folded / step.reshape(-1, *[1] * (folded.ndim - 1))).astype(np.int8)
    relu = relu_of(graph, node)
    scale, multiplier, shift = step, np.zeros(len(step)), np.zeros(len(step))
    if relu:
        scale = _scale(seen[relu], 255).astype(np.float64)
        multiplier, shift = fixed_point(step / scale)
    whole = np.rint(bias / step)
    if (np.abs(integers.astype(np.int64)).reshape(len(step), -1).sum(axis=1) * 255 + np.abs(whole)).max() >= 2**31:
        raise UserError(f"layer {node.output} has {folded[0].size:,} weights for each value, whose sum does not fit 32 bits")
    return Layer(
        node, integers, _int32(whole), read, read_scale, unsigned, relu, _int32(multiplier), _int32(shift), scale.astype(np.float32)
    )


def relu_of(graph: Graph, node: Node) -> str:
    """Return the name of the ReLU or ReLU6 that alone reads a layer; "" where there is none."""
    readers = graph.readers.get(node.output, [])
    if len(readers) != 1 or node.output == graph.output:
        return ""
    after = readers[0]
    clips = after.kind == "Clip" and clip_bounds([None, *(graph.constants[name] if name else None for name in after.inputs[1:])])[0] == 0
    return after.output if after.kind == "Relu" or clips else ""


def fixed_point(factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return multipliers below 2^31 and shifts from 1 to 62 with multiplier / 2^shift = factor; a factor too small for them gives 0."""
    mantissa, exponent = np.frexp(factor)
    multiplier, shift = np.rint(mantissa * 2.0**31), NO_SHIFT - exponent
    over = multiplier >= 2.0**31
    multiplier, shift = np.where(over, multiplier / 2, multiplier), shift - over
    assert (shift >= 1).all(), "a layer's sums are finer than what it writes"
    small = shift > 62
    return np.where(small, 0, multiplier), np.where(small, NO_SHIFT, shift)


def to_steps(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return float32 as steps from -127 to 127, NaN as -127; scale: (C,) of axis 1."""
    inverse = _on_channels(np.float32(1) / scale, values.ndim)
    with np.errstate(all="ignore"):
        scaled = values * inverse
    low = np.where(scaled > np.float32(-127), scaled, np.float32(-127))
    clipped = np.where(low < np.float32(127), low, np.float32(127))
    return np.asarray((clipped + np.float32(128.5)).astype(np.int32) - 128)


def integer_sums(layer: Layer, read: np.ndarray) -> np.ndarray:
    """Return a layer's sums with bias, int64 that fit int32; by float64, which holds them exactly."""
    exact = read.astype(np.float64)
    sums = conv_sums(exact, layer.weights, layer.node) if layer.node.kind == "Conv" else exact @ layer.weights.T.astype(np.float64)
    return np.asarray(sums.astype(np.int64) + _on_channels(layer.bias.astype(np.int64), sums.ndim))


def requantise(sums: np.ndarray, layer: Layer) -> np.ndarray:
    """Return sums as uint8 steps after a ReLU."""
    shift = _on_channels(layer.shift.astype(np.int64), sums.ndim)
    positive = np.maximum(sums, 0)
    steps = (positive * _on_channels(layer.multiplier.astype(np.int64), sums.ndim) + (np.int64(1) << (shift - 1))) >> shift
    return np.asarray(np.minimum(steps, 255))


def softmax_float32(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return the softmax of logits / temperature in float32, by `exponential`."""
    scaled = logits / np.float32(temperature)
    raised = exponential(scaled - scaled.max(axis=1, keepdims=True))
    total = np.zeros(len(raised), np.float32)
    for column in raised.T:
        total = total + column
    return np.asarray(raised / total[:, None])


def exponential(x: np.ndarray) -> np.ndarray:
    """Return exp(x) for x <= 0 in float32, within 2e-7 of it; 0 below -87. C libraries differ in the last bit, this does not.

    Cody and Waite's reduction, and the polynomial of the Cephes library's expf.
    """
    with np.errstate(all="ignore"):
        within = np.where(x > np.float32(-87), x, np.float32(-87))
    whole = (within * np.float32(1.44269504) - np.float32(0.5)).astype(np.int32)
    rest = within - whole.astype(np.float32) * np.float32(0.693359375)
    rest = rest + whole.astype(np.float32) * np.float32(2.12194440e-4)
    series = np.full_like(rest, np.float32(1.9875691500e-4))
    for factor in EXPONENTIAL[1:]:
        series = series * rest + np.float32(factor)
    power = ((whole + 127).astype(np.uint32) << np.uint32(23)).view(np.float32)
    result = (series * rest * rest + rest + np.float32(1)) * power
    return np.where(x > np.float32(-87), result, np.float32(0))


EXPONENTIAL = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)


def _weights(graph: Graph, node: Node) -> tuple[np.ndarray, np.ndarray]:
    values = [None, *(graph.constants[name] if name else None for name in node.inputs[1:])]
    weights = np.asarray(values[1] if node.kind == "Conv" else dense_weights(node, values), np.float64)
    bias = values[2] if len(values) > 2 and values[2] is not None else np.zeros(1)
    return weights, np.broadcast_to(np.ravel(np.asarray(bias, np.float64)), (len(weights),))


def _folded(scale: np.ndarray, weights: np.ndarray, node: Node) -> np.ndarray:
    """Return the scale of what each weight is multiplied with."""
    if node.kind != "Conv":
        return np.asarray(scale, np.float64)[None, :]
    groups = int(node.attributes.get("group", 1))
    per_group = np.asarray(scale, np.float64).reshape(groups, -1)
    return np.repeat(per_group, len(weights) // groups, axis=0)[:, :, None]


def _ranges(graph: Graph, calibration: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return by value, of those that a layer reads or a ReLU after one writes, the size of |x| that the scale covers, (C,)."""
    wanted = {node.inputs[0] for node in graph.nodes if node.kind in DOT} | {relu_of(graph, one) for one in graph.nodes if one.kind in DOT}
    seen: dict[str, list[np.ndarray]] = {name: [] for name in wanted - {""}}
    for part in _batches(calibration):
        values: dict[str, np.ndarray] = {**graph.constants, **part}
        for node in graph.nodes:
            values[node.output] = evaluate_node(node, [values[name] if name else None for name in node.inputs])
        for name, found in seen.items():
            sizes = np.abs(np.moveaxis(values[name], 1, 0))
            found.append(sizes.reshape(len(sizes), -1))
    return {name: np.quantile(np.concatenate(found, axis=1), COVERED, axis=1) for name, found in seen.items()}


def _scale(size: np.ndarray, steps: int) -> np.ndarray:
    """Return a scale a channel, (C,) float32. A channel that was hardly ever more than 0 gets one that does not overflow."""
    return np.maximum(size / steps, max(float(size.max()), 1e-6) * 1e-4).astype(np.float32)


def _on_channels(values: np.ndarray, rank: int) -> np.ndarray:
    return values.reshape(1, -1, *[1] * (rank - 2))


def _int32(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.int32)


def _batches(inputs: Mapping[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    for at in range(0, len(next(iter(inputs.values()))), BATCH):
        yield {name: np.ascontiguousarray(values[at : at + BATCH], np.float32) for name, values in inputs.items()}
