"""VID: the student's features predict the teacher's, with a variance a channel."""

from __future__ import annotations

from math import expm1, log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.shapes import Shapes, paired_maps


@register("loss", "vid", compares="features", takes="any", weight=1.0)
class VariationalInformation(nn.Module):
    """Negative log-likelihood of the teacher's features under a Gaussian: mean of (t - mu(s))^2 / (2 sigma^2) + log(sigma^2) / 2.

    mu: convolutions of width 1. sigma^2 = softplus(a) + `least`, a learned for each channel.

    Arguments:
        start: first value of sigma^2. least: lower bound of sigma^2, so that it cannot vanish.
    Source: Ahn et al. 2019, arXiv 1904.05835.
    """

    def __init__(self, shapes: Shapes, start: float = 5.0, least: float = 1e-5) -> None:
        super().__init__()
        width, wanted = shapes.student[0], shapes.teacher[0]
        self.mean = nn.Sequential(nn.Linear(width, wanted), nn.ReLU(), nn.Linear(wanted, wanted))
        self.spread = nn.Parameter(torch.full((wanted,), log(expm1(start - least))))
        self.least = least

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """(B, C_s, P...) and (B, C_t, P...), or vectors -> ()."""
        mine, theirs = (one.transpose(1, 2) for one in paired_maps(student, teacher.detach()))
        variance = F.softplus(self.spread) + self.least
        loss: Tensor = ((theirs - self.mean(mine)).square() / (2 * variance) + variance.log() / 2).mean()
        return loss
