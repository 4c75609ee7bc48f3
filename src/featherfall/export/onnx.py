"""Export from PyTorch to ONNX, and run either on the same clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from featherfall.export.capture import capture, forget


def export_onnx(model: nn.Module, example: Mapping[str, np.ndarray], path: Path, outputs: Sequence[str] = ("logits",)) -> None:
    """Write an ONNX file whose inputs are named like `example`.

    Arguments:
        example: {name: (K, length, channels) float32, or a film's (K, F, H, W, 3) uint8}, K >= 2; the first dimension becomes free.
        outputs: names of what the model returns.
    """
    graph, before = capture(model.eval(), example, outputs)
    _write(graph, path)
    if before and not _fits(path, model, example, outputs):  # its structure says less than it does: e.g. a global that changed
        forget()
        _write(capture(model, example, outputs)[0], path)


def _write(graph: Any, path: Path) -> None:
    from onnxscript import optimizer

    path.write_bytes(_bare(optimizer.optimize(graph)).SerializeToString())


def _fits(path: Path, model: nn.Module, example: Mapping[str, np.ndarray], outputs: Sequence[str]) -> bool:
    """Return whether a file gives what the network gives for two clips."""
    two = {name: np.ascontiguousarray(values[:2]) for name, values in example.items()}
    pairs = zip(torch_outputs(model, two), onnx_outputs(path, two, outputs), strict=True)
    return all(np.allclose(ours, theirs, rtol=1e-3, atol=1e-3, equal_nan=True) for ours, theirs in pairs)


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
