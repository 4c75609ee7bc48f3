"""Feature matching that large differences do not dominate."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "huber", compares="features", equal_width=True)
def huber(student: Tensor, teacher: Tensor, delta: float = 1.0) -> Tensor:
    """Huber loss of (B, D) features: squared below `delta`, linear above."""
    return F.huber_loss(student, teacher.detach(), delta=delta)
