"""What a network minimises: cross-entropy alone, or with the distillation terms of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.clips.labels import IGNORED
from featherfall.ground.recipe import Distillation, Term
from featherfall.losses import dask, embedding_cosine, embedding_l2, feature_mse, rkd_angle, rkd_distance, soft_targets
from featherfall.models.taps import tap
from featherfall.training.data import Batch

FEATURE_LOSSES = {
    "mse": feature_mse,
    "l2": embedding_l2,
    "cosine": embedding_cosine,
    "rkd_distance": rkd_distance,
    "rkd_angle": rkd_angle,
    "dask": dask,
}
NEEDS_EQUAL_WIDTH = {"mse", "l2", "cosine", "dask"}


@dataclass(frozen=True, eq=False)
class TeacherOutputs:
    """What the teachers say of every view of every training clip, computed once.

    logits: (V, N, M, classes). features: {tap: (V, N, D)} of the first teacher.
    """

    logits: Tensor
    features: dict[str, Tensor]


class HardLabels(nn.Module):
    """Cross-entropy with the labels: teachers, and the student alone."""

    def __init__(self, class_weights: Tensor | None = None, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("class_weights", class_weights)
        self.label_smoothing = label_smoothing

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        weights: Tensor | None = self.class_weights  # type: ignore[assignment]
        return {"loss": F.cross_entropy(model(batch.clip), batch.labels, weights, label_smoothing=self.label_smoothing)}


class Distil(nn.Module):
    """hard x cross-entropy + sum of weight x term(student, teacher), clip by clip of the same batch.

    Where a term compares features of different widths, a linear projector from the student's to the teacher's width is trained along and
    thrown away afterwards.

    Arguments:
        teacher: outputs on exactly the clips and views that the batches index.
        student_widths: width of the student's output at each tap.
    """

    def __init__(
        self, how: Distillation, teacher: TeacherOutputs, student_widths: Mapping[str, int], class_weights: Tensor | None = None
    ) -> None:
        super().__init__()
        self.how = how
        self.teacher = teacher
        self.register_buffer("class_weights", class_weights)
        self.taps = sorted({term.student_tap for term in how.terms if term.loss != "soft"})
        self.projectors = nn.ModuleDict()
        for i, term in enumerate(how.terms):
            if term.loss in NEEDS_EQUAL_WIDTH:
                width, wanted = student_widths[term.student_tap], teacher.features[term.teacher_tap].shape[-1]
                if width != wanted:
                    self.projectors[str(i)] = nn.Linear(width, wanted)

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        with tap(model, self.taps) as features:
            logits = model(batch.clip)
        weights: Tensor | None = self.class_weights  # type: ignore[assignment]
        losses = {"hard": F.cross_entropy(logits, batch.labels, weights, ignore_index=IGNORED)}
        for i, term in enumerate(self.how.terms):
            name = term.loss if term.loss not in losses else f"{term.loss}_{i}"
            losses[name] = self._term(i, term, logits, features, batch)
        scales = [self.how.hard, *(term.weight for term in self.how.terms)]
        total = torch.stack([scale * loss for scale, loss in zip(scales, losses.values(), strict=True)]).sum()
        return {"loss": total, **losses}

    def _term(self, i: int, term: Term, logits: Tensor, features: Mapping[str, Tensor], batch: Batch) -> Tensor:
        if term.loss == "soft":
            teacher = self.teacher.logits[batch.view.cpu(), batch.index.cpu()].to(logits.device)
            return soft_targets(logits, teacher, term.temperature)
        student = features[term.student_tap].flatten(1)
        if str(i) in self.projectors:
            student = self.projectors[str(i)](student)
        target = self.teacher.features[term.teacher_tap][batch.view.cpu(), batch.index.cpu()].to(student)
        return FEATURE_LOSSES[term.loss](student, target)


def class_weights(labels: Tensor, classes: int, balance: float) -> Tensor | None:
    """(classes,) frequency ** -balance, with mean 1 over the clips; None for balance 0. Every class must occur."""
    if not balance:
        return None
    counts = torch.bincount(labels, minlength=classes).float()
    weights = counts**-balance
    return weights * len(labels) / (weights * counts).sum()
