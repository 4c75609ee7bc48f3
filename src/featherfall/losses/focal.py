"""The focal loss: well-classified clips count less."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def focal_loss(logits: Tensor, labels: Tensor, gamma: float = 2.0, class_weights: Tensor | None = None) -> Tensor:
    """Return the weighted mean over the clips of -(1 - p)^gamma log p, with p the probability of the clip's own class.

    Lin, Goyal, Girshick, He and Dollar 2017, "Focal loss for dense object detection", ICCV, arXiv 1708.02002, equation 5. gamma 0 is
    cross-entropy; the weighted mean is that of `torch.nn.functional.cross_entropy`.

    Arguments:
        logits: (B, classes) float. labels: (B,) int64.
        class_weights: (classes,), the paper's alpha; None for equal ones.
    """
    log_p = F.log_softmax(logits, dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (-log_p.expm1()).clamp(min=1e-12)  # 1 - p; above 0, where a power below 1 has no slope
    losses = -(wrong**gamma) * log_p
    if class_weights is None:
        return losses.mean()
    weights = class_weights[labels]
    return (weights * losses).sum() / weights.sum()
