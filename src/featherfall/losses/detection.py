"""Losses of detectors: assignment of places to boxes, and the losses of classes and boxes.

Shapes: B pictures, A places, G boxes (padded), C classes. Boxes: left, top, right, bottom as fractions of the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

TOP = 10  # places assigned to a box at most
CLASS_POWER, BOX_POWER = 0.5, 4.0  # of probability and IoU in the fit, see `assign_targets`
TINY = 1e-9  # against division by 0


class Targets(NamedTuple):
    """scores: (B, A, C) targets of the class probabilities, 0..1. boxes: (B, A, 4) of the assigned places. mine: (B, A) bool, assigned."""

    scores: Tensor
    boxes: Tensor
    mine: Tensor


def iou_and_giou(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return intersection over union of boxes (..., 4) that broadcast, 0..1, and the generalised one, -1..1 (Rezatofighi et al., 2019).

    Generalised: IoU - the share of the smallest box around both that neither covers. Each has the broadcast shape.
    """
    low, high = torch.maximum(first[..., :2], second[..., :2]), torch.minimum(first[..., 2:], second[..., 2:])
    both = (high - low).clamp(min=0).prod(dim=-1)
    around = (torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(first[..., :2], second[..., :2])).clamp(min=0).prod(dim=-1)
    areas = [(one[..., 2:] - one[..., :2]).clamp(min=0).prod(dim=-1) for one in (first, second)]
    union = areas[0] + areas[1] - both
    iou = both / (union + TINY)
    return iou, iou - (around - union) / (around + TINY)


@torch.no_grad()
def assign_targets(logits: Tensor, boxes: Tensor, middles: Tensor, truth: Tensor, names: Tensor) -> Targets:
    """Assign places to boxes (task-aligned: Feng et al., TOOD, 2021): to each box the `TOP` places inside it that fit it best.

    fit = p^.5 IoU^4, p the place's probability of the box's class. A place that fits several boxes takes the one of the highest IoU. Its
    target for that class is the fit, scaled so that the best place of a box gets the box's best IoU; everything else gets 0.

    Arguments:
        logits: (B, A, C). boxes: (B, A, 4). middles: (A, 2) of the places.
        truth: (B, G, 4). names: (B, G) class, -1 where there is no box.
    """
    there = names >= 0
    iou = iou_and_giou(truth[:, :, None], boxes[:, None])[0] * there[..., None]  # B, G, A
    which = names.clamp(min=0)[..., None].expand(-1, -1, logits.shape[1])
    probability = logits.sigmoid().transpose(1, 2).gather(1, which)
    inside = ((middles > truth[:, :, None, :2]) & (middles < truth[:, :, None, 2:])).all(dim=-1) & there[..., None]
    fit = (probability**CLASS_POWER * iou**BOX_POWER + TINY) * inside  # while no place fits, all places inside rank equal
    best = fit.topk(min(TOP, fit.shape[-1]), dim=-1)
    chosen = torch.zeros_like(fit).scatter_(-1, best.indices, (best.values > 0).to(fit))
    several = chosen.sum(dim=1, keepdim=True) > 1
    first = torch.zeros_like(chosen).scatter_(1, (iou * chosen).argmax(dim=1, keepdim=True), 1.0)
    chosen = torch.where(several, first * chosen.amax(dim=1, keepdim=True), chosen)
    fit = fit * chosen
    scaled = fit / fit.amax(dim=-1, keepdim=True).clamp(min=TINY) * (iou * chosen).amax(dim=-1, keepdim=True)
    strength, owner = scaled.max(dim=1)  # B, A
    mine = chosen.sum(dim=1) > 0
    owner = chosen.argmax(dim=1)
    label = names.clamp(min=0).gather(1, owner)
    scores = F.one_hot(label, logits.shape[-1]).to(logits) * (strength * mine)[..., None]
    return Targets(scores, truth.gather(1, owner[..., None].expand(-1, -1, 4)), mine)


def box_losses(logits: Tensor, boxes: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Return (classes, boxes) losses: binary cross-entropy with the target scores, summed over all places, and 1 - generalised IoU of the
    assigned places, weighted by their target; both over the sum of targets."""
    total = targets.scores.sum().clamp(min=1.0)
    which = F.binary_cross_entropy_with_logits(logits, targets.scores, reduction="sum") / total
    weight = targets.scores.sum(dim=-1)
    where = ((1 - iou_and_giou(boxes, targets.boxes)[1]) * weight * targets.mine).sum() / total
    return which, where


def learn_from(logits: Tensor, boxes: Tensor, teacher_logits: Tensor, teacher_boxes: Tensor, least: float = 0.1) -> tuple[Tensor, Tensor]:
    """Return the logit distillation losses (classes, boxes) of a student against its teacher.

    Classes: at every place binary cross-entropy with the teacher's probability p, weighted by |p - q|^2 (q the student's; Li et al.,
    Generalized Focal Loss, 2020: otherwise the many places on which both agree on background would dominate). Boxes: 1 - generalised IoU
    where the teacher's p is `least` or more, weighted by p. Both over the sum of the p that are at least `least`.
    """
    p = teacher_logits.sigmoid()
    belief = p.amax(dim=-1)
    belief = belief * (belief >= least)
    total = belief.sum().clamp(min=1.0)
    each = F.binary_cross_entropy_with_logits(logits, p, reduction="none")
    which = (each * (p - logits.detach().sigmoid()).square()).sum() / total
    where = ((1 - iou_and_giou(boxes, teacher_boxes)[1]) * belief).sum() / total
    return which, where
