"""Euclidean distance of embeddings."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "l2", compares="features", equal_width=True)
def embedding_l2(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared Euclidean distance of (B, D) embeddings scaled to length 1, averaged over the batch; range [0, 4]."""
    difference = F.normalize(student, dim=-1) - F.normalize(teacher.detach(), dim=-1)
    return difference.square().sum(dim=-1).mean()
