"""AT: where a map is active."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.shapes import paired_maps


@register(
    "loss",
    "at",
    compares="features",
    takes="maps",
    weight=1000.0,
    why="attention is a distribution over positions, and on one position it is 1 for everybody",
)
def attention_transfer(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the attention maps: the sum of squares over the channels, scaled to length 1 over the positions.

    Arguments:
        student: (B, C_s, P...), teacher: (B, C_t, P...) maps.
    Source: Zagoruyko, Komodakis 2017, arXiv 1612.03928 with F_sum^2; the mean as in Tian et al. 2020.
    """
    mine, theirs = (F.normalize(one.square().sum(dim=1), dim=1) for one in paired_maps(student, teacher.detach()))
    return (mine - theirs).square().mean()
