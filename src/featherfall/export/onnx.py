"""Torch -> ONNX, with a proof that both say the same."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

BATCH = 32  # clips at once: films are large


class _Positional(nn.Module):
    """The exporter names inputs by position; our networks take a dictionary."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, tuple(names)

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.model(dict(zip(self.names, inputs, strict=True)))  # type: ignore[no-any-return]


def export_onnx(model: nn.Module, example: Mapping[str, np.ndarray], path: Path) -> None:
    """Write an ONNX file whose inputs are named like `example` and whose output is "logits" (windows, classes).

    Arguments:
        example: {name: (K, length, channels) float32, or a film's (K, F, H, W, 3) uint8}, K >= 2; the first dimension becomes free.
    """
    names = list(example)
    inputs = tuple(torch.from_numpy(np.ascontiguousarray(example[name][:2])) for name in names)
    windows = torch.export.Dim("windows", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        program = torch.onnx.export(
            _Positional(model.eval(), names),
            inputs,
            dynamo=True,
            input_names=names,
            output_names=["logits"],
            dynamic_shapes=(tuple({0: windows} for _ in names),),
            verbose=False,
        )
    assert program is not None
    free = [one.type.tensor_type.shape.dim[0].dim_param for one in program.model_proto.graph.input]
    assert all(free), "the network fixes the number of windows (len(tensor) in its forward pass does); use tensor.shape[0]"
    path.write_bytes(bare(program.model_proto).SerializeToString())


def bare(model: Any) -> Any:
    """Drop the exporter's notes (stack traces, value names), which would be four fifths of a small model's file."""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


@torch.no_grad()
def torch_logits(model: nn.Module, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """(K, classes) float32 logits by torch, the reference of the proof."""
    model, count = model.eval(), len(next(iter(inputs.values())))
    parts = [
        {name: torch.from_numpy(np.ascontiguousarray(values[at : at + BATCH])) for name, values in inputs.items()}
        for at in range(0, count, BATCH)
    ]
    return np.concatenate([model(clip).numpy() for clip in parts])


def onnx_logits(path: Path, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """(K, classes) float32 logits by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    count = len(next(iter(inputs.values())))
    parts = [{name: np.ascontiguousarray(values[at : at + BATCH]) for name, values in inputs.items()} for at in range(0, count, BATCH)]
    return np.concatenate([session.run(["logits"], part)[0] for part in parts])
