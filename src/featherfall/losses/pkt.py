"""PKT: the distribution of each clip's neighbours."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register

_TINY = 1e-7


@register("loss", "pkt", compares="features", weight=30000.0)
def probabilistic_knowledge_transfer(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of p_T log(p_T / p_S) over all pairs of clips, p the cosine similarity taken to 0..1, each row scaled to sum 1.

    Arguments:
        student: (B, D_s), teacher: (B, D_t).
    Source: Passalis, Tefas 2018, arXiv 1803.10837 with the cosine kernel; the mean as in Tian et al. 2020.
    """
    mine, theirs = _neighbours(student), _neighbours(teacher.detach())
    return (theirs * ((theirs + _TINY) / (mine + _TINY)).log()).mean()


def _neighbours(features: Tensor) -> Tensor:
    """Map (B, D) -> (B, B), rows of sum 1."""
    unit = F.normalize(features, dim=1)
    similarity = (unit @ unit.T + 1) / 2
    return similarity / similarity.sum(dim=1, keepdim=True)
