"""Several teachers, each weighted by how well it knows the clip."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register(
    "loss",
    "multi_teacher",
    compares="logits",
    needs=["labels"],
    least_teachers=2,
    weight=1.0,
    why="it weighs the teachers against each other; set teacher.members, or use 'soft'",
)
def confident_teachers(student: Tensor, teacher: Tensor, labels: Tensor, temperature: float = 4.0) -> Tensor:
    """T^2 sum over teachers of w_m KL(softmax(teacher_m / T) || softmax(student / T)), averaged over the batch.

    w_m = (1 - exp(c_m) / sum of exp(c)) / (M - 1), c_m the cross-entropy of teacher m with the clip's label; 1 / M where it has none.

    Arguments:
        student: (B, C) logits. teacher: (B, M, C). labels: (B,), below 0 where a clip has none.
    Source: Zhang, Chen, Wang 2022 (CA-MKD), arXiv 2201.00007.
    """
    teacher = teacher.detach()
    count = teacher.shape[1]
    wrong = -F.log_softmax(teacher, dim=2).gather(2, labels.clamp(min=0)[:, None, None].expand(-1, count, 1))[..., 0]  # B, M
    weights = (1 - F.softmax(wrong, dim=1)) / (count - 1)
    weights = torch.where(labels[:, None] < 0, 1 / count, weights)
    log_q = F.log_softmax(student / temperature, dim=1)[:, None].expand_as(teacher)
    apart = F.kl_div(log_q, F.softmax(teacher / temperature, dim=2), reduction="none").sum(dim=2)
    return temperature**2 * (weights * apart).sum(dim=1).mean()
