"""Training objectives: cross-entropy alone, or with the distillation terms of a recipe."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.clips.labels import IGNORED
from featherfall.core.recipe import Distillation
from featherfall.losses.focal import focal_loss
from featherfall.losses.shapes import Shapes
from featherfall.models.taps import tap_features
from featherfall.training.data import Batch
from featherfall.training.teachers import LiveTeachers, Shape, TeacherOutputs
from featherfall.training.terms import TermLoss, compares_features, student_taps


class HardLabels(nn.Module):
    """Cross-entropy with the labels, or the focal loss: teachers, and the student alone.

    Arguments:
        class_weights: (classes,).
        label_smoothing: share of each label that goes to all classes alike.
        focal: gamma of the focal loss.
        mixup: alpha of Beta(alpha, alpha), from which each batch draws the share by which its clips, and the losses of their labels, are
            mixed with those of another order of it (Zhang et al. 2018, arXiv 1710.09412).
    """

    def __init__(self, class_weights: Tensor | None = None, label_smoothing: float = 0.0, focal: float = 0.0, mixup: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("class_weights", class_weights)
        self.label_smoothing, self.focal, self.mixup = label_smoothing, focal, mixup

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        if not self.mixup:
            return {"loss": self._loss(model(batch.clip), batch.labels)}
        share = float(torch.distributions.Beta(self.mixup, self.mixup).sample())
        other = torch.randperm(len(batch.labels)).to(batch.labels.device)
        logits = model(mixed(batch.clip, other, share))
        return {"loss": share * self._loss(logits, batch.labels) + (1 - share) * self._loss(logits, batch.labels[other])}

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        logits = logits.float()  # under autocast they may be bfloat16
        weights: Tensor | None = self.class_weights  # type: ignore[assignment]
        if self.focal:
            return focal_loss(logits, labels, self.focal, weights)
        return F.cross_entropy(logits, labels, weights, label_smoothing=self.label_smoothing)


def mixed(clip: Mapping[str, Tensor], other: Tensor, share: float) -> dict[str, Tensor]:
    """share x the clips + (1 - share) x the same clips in the order `other` (B,); films become float32. An input is present where it is in
    both."""
    return {
        name: values & values[other] if values.dtype == torch.bool else share * values.float() + (1 - share) * values[other].float()
        for name, values in clip.items()
    }


class Distil(nn.Module):
    """hard x cross-entropy + sum of weight x term(student, teacher), clip by clip of the same batch.

    What a term trains along (projectors, regressors, memories) is trained, too, and discarded afterwards.

    Arguments:
        teacher: returns the teachers' outputs for exactly the clips and views of a batch.
        student_shapes: of a clip's features at each of the student's taps.
        clips: number of training clips.
    """

    def __init__(
        self,
        how: Distillation,
        teacher: TeacherOutputs | LiveTeachers,
        student_shapes: Mapping[str, Shape],
        clips: int,
        class_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.how = how
        self.teacher = teacher
        self.register_buffer("class_weights", class_weights)
        self.taps = student_taps(how.terms)
        self.terms = nn.ModuleList()
        for term in how.terms:
            tapped = compares_features(term)
            self.terms.append(
                TermLoss(term, Shapes(student_shapes[term.student_tap], teacher.shapes[term.teacher_tap], clips) if tapped else None)
            )

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        with tap_features(model, self.taps) as features:
            logits = model(batch.clip)
        teacher = self.teacher.outputs(batch)
        student = (logits.float(), features)
        weights: Tensor | None = self.class_weights  # type: ignore[assignment]
        with torch.autocast(batch.labels.device.type, enabled=False):  # differences and exponentials: not in bfloat16
            losses = {"hard": labelled_cross_entropy(student[0], batch.labels, weights)}
            for i, (term, loss) in enumerate(zip(self.how.terms, self.terms, strict=True)):
                losses[term.loss if term.loss not in losses else f"{term.loss}_{i}"] = loss(student, teacher, batch)
        scales = [self.how.hard, *(term.weight for term in self.how.terms)]
        total = torch.stack([scale * loss for scale, loss in zip(scales, losses.values(), strict=True)]).sum()
        return {"loss": total, **losses}


def labelled_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the weighted mean cross-entropy over the clips (B,) whose label is not `IGNORED`; 0 where there are none."""
    if not bool((labels != IGNORED).any()):
        return logits.sum() * 0
    return F.cross_entropy(logits, labels, weights, ignore_index=IGNORED)


def class_weights(labels: Tensor, classes: int, balance: float) -> Tensor | None:
    """Return (classes,) frequency ** -balance, with mean 1 over the clips that have a label; None for balance 0. Every class must occur."""
    if not balance:
        return None
    labels = labels[labels != IGNORED]
    counts = torch.bincount(labels, minlength=classes).float()
    weights = counts**-balance
    return weights * len(labels) / (weights * counts).sum()
