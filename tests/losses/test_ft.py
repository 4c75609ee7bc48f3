from __future__ import annotations

import pytest
import torch

from featherfall.losses.ft import FactorTransfer
from featherfall.losses.shapes import Shapes


@pytest.fixture
def known() -> FactorTransfer:
    """Factor of the teacher: its first channel; translator: the student's sum; the decoder says 0."""
    loss = FactorTransfer(Shapes((2, 2), (2, 2), 4))
    with torch.no_grad():
        for parameter in loss.parameters():
            parameter.zero_()
        loss.encoder[0].weight.copy_(torch.tensor([[1.0, 0.0]]))
        loss.translator[0].weight.fill_(1.0)
    return loss


def test_by_hand(known: FactorTransfer) -> None:
    student = torch.tensor([[[1.0, 2.0], [2.0, 2.0]]])  # sums 3 and 4: (.6, .8)
    teacher = torch.tensor([[[1.0, 0.0], [2.0, 2.0]]])  # (1, 0); reconstruction error (1 + 4 + 4) / 4
    assert known(student, teacher).item() == pytest.approx((0.4 + 0.8) / 2 + 9 / 4, rel=1e-5)


def test_the_difference_of_factors_does_not_move_the_paraphraser(known: FactorTransfer) -> None:
    """The decoder says 0 whatever the factor is, so that reconstruction does not move the encoder either."""
    known(torch.rand(3, 2, 2), torch.rand(3, 2, 2)).backward()
    assert not known.encoder[0].weight.grad.any()
    assert known.translator[0].weight.grad.any()
