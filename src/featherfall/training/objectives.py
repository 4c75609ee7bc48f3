"""Training objectives: cross-entropy alone, or with the distillation terms of a recipe."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.clips.labels import IGNORED
from featherfall.core.errors import UserError
from featherfall.core.recipe import Distillation, Term
from featherfall.core.registry import facts, find
from featherfall.losses.focal import focal_loss
from featherfall.models.taps import tap_features
from featherfall.training.data import Batch

MAX_FEATURES = 16_384  # features per clip up to which they are cached or projected; maps have more and would not fit in memory

Outputs = tuple[Tensor, Mapping[str, Tensor]]  # logits, and features by tap


@dataclass(frozen=True, eq=False)
class TeacherOutputs:
    """The teachers' outputs for every view of every training clip, computed once.

    logits: (V, N, M, classes). features: {tap: (V, N, D)} of the first teacher.
    """

    logits: Tensor
    features: dict[str, Tensor]

    @property
    def widths(self) -> dict[str, int]:
        """D by tap."""
        return {name: values.shape[-1] for name, values in self.features.items()}

    def outputs(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the (B, M, classes) logits and {tap: (B, D)} features of a batch."""
        at = (batch.view.cpu(), batch.index.cpu())
        device = batch.labels.device
        return self.logits[at].to(device), {name: values[at].to(device) for name, values in self.features.items()}


@dataclass(frozen=True, eq=False)
class LiveTeachers:
    """Trained teachers that run on every batch as it is augmented for the student; features are the first one's.

    widths: D by tap, maps flattened.
    """

    members: Sequence[nn.Module]
    widths: dict[str, int]

    @torch.no_grad()
    def outputs(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """As `TeacherOutputs.outputs`."""
        with tap_features(self.members[0], list(self.widths)) as features:
            logits = [member.to(batch.labels.device)(batch.clip).float() for member in self.members]
        return torch.stack(logits, dim=1), {name: values.flatten(1) for name, values in features.items()}


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

    Where a term compares features of different widths, a linear projector from the student's to the teacher's width is trained, too, and
    discarded afterwards.

    Arguments:
        teacher: returns the teachers' outputs for exactly the clips and views of a batch.
        student_widths: width of the student's output at each tap.
    """

    def __init__(
        self,
        how: Distillation,
        teacher: TeacherOutputs | LiveTeachers,
        student_widths: Mapping[str, int],
        class_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.how = how
        self.teacher = teacher
        self.register_buffer("class_weights", class_weights)
        self.losses = [_loss_of(term) for term in how.terms]
        self.taps = sorted({term.student_tap for term in how.terms if compares_features(term)})
        self.projectors = nn.ModuleDict()
        for i, term in enumerate(how.terms):
            if facts("loss", term.loss).get("equal_width"):
                width, wanted = student_widths[term.student_tap], teacher.widths[term.teacher_tap]
                if width != wanted:
                    if max(width, wanted) > MAX_FEATURES:
                        raise UserError(
                            f"distillation term {term.loss!r}: the student's {term.student_tap!r} has {width} features, the teacher's "
                            f"{term.teacher_tap!r} {wanted}; maps cannot be projected, name taps of the same shape"
                        )
                    self.projectors[str(i)] = nn.Linear(width, wanted)

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        with tap_features(model, self.taps) as features:
            logits = model(batch.clip)
        teacher = self.teacher.outputs(batch)
        student = (logits.float(), {name: values.flatten(1).float() for name, values in features.items()})
        weights: Tensor | None = self.class_weights  # type: ignore[assignment]
        with torch.autocast(batch.labels.device.type, enabled=False):  # differences and exponentials: not in bfloat16
            losses = {"hard": labelled_cross_entropy(student[0], batch.labels, weights)}
            for i, term in enumerate(self.how.terms):
                name = term.loss if term.loss not in losses else f"{term.loss}_{i}"
                losses[name] = self._term(i, term, student, teacher)
        scales = [self.how.hard, *(term.weight for term in self.how.terms)]
        total = torch.stack([scale * loss for scale, loss in zip(scales, losses.values(), strict=True)]).sum()
        return {"loss": total, **losses}

    def _term(self, i: int, term: Term, student: Outputs, teacher: Outputs) -> Tensor:
        if not compares_features(term):
            return self.losses[i](student[0], teacher[0])
        features = student[1][term.student_tap]
        if str(i) in self.projectors:
            features = self.projectors[str(i)](features)
        return self.losses[i](features, teacher[1][term.teacher_tap].to(features))


def compares_features(term: Term) -> bool:
    """Return whether a term compares features at taps; it compares logits otherwise."""
    return bool(facts("loss", term.loss).get("compares", "features") == "features")


def _loss_of(term: Term) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the term's loss with its options; raises `UserError` for options that it does not have."""
    loss = find("loss", term.loss)
    options = term.options if compares_features(term) else {"temperature": term.temperature, **term.options}
    try:
        inspect.signature(loss).bind(None, None, **options)
    except TypeError as error:
        raise UserError(f"distillation term {term.loss!r} with options {', '.join(options) or 'none'}: {error}") from error
    return functools.partial(loss, **options)


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
