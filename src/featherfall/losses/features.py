"""Feature matching: compare the student's features with the teacher's. Project first where the widths differ."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "mse", compares="features", equal_width=True)
def feature_mse(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of two tensors of the same shape (FitNets, arXiv 1412.6550; DASK's semantic term L_S)."""
    return F.mse_loss(student, teacher.detach())


@register("loss", "l2", compares="features", equal_width=True)
def embedding_l2(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared Euclidean distance of (B, D) embeddings scaled to length 1, averaged over the batch; range [0, 4]."""
    difference = F.normalize(student, dim=-1) - F.normalize(teacher.detach(), dim=-1)
    return difference.square().sum(dim=-1).mean()


@register("loss", "cosine", compares="features", equal_width=True)
def embedding_cosine(student: Tensor, teacher: Tensor) -> Tensor:
    """1 - cosine similarity of (B, D) embeddings, averaged over the batch; range [0, 2]."""
    return (1 - F.cosine_similarity(student, teacher.detach(), dim=-1)).mean()
