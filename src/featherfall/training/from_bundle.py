"""A trained network read back from a bundle, to be trained further."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from featherfall.core.checked import check
from featherfall.core.errors import UserError
from featherfall.core.recipe import Network
from featherfall.models.build import build_network
from featherfall.runtime import Bundle
from featherfall.runtime.session import window_arrays

PREFIX = "model."  # of the network's parameters in the graph, see `export.onnx`
MOST_APART = 1e-3  # of the logits of network and bundle, which round differently


def network_of(bundle: Bundle) -> nn.Module:
    """Return the network of a bundle with its trained weights, in evaluation mode.

    The kind of network is that of the recipe which the manifest states, the weights are those of the float32 ONNX file. The exporter has
    folded each batch norm into the convolution before it: here that norm adds the bias that is left of it, which is the same function, but
    its running statistics are gone. Train it with `FrozenNorms`. That network and bundle agree is checked on random windows.

    Arguments:
        bundle: opened with its float32 model.
    Raises: `UserError` where the manifest does not state the network, or the graph is not one of it.
    """
    manifest, where = bundle.manifest, bundle.path
    stated = manifest.of_training("recipe", "student", "network")
    if not stated:
        raise UserError(f"{where}: its manifest does not state which network it is; give a bundle that `featherfall distill` wrote")
    network = check(Network, dict(stated), where / "manifest.json: provenance.recipe.student.network")
    channels = {one.name: tuple(one.channels) for one in manifest.inputs}
    model = build_network(network.kind, network.inputs, channels, len(manifest.labels), **network.options)
    weights = _weights(where / bundle.model.file)
    state = model.state_dict()
    found = {name: weights[PREFIX + name] for name in state if PREFIX + name in weights} | _folded(model, weights)
    wanted = {name for name in state if not name.endswith("num_batches_tracked")}
    if absent := sorted(wanted - found.keys()) or [name for name, value in found.items() if value.shape != tuple(state[name].shape)]:
        raise UserError(
            f"{where / bundle.model.file}: holds no {absent[0]!r} of a network of kind {network.kind!r}; it cannot be trained further"
        )
    model.load_state_dict({name: torch.tensor(found[name]) if name in found else value for name, value in state.items()})
    _check_same(bundle, model.eval())
    return model


class FrozenNorms(nn.Module):
    """Another objective, with the network's batch norms kept in evaluation mode: few clips of one person would upset their statistics."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, model: nn.Module, batch: object) -> object:
        for part in model.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.eval()
        return self.objective(model, batch)


def _weights(file: Path) -> dict[str, np.ndarray]:
    import onnx

    return {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(file).graph.initializer}


def _folded(model: nn.Module, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the state of batch norms that only add the bias which the exporter gave to the convolution before them."""
    found: dict[str, np.ndarray] = {}
    for name, part in model.named_modules():
        children = list(part.named_children()) if isinstance(part, nn.Sequential) else []
        for (before, _), (own, norm) in pairwise(children):
            bias = weights.get(f"{PREFIX}{name}.{before}.weight_bias")
            if isinstance(norm, nn.modules.batchnorm._BatchNorm) and bias is not None:
                flat = np.zeros_like(bias)
                state = {"running_mean": flat, "running_var": flat + 1, "weight": flat + np.float32(np.sqrt(1 + norm.eps)), "bias": bias}
                found |= {f"{name}.{own}.{key}": value for key, value in state.items()}
    return found


def _check_same(bundle: Bundle, model: nn.Module) -> None:
    random = np.random.default_rng(0)
    windows = {name: random.normal(0, 1, (4, *one.shape[1:])).astype(np.float32) for name, one in window_arrays(bundle.manifest).items()}
    (theirs,) = bundle.raw(windows).values()
    with torch.no_grad():
        mine = model({name: torch.from_numpy(one) for name, one in windows.items()}).numpy()
    apart = float(np.abs(mine - theirs).max())
    if not apart <= MOST_APART:
        raise UserError(f"{bundle.path}: its network read back gives other logits (by {apart:.2g}); it cannot be trained further")
