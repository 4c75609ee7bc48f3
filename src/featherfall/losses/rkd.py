"""RKD: distances and angles between the clips of a batch; widths of student and teacher may differ.

Source: Park, Kim, Lu, Cho 2019, arXiv 1904.05068.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register

_TINY = 1e-12  # keeps the square root's gradient finite at distance 0


@register("loss", "rkd_distance", compares="features", weight=25.0)
def rkd_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """L_D: mean SmoothL1 between the pairwise distances, each divided by its own mean over the distances above 0.

    Arguments:
        student: (B, D_s), teacher: (B, D_t).
    """
    return F.smooth_l1_loss(_relative_distances(student), _relative_distances(teacher.detach()))


@register("loss", "rkd_angle", compares="features", weight=50.0)
def rkd_angle(student: Tensor, teacher: Tensor) -> Tensor:
    """L_A: mean SmoothL1 between the cosines of the angles that every triple (j, i, k) of the batch forms at i.

    Arguments:
        student: (B, D_s), teacher: (B, D_t).
    """
    return F.smooth_l1_loss(_cosines(student), _cosines(teacher.detach()))


def _relative_distances(features: Tensor) -> Tensor:
    """Map (B, D) -> (B, B)."""
    difference = features[:, None, :] - features[None, :, :]
    squared = difference.square().sum(dim=-1)
    distance = torch.where(squared > 0, (squared + _TINY).sqrt(), squared)
    apart = distance > 0
    return distance / distance[apart].mean() if bool(apart.any()) else distance


def _cosines(features: Tensor) -> Tensor:
    """Map (B, D) -> (B, B, B): a_ijk = <e_ij, e_ik>, e_ij = (f_i - f_j) / ||f_i - f_j||, 0 where i = j."""
    difference = features[:, None, :] - features[None, :, :]
    unit = F.normalize(difference, dim=-1)
    return torch.bmm(unit, unit.transpose(1, 2))
