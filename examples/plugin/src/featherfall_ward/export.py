"""Weights alone, for programs that have the network's code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import ModelFile
from featherfall.core.registry import register
from featherfall.export.deployment import Deployment, model_entry


@register("format", "npz")
def write_npz(deployment: Deployment, folder: Path) -> ModelFile:
    """NumPy archive of the network's weights by name."""
    module = deployment.network.module
    if module is None:
        raise UserError(f"{deployment.recipe.name}: format 'npz' needs a PyTorch network; leave it out of export.formats")
    path = folder / "weights.npz"
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
    np.savez(path, **weights)
    return model_entry(path, "npz", "float32", {"tensors": len(weights)})
