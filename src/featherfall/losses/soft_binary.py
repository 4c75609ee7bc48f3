"""KD of one binary logit."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


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
