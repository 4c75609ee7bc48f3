"""ONNX in int8."""

from __future__ import annotations

from pathlib import Path

from featherfall.core.manifest import ModelFile
from featherfall.core.registry import register
from featherfall.export.deployment import Deployable, Refusal, model_entry
from featherfall.export.formats.onnx import exact_file
from featherfall.export.onnx import onnx_outputs
from featherfall.export.quantise import quantise


@register("format", "onnx_int8")
def write_onnx_int8(deployment: Deployable, folder: Path) -> ModelFile | Refusal:
    """ONNX with int8 weights and activations, kept only where no metric loses more than the budget."""
    with exact_file(deployment, folder) as exact:
        return _write(deployment, exact, folder)


def _write(deployment: Deployable, exact: Path, folder: Path) -> ModelFile | Refusal:
    guard, path = deployment.guard, folder / "model.int8.onnx"
    quantise(exact, path, deployment.sample)
    before, after = (guard.metrics(onnx_outputs(file, guard.inputs, deployment.network.outputs)) for file in (exact, path))
    proof = guard.compared(before, after)
    if guard.refuses(proof):
        path.unlink()
        return Refusal("int8", proof)
    return model_entry(path, "onnx", "int8", proof)
