"""Export from PyTorch to ONNX, and run either on the same clips."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class _Positional(nn.Module):
    """The exporter names inputs by position; our networks take a dictionary."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, tuple(names)

    def forward(self, *inputs: Tensor) -> Any:
        return self.model(dict(zip(self.names, inputs, strict=True)))


def export_onnx(model: nn.Module, example: Mapping[str, np.ndarray], path: Path, outputs: Sequence[str] = ("logits",)) -> None:
    """Write an ONNX file whose inputs are named like `example`.

    Arguments:
        example: {name: (K, length, channels) float32, or a film's (K, F, H, W, 3) uint8}, K >= 2; the first dimension becomes free.
        outputs: names of what the model returns.
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
            output_names=list(outputs),
            dynamic_shapes=(tuple({0: windows} for _ in names),),
            verbose=False,
        )
    assert program is not None
    free = [one.type.tensor_type.shape.dim[0].dim_param for one in program.model_proto.graph.input]
    assert all(free), "the network fixes the number of windows (len(tensor) in its forward pass does); use tensor.shape[0]"
    path.write_bytes(_bare(program.model_proto).SerializeToString())


def _bare(model: Any) -> Any:
    """Drop the exporter's metadata (stack traces, value names), four fifths of a small model's file."""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


@torch.no_grad()
def torch_outputs(model: nn.Module, inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return the (K, ...) outputs by torch, in evaluation mode."""
    model = model.eval()
    parts = []
    for batch in batches(inputs):
        outputs = model({name: torch.from_numpy(values) for name, values in batch.items()})
        parts.append([one.numpy() for one in (outputs if isinstance(outputs, tuple) else (outputs,))])
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))


def onnx_outputs(path: Path, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] = ("logits",)) -> tuple[np.ndarray, ...]:
    """Return the (K, ...) outputs by ONNX Runtime, on as many threads as torch: more than its own would take those of jobs beside it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    parts = [session.run(list(outputs), batch) for batch in batches(inputs)]
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))


def batches(inputs: Mapping[str, np.ndarray], samples: int = 32, pictures: int = 8) -> Iterator[dict[str, np.ndarray]]:
    """Yield parts of the clips by input: `samples` at a time, or `pictures` where one input is of films, which are large."""
    size = pictures if any(values.ndim == 5 for values in inputs.values()) else samples
    for at in range(0, len(next(iter(inputs.values()))), size):
        yield {name: np.ascontiguousarray(values[at : at + size]) for name, values in inputs.items()}
