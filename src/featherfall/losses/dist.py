"""DIST: correlations in place of exact probabilities."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.soft import mean_probability


@register(
    "loss",
    "dist",
    compares="logits",
    least_classes=3,
    weight=1.0,
    why="two probabilities that sum to 1 are always correlated by 1 or -1; use 'soft'",
)
def correlated(student: Tensor, teacher: Tensor, temperature: float = 4.0, beta: float = 1.0, gamma: float = 1.0) -> Tensor:
    """T^2 (beta (1 - r between the classes of each clip) + gamma (1 - r between the clips of each class)), r Pearson's, averaged.

    Arguments:
        student: (B, C) logits. teacher: (B, C), or (B, M, C) of an ensemble, whose softened probabilities are averaged.
    Source: Huang et al. 2022, arXiv 2205.10536.
    """
    p, q = mean_probability(teacher, temperature), F.softmax(student / temperature, dim=1)
    return temperature**2 * (beta * (1 - _pearson(p, q)).mean() + gamma * (1 - _pearson(p.T, q.T)).mean())


def _pearson(first: Tensor, second: Tensor) -> Tensor:
    """Return the correlation of each row of two (R, K), (R,)."""
    return F.cosine_similarity(first - first.mean(dim=1, keepdim=True), second - second.mean(dim=1, keepdim=True), dim=1)
