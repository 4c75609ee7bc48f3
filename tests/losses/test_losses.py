"""What holds for every loss."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from featherfall import losses

Loss = Callable[[Tensor, Tensor], Tensor]
EVERY = pytest.mark.parametrize("loss", [getattr(losses, name) for name in losses.__all__], ids=losses.__all__)


def pair(width: int = 3) -> tuple[Tensor, Tensor]:
    student, teacher = torch.randn(2, 6, width, generator=torch.Generator().manual_seed(0))
    return student.requires_grad_(), teacher.requires_grad_()


def test_all_losses_are_listed() -> None:
    assert len(losses.__all__) == 8


@EVERY
def test_the_student_learns_and_the_teacher_does_not(loss: Loss) -> None:
    student, teacher = pair()
    value = loss(student, teacher)
    value.backward()
    assert value.ndim == 0 and value.item() > 0
    assert student.grad is not None and student.grad.abs().sum() > 0
    assert teacher.grad is None


@EVERY
def test_nothing_to_learn_from_oneself(loss: Loss) -> None:
    student, _ = pair()
    assert loss(student, student).item() == pytest.approx(0, abs=1e-6)


@EVERY
@pytest.mark.parametrize("alike", [2, 6])
@pytest.mark.parametrize("whose", ["student", "teacher", "both"])
def test_finite_gradients_where_clips_coincide(loss: Loss, alike: int, whose: str) -> None:
    student, teacher = (one.detach() for one in pair())
    for one in {"student": [student], "teacher": [teacher], "both": [student, teacher]}[whose]:
        one[:alike] = one[0].clone()
    student.requires_grad_()
    loss(student, teacher).backward()
    assert student.grad is not None and torch.isfinite(student.grad).all()


@pytest.mark.parametrize("loss", [losses.rkd_distance, losses.rkd_angle])
def test_relations_compare_features_of_different_widths(loss: Loss) -> None:
    student, _ = pair(3)
    _, teacher = pair(7)
    assert torch.isfinite(loss(student, teacher))
