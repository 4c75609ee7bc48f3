"""The operations of float32 in NumPy, step by step as the C does them: one rounding after each, sums in order from zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

Arrays = Sequence[Any]  # arguments in ONNX's order; None for one that is left out


class Operator(Protocol):
    """What an operation is made of, see `graph.Node`."""

    @property
    def kind(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...


def evaluate_node(node: Operator, values: Arrays) -> np.ndarray:
    """Return an operation's output; the first axis of what depends on inputs is that of windows.

    Raises: `ValueError` that says which form of an operation is known, for another one.
    """
    with np.errstate(all="ignore"):
        for table in (UNARY, BINARY):
            if node.kind in table:
                return np.asarray(table[node.kind][0](*values[: 1 if table is UNARY else 2]))
        return np.asarray({**VIEWS, **DOT, **CONSTANT_ONLY}[node.kind](node, values))


def _require(holds: bool, known: str) -> None:
    if not holds:
        raise ValueError(f"it knows {known}")


def total(values: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Return the sum over axes in float32, in the order of the elements, from zero; summed axes keep size 1."""
    return _fold(values, axes, np.add, np.float32(0))


def _fold(values: np.ndarray, axes: Sequence[int], how: Callable[..., Any], start: Any) -> np.ndarray:
    moved = np.moveaxis(values, axes, range(len(axes)))
    flat = moved.reshape(-1, *moved.shape[len(axes) :])
    result = np.full(flat.shape[1:], start, np.float32)
    for part in flat:
        result = how(result, part)
    return np.expand_dims(result, tuple(axes))


def reduced_axes(node: Operator, values: Arrays) -> list[int]:
    """Return the axes over which a reduction goes, increasing."""
    rank = np.ndim(values[0])
    stated = node.attributes.get("axes") if len(values) < 2 or values[1] is None else values[1]
    return sorted(int(axis) % rank for axis in (range(rank) if stated is None else np.asarray(stated).ravel()))


def _reduce(node: Operator, values: Arrays) -> np.ndarray:
    array, axes = np.asarray(values[0]), reduced_axes(node, values)
    count = np.float32(np.prod([array.shape[axis] for axis in axes]))
    if node.kind == "ReduceMax":
        result = _fold(array, axes, lambda old, new: np.where(new > old, new, old), np.float32(-np.inf))
    elif node.kind == "ReduceMin":
        result = _fold(array, axes, lambda old, new: np.where(new < old, new, old), np.float32(np.inf))
    elif node.kind == "ReduceL2":
        result = np.sqrt(total(array * array, axes))
    else:
        result = total(array, axes)
    if node.kind == "ReduceMean":
        result = result / count
    return result if node.attributes.get("keepdims", 1) else np.squeeze(result, tuple(axes))


def slices(node: Operator, values: Arrays) -> list[tuple[int, int, int]]:
    """Return (start, count, step) for every axis of a `Slice`."""
    shape = np.shape(values[0])
    found = [(0, size, 1) for size in shape]
    starts, stops = (np.asarray(one).ravel().tolist() for one in values[1:3])
    axes = range(len(starts)) if len(values) < 4 or values[3] is None else np.asarray(values[3]).ravel().tolist()
    steps = [1] * len(starts) if len(values) < 5 or values[4] is None else np.asarray(values[4]).ravel().tolist()
    for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True):
        at = range(shape[axis])[slice(start, stop, step)]
        found[axis % len(shape)] = (at.start, len(at), step)
    return found


def _slice(node: Operator, values: Arrays) -> np.ndarray:
    index = [slice(start, None, step) for start, _, step in slices(node, values)]
    cut = np.asarray(values[0])[tuple(index)]
    return cut[tuple(slice(count) for _, count, _ in slices(node, values))]


def pads(node: Operator, values: Arrays) -> list[tuple[int, int]]:
    """Return (before, behind) for every axis of a `Pad` by zeros."""
    stated = np.asarray(values[1]).ravel().tolist()
    return list(zip(stated[: len(stated) // 2], stated[len(stated) // 2 :], strict=True))


def _pad(node: Operator, values: Arrays) -> np.ndarray:
    constant = len(values) < 3 or values[2] is None or not np.any(values[2])
    _require(node.attributes.get("mode", b"constant") == b"constant" and constant and len(values) < 4, "pads by zeros")
    return np.pad(values[0], pads(node, values))


def _reshape(node: Operator, values: Arrays) -> np.ndarray:
    array = np.asarray(values[0])
    sizes = [int(size) or array.shape[i] for i, size in enumerate(np.asarray(values[1]).ravel())]
    if -1 not in sizes:
        sizes[0] = -1  # of windows
    return array.reshape(sizes)


def _squeeze(node: Operator, values: Arrays) -> np.ndarray:
    axes = np.asarray(values[1] if len(values) > 1 else node.attributes["axes"]).ravel().tolist()
    return np.squeeze(values[0], tuple(axes)) if node.kind == "Squeeze" else np.expand_dims(values[0], tuple(axes))


def batch_norm(node: Operator, values: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor and the offset of every channel, (C,) float32 each."""
    scale, bias, mean, variance = (np.asarray(one, np.float64) for one in values[1:5])
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return factor.astype(np.float32), (bias - mean * factor).astype(np.float32)


def _batch_norm(node: Operator, values: Arrays) -> np.ndarray:
    factor, offset = batch_norm(node, values)
    shape = (1, -1) + (1,) * (np.ndim(values[0]) - 2)
    return np.asarray(values[0] * factor.reshape(shape) + offset.reshape(shape))


def clip_bounds(values: Arrays) -> tuple[float, float]:
    """Return the bounds of a `Clip`, infinite where there is none."""
    low, high = (values[i] if len(values) > i and values[i] is not None else None for i in (1, 2))
    return (-np.inf if low is None else float(low)), (np.inf if high is None else float(high))


def _clip(node: Operator, values: Arrays) -> np.ndarray:
    low, high = map(np.float32, clip_bounds(values))
    raised = np.where(values[0] < low, low, values[0])
    return np.where(raised > high, high, raised)


def _pow(node: Operator, values: Arrays) -> np.ndarray:
    _require(np.size(values[1]) == 1 and float(np.ravel(values[1])[0]) == 2.0, "squares")
    return np.asarray(values[0] * values[0])


def _cumsum(node: Operator, values: Arrays) -> np.ndarray:
    _require(not node.attributes.get("exclusive") and not node.attributes.get("reverse"), "sums forward")
    return np.cumsum(np.asarray(values[0]) + np.float32(0), axis=int(np.ravel(values[1])[0]), dtype=np.float32)


def convolution(node: Operator) -> tuple[int, int, int, int]:
    """Return stride, dilation, padding before and groups of a 1-D convolution."""
    stated = node.attributes
    return (
        int(stated.get("strides", [1])[0]),
        int(stated.get("dilations", [1])[0]),
        int(stated.get("pads", [0, 0])[0]),
        stated.get("group", 1),
    )


def conv_sums(x: np.ndarray, weights: np.ndarray, node: Operator) -> np.ndarray:
    """Return the sums of products of a convolution without bias, in the dtype of x: (K, C, T), (O, C / groups, taps) -> (K, O, T')."""
    stride, dilation, before, groups = convolution(node)
    behind = int(node.attributes.get("pads", [0, 0])[-1])
    padded = np.pad(x, ((0, 0), (0, 0), (before, behind)))
    taps, wide = weights.shape[2], weights.shape[0] // groups
    count = (padded.shape[2] - dilation * (taps - 1) - 1) // stride + 1
    out = np.zeros((len(x), weights.shape[0], count), x.dtype)
    for k in range(taps):
        seen = padded[:, :, k * dilation : k * dilation + stride * (count - 1) + 1 : stride]
        for g in range(groups):
            part = seen[:, g * weights.shape[1] : (g + 1) * weights.shape[1]]
            out[:, g * wide : (g + 1) * wide] += np.matmul(weights[g * wide : (g + 1) * wide, :, k].astype(x.dtype), part)
    return out


def dense_weights(node: Operator, values: Arrays) -> np.ndarray:
    """Return the weights of a `Gemm` or `MatMul`, (O, F)."""
    transposed = node.kind == "Gemm" and node.attributes.get("transB", 0)
    return np.asarray(values[1] if transposed else np.asarray(values[1]).T)


def _dot(node: Operator, values: Arrays) -> np.ndarray:
    bias = values[2] if len(values) > 2 and values[2] is not None else np.float32(0)
    if node.kind == "Conv":
        _require(np.ndim(values[1]) == 3 and node.attributes.get("auto_pad", b"NOTSET") == b"NOTSET", "convolutions over time")
        return np.asarray(conv_sums(values[0], values[1], node) + np.reshape(bias, (1, -1, 1)))
    stated = node.attributes
    _require(stated.get("alpha", 1.0) == stated.get("beta", 1.0) == 1.0 and not stated.get("transA", 0), "x W + b")
    _require(np.ndim(values[0]) == np.ndim(values[1]) == 2, "products with a matrix of weights")
    return np.asarray(values[0] @ dense_weights(node, values).T + bias)


# NumPy, and C with {0} and {1} for the arguments, which are names or numbers.
UNARY: dict[str, tuple[Callable[..., Any], str]] = {
    "Sqrt": (lambda x: np.sqrt(x), "sqrtf({0})"),
    "Relu": (lambda x: np.where(x > 0, x, np.float32(0)), "{0} > 0.0f ? {0} : 0.0f"),
    "Neg": (lambda x: -x, "-{0}"),
    "Abs": (lambda x: np.abs(x), "fabsf({0})"),
    "Identity": (lambda x: x, "{0}"),
}
BINARY: dict[str, tuple[Callable[..., Any], str]] = {
    "Add": (lambda x, y: x + y, "{0} + {1}"),
    "Sub": (lambda x, y: x - y, "{0} - {1}"),
    "Mul": (lambda x, y: x * y, "{0} * {1}"),
    "Div": (lambda x, y: x / y, "{0} / {1}"),
    "Max": (lambda x, y: np.where(y > x, y, x), "{1} > {0} ? {1} : {0}"),
    "Min": (lambda x, y: np.where(y < x, y, x), "{1} < {0} ? {1} : {0}"),
}
VIEWS: dict[str, Callable[[Operator, Arrays], Any]] = {
    "Transpose": lambda node, values: np.transpose(values[0], node.attributes["perm"]),
    "Slice": _slice,
    "Pad": _pad,
    "Expand": lambda node, values: values[0] * np.ones(np.asarray(values[1]).tolist(), np.asarray(values[0]).dtype),
    "Concat": lambda node, values: np.concatenate(values, axis=node.attributes["axis"]),
    "Reshape": _reshape,
    "Flatten": lambda node, values: np.reshape(values[0], (np.shape(values[0])[0], -1)),
    "Squeeze": _squeeze,
    "Unsqueeze": _squeeze,
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Pow": _pow,
    "CumSum": _cumsum,
    **dict.fromkeys(("ReduceSum", "ReduceMean", "ReduceL2", "ReduceMax", "ReduceMin"), _reduce),
}
DOT: dict[str, Callable[[Operator, Arrays], Any]] = dict.fromkeys(("Conv", "Gemm", "MatMul"), _dot)
CONSTANT_ONLY: dict[str, Callable[[Operator, Arrays], Any]] = {
    "Shape": lambda node, values: np.asarray(np.shape(values[0])[node.attributes.get("start", 0) : node.attributes.get("end")], np.int64),
    "Gather": lambda node, values: np.take(values[0], values[1], axis=node.attributes.get("axis", 0)),
    "Cast": lambda node, values: values[0],
    "Constant": lambda node, values: node.attributes["value"],
}
