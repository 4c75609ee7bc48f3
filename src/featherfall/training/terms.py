"""The terms of a distillation: each a loss with what is trained along with it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from torch import Tensor, nn

from featherfall.core.errors import UserError
from featherfall.core.recipe import Term
from featherfall.core.registry import facts, find
from featherfall.losses.shapes import Shapes
from featherfall.training.data import Batch
from featherfall.training.teachers import Outputs

MAX_FEATURES = 16_384  # features per clip up to which they are cached or projected; maps have more and would not fit in memory


class TermLoss(nn.Module):
    """One term: its loss, and a linear projector from the student's to the teacher's width where the loss needs equal ones and they differ.

    Arguments:
        shapes: of the features at the term's taps; None for a term that compares logits.
    Raises: `UserError` for options that the loss does not have, and for features on which it is degenerate or that cannot be compared.
    """

    def __init__(self, term: Term, shapes: Shapes | None) -> None:
        super().__init__()
        kind = facts("loss", term.loss)
        self.term = term
        self.flat = kind.get("takes", "vectors") == "vectors"
        self.needs: tuple[str, ...] = tuple(kind.get("needs", ()))
        self.projector: nn.Module | None = None
        if shapes is not None:
            _check_shapes(term, shapes)
            if self.flat:
                shapes = Shapes((prod(shapes.student),), (prod(shapes.teacher),), shapes.clips)
            if kind.get("equal_width") and shapes.student != shapes.teacher:
                self.projector = _projector(term, shapes)
        self.loss = _loss_of(term, self.needs, shapes)

    def forward(self, student: Outputs, teacher: Outputs, batch: Batch) -> Tensor:
        """Return the term's loss, (), without its weight."""
        more = {name: getattr(batch, name) for name in self.needs}
        if not compares_features(self.term):
            loss: Tensor = self.loss(student[0], teacher[0], **more)
            return loss
        mine, theirs = student[1][self.term.student_tap].float(), teacher[1][self.term.teacher_tap].float()
        if self.flat:
            mine, theirs = mine.flatten(1), theirs.flatten(1)
        felt: Tensor = self.loss(mine if self.projector is None else self.projector(mine), theirs, **more)
        return felt


def compares_features(term: Term) -> bool:
    """Return whether a term compares features at taps; it compares logits otherwise."""
    return bool(facts("loss", term.loss).get("compares", "features") == "features")


def student_taps(terms: Sequence[Term]) -> list[str]:
    """Return the student's taps of all terms that compare features, each once."""
    return sorted({term.student_tap for term in terms if compares_features(term)})


def teacher_taps(terms: Sequence[Term]) -> list[str]:
    """As `student_taps`, of the teacher."""
    return sorted({term.teacher_tap for term in terms if compares_features(term)})


def check_counts(term: Term, classes: int, teachers: int) -> None:
    """Raise `UserError` for a term that is degenerate for so many classes or teachers."""
    kind = facts("loss", term.loss)
    for what, there in (("classes", classes), ("teachers", teachers)):
        if there < (least := kind.get(f"least_{what}", 0)):
            raise UserError(f"distillation term {term.loss!r} needs at least {least} {what}, here {there}: {kind.get('why', '')}")


def _check_shapes(term: Term, shapes: Shapes) -> None:
    kind = facts("loss", term.loss)
    takes = kind.get("takes", "vectors")
    taps = ((f"student_tap {term.student_tap!r}", shapes.student), (f"teacher_tap {term.teacher_tap!r}", shapes.teacher))
    for tap, shape in taps:
        if takes == "maps" and prod(shape[1:]) <= 1:
            raise UserError(
                f"distillation term {term.loss!r} compares maps, and {tap} gives vectors: {kind.get('why', '')}; name taps that give maps"
            )
    if takes != "vectors" and len(shapes.student) != len(shapes.teacher):
        says = " and ".join(f"{tap} has the shape {shape}" for tap, shape in taps)
        raise UserError(f"distillation term {term.loss!r}: {says}; name taps of as many dimensions")


def _projector(term: Term, shapes: Shapes) -> nn.Module:
    (width,), (wanted,) = shapes.student, shapes.teacher
    if max(width, wanted) > MAX_FEATURES:
        raise UserError(
            f"distillation term {term.loss!r}: the student's {term.student_tap!r} has {width} features, the teacher's "
            f"{term.teacher_tap!r} {wanted}; maps cannot be projected, name taps of the same shape"
        )
    return nn.Linear(width, wanted)


def _loss_of(term: Term, needs: tuple[str, ...], shapes: Shapes | None) -> Callable[..., Tensor]:
    """Return the term's loss with its options; a class is made for the shapes."""
    loss: Any = find("loss", term.loss)
    options = term.options if compares_features(term) else {"temperature": term.temperature, **term.options}
    made = isinstance(loss, type)
    try:
        inspect.signature(loss).bind(*([None] if made else [None, None]), **options, **({} if made else dict.fromkeys(needs)))
    except TypeError as error:
        raise UserError(f"distillation term {term.loss!r} with options {', '.join(options) or 'none'}: {error}") from error
    module: Callable[..., Tensor] = loss(shapes, **options) if made else functools.partial(loss, **options)
    return module
