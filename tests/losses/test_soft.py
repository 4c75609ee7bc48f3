from __future__ import annotations

from math import log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from featherfall.losses import soft_targets

LOGIT = st.floats(-50, 50, width=32)
ROWS = st.lists(st.tuples(LOGIT, LOGIT, LOGIT), min_size=1, max_size=4)
TEMPERATURE = st.floats(0.5, 10)


def test_soft_targets_by_hand() -> None:
    # T = 2, so logits of 2 ln 3 soften to [3/4, 1/4].
    teacher = torch.tensor([[2 * log(3), 0.0], [0.0, 0.0]])
    student = torch.tensor([[0.0, 0.0], [2 * log(3), 0.0]])
    first = 0.75 * log(0.75 / 0.5) + 0.25 * log(0.25 / 0.5)
    second = 0.5 * log(0.5 / 0.75) + 0.5 * log(0.5 / 0.25)
    assert soft_targets(student, teacher, 2.0).item() == pytest.approx(4 * (first + second) / 2, rel=1e-5)


def test_soft_targets_of_an_ensemble_by_hand() -> None:
    # Two teachers, [3/4, 1/4] and [1/2, 1/2]: the target is [5/8, 3/8], not the softmax of the mean logit.
    teacher = torch.tensor([[[2 * log(3), 0.0], [0.0, 0.0]]])
    expected = 4 * (0.625 * log(0.625 / 0.5) + 0.375 * log(0.375 / 0.5))
    assert soft_targets(torch.zeros(1, 2), teacher, 2.0).item() == pytest.approx(expected, rel=1e-5)


def test_clips_of_a_sure_teacher_count_more_by_hand() -> None:
    # Highest probabilities at T = 1: 9/10 and 1/2, to the power 2: weights .81 and .25, over their mean .53.
    teacher = torch.tensor([[2 * log(3), 0.0], [0.0, 0.0]])
    student = torch.tensor([[0.0, 0.0], [2 * log(3), 0.0]])
    first = 0.75 * log(0.75 / 0.5) + 0.25 * log(0.25 / 0.5)
    second = 0.5 * log(0.5 / 0.75) + 0.5 * log(0.5 / 0.25)
    expected = 4 * (0.81 * first + 0.25 * second) / 0.53 / 2
    assert soft_targets(student, teacher, 2.0, confidence=2.0).item() == pytest.approx(expected, rel=1e-5)
    one = soft_targets(student[:1], teacher[:1], 2.0, confidence=2.0)
    torch.testing.assert_close(one, soft_targets(student[:1], teacher[:1], 2.0))


def test_soft_targets_of_an_ensemble_of_one_is_that_teacher() -> None:
    student, teacher = torch.randn(3, 4), torch.randn(3, 4)
    torch.testing.assert_close(soft_targets(student, teacher[:, None], 3.0), soft_targets(student, teacher, 3.0))


@given(ROWS, ROWS, TEMPERATURE)
def test_soft_targets_is_a_divergence(
    first: list[tuple[float, float, float]], second: list[tuple[float, float, float]], temperature: float
) -> None:
    count = min(len(first), len(second))
    student, teacher = (torch.tensor(rows[:count], dtype=torch.float64) for rows in (first, second))
    assert soft_targets(student, teacher, temperature).item() >= -1e-9
    assert soft_targets(student, student + 7, temperature).item() == pytest.approx(0, abs=1e-9)  # logits have no zero


@pytest.mark.parametrize("sign", [1, -1])
def test_finite_at_saturated_logits(sign: int) -> None:
    student = torch.tensor([[1e4, -1e4], [-1e4, 1e4]], requires_grad=True)
    loss = soft_targets(student, sign * student.detach(), 1.0)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(student.grad).all()  # type: ignore[arg-type]
