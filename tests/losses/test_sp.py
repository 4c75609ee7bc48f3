from __future__ import annotations

import pytest
import torch

from featherfall.losses.sp import similarity_preserving


def test_by_hand() -> None:
    """Student G = [[1, 1], [1, 2]], rows to length 1; teacher G = [[4, 0], [0, 9]], the identity."""
    student, teacher = torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    half, fifth = 0.5**0.5, 0.2**0.5
    expected = ((half - 1) ** 2 + half**2 + fifth**2 + (2 * fifth - 1) ** 2) / 4
    assert similarity_preserving(student, teacher).item() == pytest.approx(expected, rel=1e-5)
