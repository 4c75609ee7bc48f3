"""SP: which clips of a batch are alike."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "sp", compares="features", weight=3000.0)
def similarity_preserving(student: Tensor, teacher: Tensor) -> Tensor:
    """||G_S - G_T||^2 / B^2 with G = F F^T, each row scaled to length 1.

    Arguments:
        student: (B, D_s), teacher: (B, D_t).
    Source: Tung, Mori 2019, arXiv 1907.09682.
    """
    mine, theirs = (F.normalize(one @ one.T, dim=1) for one in (student, teacher.detach()))
    return (mine - theirs).square().mean()
