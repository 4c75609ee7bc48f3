"""ONNX in int8."""

from __future__ import annotations

import tempfile
from pathlib import Path

from featherfall.core.manifest import ModelFile
from featherfall.core.registry import register
from featherfall.export.deployment import Deployment, Refusal, model_entry
from featherfall.export.formats.onnx import FILE, write_onnx
from featherfall.export.onnx import onnx_outputs
from featherfall.export.quantise import quantise


@register("format", "onnx_int8")
def write_onnx_int8(deployment: Deployment, folder: Path) -> ModelFile | Refusal:
    """ONNX with int8 weights and activations, kept only where no metric loses more than the budget."""
    exact = folder / FILE
    if not exact.is_file():
        with tempfile.TemporaryDirectory() as other:
            write_onnx(deployment, Path(other))
            return _write(deployment, Path(other) / FILE, folder)
    return _write(deployment, exact, folder)


def _write(deployment: Deployment, exact: Path, folder: Path) -> ModelFile | Refusal:
    guard, path = deployment.guard, folder / "model.int8.onnx"
    quantise(exact, path, deployment.sample)
    before, after = (dict(guard.metrics(onnx_outputs(file, guard.inputs, deployment.network.outputs))) for file in (exact, path))
    lost = max(100 * (before[name] - after[name]) for name in before)
    proof = {
        "points_lost": lost,
        "budget_points": guard.budget_points,
        "float32": before,
        "int8": after,
        "clips": len(next(iter(guard.inputs.values()))),
    }
    if lost > guard.budget_points:
        path.unlink()
        return Refusal("int8", proof)
    return model_entry(path, "onnx", "int8", proof)
