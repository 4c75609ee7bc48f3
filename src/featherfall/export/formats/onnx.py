"""ONNX in float32."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import ModelFile
from featherfall.core.registry import register
from featherfall.export.deployment import Deployable, model_entry
from featherfall.export.onnx import export_onnx, onnx_outputs, torch_outputs

FILE = "model.onnx"
PARITY_TOLERANCE = 1e-3  # of an output; float32 against float32 on another runtime


@register("format", "onnx")
def write_onnx(deployment: Deployable, folder: Path) -> ModelFile:
    """ONNX in float32, proven against PyTorch on training clips."""
    network, sample, path = deployment.network, deployment.sample, folder / FILE
    if network.module is None:
        assert network.graph is not None
        shutil.copy(network.graph, path)
        return model_entry(path, "onnx", "float32", {})
    export_onnx(network.module, sample, path, network.outputs)
    both = zip(torch_outputs(network.module, sample), onnx_outputs(path, sample, network.outputs), strict=True)
    error = max(float(np.abs(ours - theirs).max()) for ours, theirs in both)
    if not error <= PARITY_TOLERANCE:  # also where it is not a number
        what = " or ".join(network.outputs)
        raise UserError(f"{deployment.contract.name}: ONNX and torch differ by {error:.2g} in {what}; report this model, it must not ship")
    name = "max_abs_logit_error" if network.outputs == ("logits",) else "max_abs_error"
    return model_entry(path, "onnx", "float32", {name: error, "clips": len(next(iter(sample.values())))})


@contextlib.contextmanager
def exact_file(deployment: Deployable, folder: Path) -> Iterator[Path]:
    """Yield the ONNX file in float32: the folder's, where one was written, else one that vanishes afterwards."""
    if (folder / FILE).is_file():
        yield folder / FILE
        return
    with tempfile.TemporaryDirectory() as other:
        write_onnx(deployment, Path(other))
        yield Path(other) / FILE
