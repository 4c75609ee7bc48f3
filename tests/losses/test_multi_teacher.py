from __future__ import annotations

from math import log

import pytest
import torch

from featherfall.losses.multi_teacher import confident_teachers
from featherfall.losses.soft import soft_targets


def test_by_hand() -> None:
    """Teachers say 4/5 and 1/5 of the label: c = log(5/4), log(5), so that softmax(c) = (1/5, 4/5) and the weights are 4/5 and 1/5."""
    teacher = torch.tensor([[[log(4), 0.0], [0.0, log(4)]]])
    first = 0.8 * log(0.8 / 0.5) + 0.2 * log(0.2 / 0.5)
    student = torch.zeros(1, 2)
    assert confident_teachers(student, teacher, torch.tensor([0]), 1.0).item() == pytest.approx(first, rel=1e-5)  # the same of both
    learnt = torch.tensor([[log(4), 0.0]])  # what the first one says: only the second is left, by its weight
    second = 0.2 * log(0.2 / 0.8) + 0.8 * log(0.8 / 0.2)
    assert confident_teachers(learnt, teacher, torch.tensor([0]), 1.0).item() == pytest.approx(second / 5, rel=1e-5)


def test_without_a_label_all_count_alike() -> None:
    student, teacher = torch.randn(3, 4), torch.randn(3, 2, 4)
    each = [soft_targets(student, teacher[:, m], 4.0) for m in range(2)]
    torch.testing.assert_close(confident_teachers(student, teacher, torch.full((3,), -1)), (each[0] + each[1]) / 2)
