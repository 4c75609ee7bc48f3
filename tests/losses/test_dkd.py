from __future__ import annotations

from math import log

import pytest
import torch

from featherfall.losses.dkd import decoupled
from featherfall.losses.soft import soft_targets


def test_by_hand() -> None:
    """p = (.5, .25, .25), q = (.25, .25, .5), target 0: b (.5, .5) and (.25, .75); others (.5, .5) and (1/3, 2/3)."""
    teacher, student = torch.tensor([[0.5, 0.25, 0.25]]).log(), torch.tensor([[0.25, 0.25, 0.5]]).log()
    target = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75)
    others = 0.5 * log(0.5 / (1 / 3)) + 0.5 * log(0.5 / (2 / 3))
    value = decoupled(student, teacher, torch.tensor([0]), temperature=1.0, alpha=2.0, beta=3.0).item()
    assert value == pytest.approx(2 * target + 3 * others, rel=1e-5)


def test_kd_is_the_same_with_the_weight_of_the_others_that_is_left_to_them() -> None:
    """KL(p || q) = KL(b_T || b_S) + (1 - p_t) KL(n_T || n_S), equation 6."""
    student, teacher = torch.randn(1, 5), torch.randn(1, 5)
    labels = torch.tensor([3])
    rest = 1 - float(torch.softmax(teacher / 4, dim=1)[0, 3])
    torch.testing.assert_close(
        decoupled(student, teacher, labels, alpha=1.0, beta=rest), soft_targets(student, teacher, 4.0), rtol=1e-4, atol=1e-5
    )


def test_without_a_label_the_target_is_the_teachers() -> None:
    student, teacher = torch.randn(4, 5), torch.randn(4, 5)
    said = teacher.argmax(dim=1)
    torch.testing.assert_close(decoupled(student, teacher, torch.full((4,), -1)), decoupled(student, teacher, said))
