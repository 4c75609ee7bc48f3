"""Soft targets: the student matches the teacher's softened probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "soft", compares="logits")
def soft_targets(student: Tensor, teacher: Tensor, temperature: float = 4.0) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)), averaged over the batch.

    Arguments:
        student: (B, C) logits.
        teacher: (B, C) logits, or (B, M, C) of an ensemble, whose softened probabilities are averaged.
        temperature: T > 0.
    Source: Hinton, Vinyals, Dean 2015, arXiv 1503.02531.
    """
    probability = F.softmax(teacher.detach() / temperature, dim=-1)
    if probability.ndim == 3:
        probability = probability.mean(dim=1)
    return temperature**2 * F.kl_div(F.log_softmax(student / temperature, dim=-1), probability, reduction="batchmean")


def soft_targets_binary(student: Tensor, teacher: Tensor, temperature: float = 3.0) -> Tensor:
    """T^2 KL([1 - p, p] || [1 - q, q]) for one binary logit, p = sigmoid(teacher / T), q = sigmoid(student / T).

    The same as `soft_targets` on the logits [0, z], computed with log-sigmoids so that saturated logits stay finite.

    Arguments:
        student, teacher: (B,) or (B, 1) logits of the positive class.
    """
    z_student, z_teacher = student / temperature, teacher.detach() / temperature
    p = torch.sigmoid(z_teacher)
    divergence = p * (F.logsigmoid(z_teacher) - F.logsigmoid(z_student)) + (1 - p) * (F.logsigmoid(-z_teacher) - F.logsigmoid(-z_student))
    return temperature**2 * divergence.mean()
