"""Angle between embeddings."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "cosine", compares="features", equal_width=True)
def embedding_cosine(student: Tensor, teacher: Tensor) -> Tensor:
    """1 - cosine similarity of (B, D) embeddings, averaged over the batch; range [0, 2]."""
    return (1 - F.cosine_similarity(student, teacher.detach(), dim=-1)).mean()
