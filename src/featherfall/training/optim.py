"""Optimisers, schedules and weight averages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from featherfall.core.training_settings import Training


def optimizer_for(parameters: Iterable[nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """Return the recipe's AdamW, Adam or SGD for the parameters that are not frozen."""
    values = [parameter for parameter in parameters if parameter.requires_grad]
    if training.optimizer == "sgd":
        return torch.optim.SGD(values, training.lr, momentum=training.momentum, weight_decay=training.weight_decay)
    kind = torch.optim.AdamW if training.optimizer == "adamw" else torch.optim.Adam
    return kind(values, training.lr, weight_decay=training.weight_decay, fused=True)


class Schedule(Protocol):
    """A learning-rate schedule, stepped once per training step."""

    def step(self) -> None: ...
    def get_last_lr(self) -> list[Any]: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class ConstantAfter:
    """A schedule for the first `steps` steps, then the constant learning rate `lr`."""

    def __init__(self, first: LRScheduler, steps: int, lr: float) -> None:
        self.first, self.steps, self.lr = first, steps, lr
        self.taken = 0

    def step(self) -> None:
        self.taken += 1
        if self.taken < self.steps:
            self.first.step()
        else:
            for group in self.first.optimizer.param_groups:
                group["lr"] = self.lr

    def get_last_lr(self) -> list[Any]:
        return [group["lr"] for group in self.first.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        return {"first": self.first.state_dict(), "taken": self.taken}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.first.load_state_dict(state_dict["first"])
        self.taken = state_dict["taken"]


def schedule_for(optimizer: torch.optim.Optimizer, training: Training) -> Schedule:
    """Return a one-cycle, cosine, step (x0.1 at half-way) or constant schedule over all steps; with SWA only until that starts."""
    whole = _schedule(optimizer, training)
    if training.swa is None:
        return whole
    return ConstantAfter(whole, int(training.swa.start * training.steps), training.swa.lr)


def _schedule(optimizer: torch.optim.Optimizer, training: Training) -> LRScheduler:
    if training.schedule == "onecycle":
        return OneCycleLR(optimizer, training.lr, total_steps=training.steps)
    if training.schedule == "cosine":
        return CosineAnnealingLR(optimizer, training.steps)
    if training.schedule == "step":
        return StepLR(optimizer, max(training.steps // 2, 1), 0.1)
    return ConstantLR(optimizer, 1.0)


class WeightAverage:
    """An average of parameters and batch-norm statistics: average <- (1 - share) average + share weights."""

    def __init__(self, model: nn.Module) -> None:
        self._live = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        self._names = [name for name, tensor in model.state_dict().items() if tensor.is_floating_point()]
        self.average: list[Tensor] | None = None

    @torch.no_grad()
    def update(self, share: float) -> None:
        """Add the present weights to the average; the first call copies."""
        if self.average is None:
            self.average = [tensor.clone() for tensor in self._live]
        else:
            torch._foreach_lerp_(self.average, self._live, share)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's weights with the average (nothing happens before the first update)."""
        for live, average in zip(self._live, self.average or [], strict=False):
            kept = live.clone()
            live.copy_(average)
            average.copy_(kept)

    def state(self) -> dict[str, Tensor] | None:
        """Return the average by name, for a checkpoint."""
        return None if self.average is None else dict(zip(self._names, self.average, strict=True))

    def load(self, state: dict[str, Tensor] | None) -> None:
        """Restore an average from a checkpoint."""
        self.average = None if state is None else [state[name].to(live) for name, live in zip(self._names, self._live, strict=True)]


def averaging_share(step: int, training: Training, epoch: int) -> float | None:
    """Return the share with which the weights after this step enter the average; None where they do not.

    The moving average takes 1 - decay after every step of the second half; the stochastic one, for the k-th time, 1 / k at the end of each
    epoch (of `epoch` steps, counted back from the last one) after its start, so that all weigh the same.
    """
    if training.swa is None:
        return 1 - training.average if training.average and step > training.steps // 2 else None
    first = int(training.swa.start * training.steps)
    if step <= first or (training.steps - step) % epoch:
        return None
    return 1 / (1 + (step - first - 1) // epoch)


@torch.no_grad()
def recompute_batch_norm(model: nn.Module, batches: Iterable[Any]) -> None:
    """Recompute batch-norm statistics as plain means over the batches, each of which is given to the model; those of frozen parts
    (in evaluation mode even while training) stay. As `torch.optim.swa_utils.update_bn`."""
    was_training = model.training
    model.train()
    norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    if norms:
        for batch in batches:
            model(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)
