from __future__ import annotations

import pytest
import torch

from featherfall.losses.fitnet import FitNet
from featherfall.losses.shapes import Shapes


def test_by_hand_with_a_known_regressor() -> None:
    """r(s) = 2 s_0 + s_1 + 1: 2 and 4 at the two positions, against 5 and 3."""
    loss = FitNet(Shapes((2, 2), (1, 2), 4))
    with torch.no_grad():
        loss.regressor.weight.copy_(torch.tensor([[2.0, 1.0]]))
        loss.regressor.bias.fill_(1.0)
    student, teacher = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]]), torch.tensor([[[5.0, 3.0]]])
    assert loss(student, teacher).item() == pytest.approx((3**2 + 1**2) / 2)


def test_vectors_are_maps_of_one_position() -> None:
    loss = FitNet(Shapes((3,), (2,), 4))
    student, teacher = torch.randn(4, 3), torch.randn(4, 2)
    torch.testing.assert_close(loss(student, teacher), (loss.regressor(student) - teacher).square().mean())
