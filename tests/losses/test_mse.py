from __future__ import annotations

import pytest
import torch

from featherfall.losses.mse import feature_mse


def test_by_hand() -> None:
    student, teacher = torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, 5.0]])
    assert feature_mse(student, teacher).item() == pytest.approx((4 + 16 + 0 + 9) / 4)
