"""Capture a network's graph as ONNX once, and fill in the weights of others of the same structure.

Capturing takes `torch.onnx.export` about two seconds for the smallest network, and the folds and seeds of a run export many networks of
one structure.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_MOST = 8  # graphs that are kept: a run has few structures, and a graph holds the weights of the network that it was captured from
_PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype)
_OF_ANY_MODULE = frozenset(vars(nn.Module()))
_captured: dict[str, Any] = {}


class Positional(nn.Module):
    """A network that takes its inputs by position, as exporters do; ours take a dictionary."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, tuple(names)

    def forward(self, *inputs: Tensor) -> Any:
        return self.model(dict(zip(self.names, inputs, strict=True)))


def capture(model: nn.Module, example: Mapping[str, np.ndarray], outputs: Sequence[str]) -> tuple[Any, bool]:
    """Return the network's graph with its weights, an `onnx.ModelProto` that is not optimised, and whether it was captured before.

    A graph that was captured before is taken where the structure is the same: the classes and attributes of all modules, the shapes and
    types of weights and inputs. A network with an attribute that cannot be compared, such as a function, is captured anew.

    Arguments:
        model: in evaluation mode. example: as of `export.onnx.export_onnx`. outputs: names.
    """
    key = _structure(model, example, outputs)
    before = _captured.get(key) if key else None
    graph = _graph(model, example, outputs) if before is None else _filled(before, model)
    if key and before is None:
        if len(_captured) >= _MOST:
            del _captured[next(iter(_captured))]
        _captured[key] = graph
    return graph, before is not None


def forget() -> None:
    """Forget all graphs."""
    _captured.clear()


def _graph(model: nn.Module, example: Mapping[str, np.ndarray], outputs: Sequence[str]) -> Any:
    names = list(example)
    inputs = tuple(torch.from_numpy(np.ascontiguousarray(example[name][:2])) for name in names)
    windows = torch.export.Dim("windows", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        program = torch.onnx.export(
            Positional(model, names),
            inputs,
            dynamo=True,
            optimize=False,  # after weights are filled in: it folds them
            input_names=names,
            output_names=list(outputs),
            dynamic_shapes=(tuple({0: windows} for _ in names),),
            verbose=False,
        )
    assert program is not None
    free = [one.type.tensor_type.shape.dim[0].dim_param for one in program.model_proto.graph.input]
    assert all(free), "the network fixes the number of windows (len(tensor) in its forward pass does); use tensor.shape[0]"
    return program.model_proto


def _filled(graph: Any, model: nn.Module) -> Any:
    """Return a copy of a graph with a network's weights; initializers are named like weights and buffers."""
    from onnx import numpy_helper

    copy = type(graph)()
    copy.CopyFrom(graph)
    values = dict(Positional(model, ()).named_parameters()) | dict(Positional(model, ()).named_buffers())
    for one in copy.graph.initializer:
        if one.name in values:
            one.CopyFrom(numpy_helper.from_array(values[one.name].detach().cpu().contiguous().numpy(), one.name))
    return copy


def _structure(model: nn.Module, example: Mapping[str, np.ndarray], outputs: Sequence[str]) -> str:
    """Return a text that is the same for networks of which one graph serves; "" where that cannot be told."""
    parts: list[object] = [[(name, values.shape[1:], values.dtype.str) for name, values in example.items()], list(outputs)]
    parts += [(name, tuple(one.shape), one.dtype) for name, one in (*model.named_parameters(), *model.named_buffers())]
    for name, module in model.named_modules():
        own = {key: value for key, value in vars(module).items() if key not in _OF_ANY_MODULE}
        if not _is_plain(own):
            return ""
        parts.append((name, type(module).__module__, type(module).__qualname__, id(type(module)), own))
    return repr(parts)


def _is_plain(value: object) -> bool:
    """Return whether the text of a value says all of it."""
    if isinstance(value, Mapping):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)
