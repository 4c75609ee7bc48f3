from __future__ import annotations

import pytest
import torch

from featherfall.losses.at import attention_transfer


def test_by_hand() -> None:
    """Sums of squares (9, 16) of length sqrt(337) and (4, 3) of length 5."""
    student = torch.tensor([[[3.0, 0.0], [0.0, 4.0]]])
    teacher = torch.tensor([[[2.0, -1.0], [0.0, 1.0], [0.0, 1.0]]])
    expected = ((9 / 337**0.5 - 0.8) ** 2 + (16 / 337**0.5 - 0.6) ** 2) / 2
    assert attention_transfer(student, teacher).item() == pytest.approx(expected, rel=1e-5)


def test_of_one_position_nothing_is_left() -> None:
    assert attention_transfer(torch.randn(4, 3, 1), torch.randn(4, 5, 1)).item() == pytest.approx(0, abs=1e-12)
