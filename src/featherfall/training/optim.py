"""Optimisers, schedules and the moving average of weights."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from featherfall.ground.recipe import Training


def optimizer_for(parameters: Iterable[nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """AdamW, Adam or SGD as the recipe says."""
    values = list(parameters)
    if training.optimizer == "sgd":
        return torch.optim.SGD(values, training.lr, momentum=training.momentum, weight_decay=training.weight_decay)
    kind = torch.optim.AdamW if training.optimizer == "adamw" else torch.optim.Adam
    return kind(values, training.lr, weight_decay=training.weight_decay, fused=True)


def schedule_for(optimizer: torch.optim.Optimizer, training: Training) -> LRScheduler:
    """One-cycle, cosine to zero, x0.1 at half-way, or constant; stepped once per training step."""
    if training.schedule == "onecycle":
        return OneCycleLR(optimizer, training.lr, total_steps=training.steps)
    if training.schedule == "cosine":
        return CosineAnnealingLR(optimizer, training.steps)
    if training.schedule == "step":
        return StepLR(optimizer, max(training.steps // 2, 1), 0.1)
    return ConstantLR(optimizer, 1.0)


class WeightAverage:
    """Exponential moving average of parameters and batch-norm statistics: average <- decay average + (1 - decay) weights."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self._live = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        self._names = [name for name, tensor in model.state_dict().items() if tensor.is_floating_point()]
        self.average: list[Tensor] | None = None

    @torch.no_grad()
    def update(self) -> None:
        """Call after each optimiser step; the first call copies."""
        if self.average is None:
            self.average = [tensor.clone() for tensor in self._live]
        else:
            torch._foreach_lerp_(self.average, self._live, 1 - self.decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's weights with the average (nothing happens before the first update)."""
        for live, average in zip(self._live, self.average or [], strict=False):
            kept = live.clone()
            live.copy_(average)
            average.copy_(kept)

    def state(self) -> dict[str, Tensor] | None:
        """The average by name, for a checkpoint."""
        return None if self.average is None else dict(zip(self._names, self.average, strict=True))

    def load(self, state: dict[str, Tensor] | None) -> None:
        """Take up an average from a checkpoint."""
        self.average = None if state is None else [state[name].to(live) for name, live in zip(self._names, self._live, strict=True)]
