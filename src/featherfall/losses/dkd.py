"""DKD: the target class and the other classes apart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.soft import mean_probability

_TINY = 1e-12  # a probability may be rounded to 0


@register(
    "loss",
    "dkd",
    compares="logits",
    needs=["labels"],
    least_classes=3,
    weight=1.0,
    why="of two classes only one is not the target, whose share among those is always 1; use 'soft'",
)
def decoupled(student: Tensor, teacher: Tensor, labels: Tensor, temperature: float = 4.0, alpha: float = 1.0, beta: float = 8.0) -> Tensor:
    """T^2 (alpha KL(b_T || b_S) + beta KL(n_T || n_S)), averaged over the batch.

    b: the softened probability of the target and of all others together; n: the softened probabilities of the others, scaled to sum 1.

    Arguments:
        student: (B, C) logits. teacher: (B, C), or (B, M, C) of an ensemble, whose softened probabilities are averaged.
        labels: (B,); where a clip has none (below 0), the target is the teacher's most probable class.
    Source: Zhao et al. 2022, arXiv 2203.08679, equation 7.
    """
    p, q = mean_probability(teacher, temperature), F.softmax(student / temperature, dim=1)
    target = torch.where(labels < 0, p.argmax(dim=1), labels)
    mine = F.one_hot(target, p.shape[1]).bool()
    parts_p, parts_q = (torch.stack([one[mine], 1 - one[mine]], dim=1) for one in (p, q))
    others_p, others_q = (one[~mine].view(len(one), -1) / (1 - one[mine])[:, None].clamp(min=_TINY) for one in (p, q))
    return temperature**2 * (alpha * _divergence(parts_p, parts_q) + beta * _divergence(others_p, others_q))


def _divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return KL(p || q) of (B, K) probabilities, averaged over B."""
    return (p * ((p + _TINY).log() - (q + _TINY).log())).sum(dim=1).mean()
