from __future__ import annotations

import pytest
import torch

from featherfall.losses.cosine import embedding_cosine


def test_by_hand() -> None:
    student, teacher = torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, 5.0]])
    assert embedding_cosine(student, teacher).item() == pytest.approx((1 - 0.6 + 1 - 1) / 2)
