"""KD: the student matches the teacher's softened probabilities."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "soft", compares="logits", weight=0.9)
def soft_targets(student: Tensor, teacher: Tensor, temperature: float = 4.0, confidence: float = 0.0) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)), averaged over the batch.

    Arguments:
        student: (B, C) logits.
        teacher: (B, C) logits, or (B, M, C) of an ensemble, whose softened probabilities are averaged.
        temperature: T > 0.
        confidence: clips are weighted by the teacher's highest probability (at T = 1) to this power, with mean 1; 0 for none.
    Source: Hinton, Vinyals, Dean 2015, arXiv 1503.02531.
    """
    probability = mean_probability(teacher, temperature)
    log_q = F.log_softmax(student / temperature, dim=-1)
    if not confidence:
        return temperature**2 * F.kl_div(log_q, probability, reduction="batchmean")
    weight = mean_probability(teacher, 1.0).amax(dim=-1) ** confidence
    each = F.kl_div(log_q, probability, reduction="none").sum(dim=-1)
    return temperature**2 * (each * weight / weight.mean()).mean()


def mean_probability(teacher: Tensor, temperature: float) -> Tensor:
    """Return (B, C) softened probabilities of logits (B, C), or the mean of an ensemble's (B, M, C); without gradient."""
    probability = F.softmax(teacher.detach() / temperature, dim=-1)
    return probability.mean(dim=1) if probability.ndim == 3 else probability
