"""Heads with one logit for two classes, as published for binary fall networks."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class PrependZero(nn.Module):
    """(B, 1) logit z of the second class -> (B, 2) logits [0, z].

    softmax([0, z]) = [1 - sigmoid(z), sigmoid(z)], so cross-entropy of these is binary cross-entropy with the logit z, and soft targets
    of temperature T compare [1 - p, p] with p = sigmoid(z / T).
    """

    def forward(self, logit: Tensor) -> Tensor:
        return F.pad(logit, (1, 0))


def make_head(width: int, classes: int, hidden: int | None = None) -> nn.Sequential:
    """Map (B, width) -> (B, classes): linear, or linear to `hidden` -> ReLU -> linear. Two classes have one logit z and give [0, z]."""
    layers: list[nn.Module] = []
    if hidden is not None:
        layers += [nn.Linear(width, hidden), nn.ReLU()]
    last = nn.Linear(hidden or width, 1 if classes == 2 else classes)
    return nn.Sequential(*layers, last, *([PrependZero()] if classes == 2 else []))
