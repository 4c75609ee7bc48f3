from __future__ import annotations

from math import log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from featherfall.losses import soft_targets, soft_targets_binary

LOGIT = st.floats(-50, 50, width=32)
TEMPERATURE = st.floats(0.5, 10)


def test_soft_targets_binary_by_hand() -> None:
    # p = sigmoid(ln 3) = 3/4 against q = 1/2, T = 3.
    expected = 9 * (0.75 * log(0.75 / 0.5) + 0.25 * log(0.25 / 0.5))
    assert soft_targets_binary(torch.zeros(1), torch.tensor([3 * log(3)]), 3.0).item() == pytest.approx(expected, rel=1e-5)


@given(st.lists(st.tuples(LOGIT, LOGIT), min_size=1, max_size=5), TEMPERATURE)
def test_soft_targets_binary_is_soft_targets_on_zero_and_the_logit(pairs: list[tuple[float, float]], temperature: float) -> None:
    student, teacher = torch.tensor(pairs, dtype=torch.float64).T

    def wide(logits: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.zeros_like(logits), logits], dim=1)

    expected = soft_targets(wide(student), wide(teacher), temperature)
    torch.testing.assert_close(soft_targets_binary(student, teacher, temperature), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
def test_finite_at_saturated_logits(sign: int) -> None:
    student = torch.tensor([1e4, -1e4], requires_grad=True)
    loss = soft_targets_binary(student, sign * student.detach(), 1.0)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(student.grad).all()  # type: ignore[arg-type]
