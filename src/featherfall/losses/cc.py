"""CC: correlations between the clips of a batch by a kernel."""

from __future__ import annotations

from math import exp, factorial

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "cc", compares="features", weight=0.02)
def correlation_congruence(student: Tensor, teacher: Tensor, gamma: float = 0.4, order: int = 2) -> Tensor:
    """||C_S - C_T||^2 / B^2, with C_ij the Gaussian kernel of features i and j scaled to length 1, by its Taylor series.

    exp(-gamma ||x - y||^2) = exp(-2 gamma) sum over p of (2 gamma)^p (x . y)^p / p!, up to `order`.

    Arguments:
        student: (B, D_s), teacher: (B, D_t).
    Source: Peng et al. 2019, arXiv 1904.01802.
    """
    return (_correlations(student, gamma, order) - _correlations(teacher.detach(), gamma, order)).square().mean()


def _correlations(features: Tensor, gamma: float, order: int) -> Tensor:
    """Map (B, D) -> (B, B)."""
    unit = F.normalize(features, dim=1)
    product = unit @ unit.T
    terms = [(2 * gamma) ** p / factorial(p) * product**p for p in range(order + 1)]
    return exp(-2 * gamma) * torch.stack(terms).sum(dim=0)
