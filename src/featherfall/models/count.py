"""Count a model's parameters and multiply-accumulates."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def parameters(model: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


def macs(model: nn.Module, clip: Mapping[str, Tensor]) -> int:
    """Return the multiply-accumulates of convolutions and linear layers in one forward pass, per clip of the given batch.

    Products with padding count. A layer's first dimension may hold more than clips, e.g. the body parts of each.
    """
    total, batch = 0, len(next(iter(clip.values())))

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            total += output.numel() // batch * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            total += output.numel() // batch * module.in_features

    handles = [module.register_forward_hook(count) for module in model.modules()]
    was_training = model.training
    try:
        with torch.no_grad():
            model.eval()(clip)
    finally:
        model.train(was_training)
        for handle in handles:
            handle.remove()
    return total
