"""ExecuTorch in float32, for phones."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from torch import nn

from featherfall.core.errors import UserError
from featherfall.core.manifest import ModelFile
from featherfall.core.registry import register
from featherfall.export.capture import Positional
from featherfall.export.deployment import Deployable, model_entry
from featherfall.export.formats.onnx import PARITY_TOLERANCE
from featherfall.export.onnx import torch_outputs

FILE = "model.pte"


@register("format", "executorch")
def write_executorch(deployment: Deployable, folder: Path) -> ModelFile:
    """ExecuTorch in float32 (XNNPACK), one window at a time, proven against PyTorch on training clips; `pip install executorch`."""
    name, network, sample = deployment.contract.name, deployment.network, deployment.sample
    if network.module is None:
        raise UserError(f"{name}: ExecuTorch is exported from PyTorch, which a bundle does not hold; give the run")
    path = folder / FILE
    path.write_bytes(_program(network.module.eval(), sample))
    pairs = zip(torch_outputs(network.module, sample), executorch_outputs(path, sample), strict=True)
    error = max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
    if not error <= PARITY_TOLERANCE:  # also where it is not a number
        path.unlink()
        raise UserError(f"{name}: ExecuTorch and torch differ by {error:.2g}; report this model, it must not ship")
    proof = {"max_abs_error": error, "clips": len(next(iter(sample.values()))), "runtime": f"executorch {metadata.version('executorch')}"}
    return model_entry(path, "executorch", "float32", proof)


def executorch_outputs(path: Path, inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return the (K, ...) outputs by ExecuTorch's runtime, window by window."""
    parts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its own interface is experimental
        from executorch.runtime import Runtime

        method = Runtime.get().load_program(str(path)).load_method("forward")
        for k in range(len(next(iter(inputs.values())))):
            window = [torch.from_numpy(np.ascontiguousarray(values[k : k + 1])) for values in inputs.values()]
            parts.append([one.numpy().copy() for one in method.execute(window)])  # its memory is used again
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))


def _program(module: nn.Module, example: Mapping[str, np.ndarray]) -> bytes:
    """Return a program that takes one window. Raises `UserError` where ExecuTorch is not installed."""
    window = tuple(torch.from_numpy(np.ascontiguousarray(values[:1])) for values in example.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch and ExecuTorch warn of their own deprecations
        try:
            from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
            from executorch.exir import to_edge_transform_and_lower
        except ImportError as error:
            raise UserError(f"format 'executorch' needs a package that is not here ({error}); pip install executorch") from error
        exported = torch.export.export(Positional(module, list(example)), window)
        return bytes(to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch().buffer)
