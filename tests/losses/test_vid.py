from __future__ import annotations

from math import log

import pytest
import torch

from featherfall.losses.shapes import Shapes
from featherfall.losses.vid import VariationalInformation


def test_the_first_variance_is_the_stated_one() -> None:
    """With a mean of 0: t^2 / (2 x 2) + log(2) / 2."""
    loss = VariationalInformation(Shapes((3,), (2,), 4), start=2.0)
    for parameter in loss.mean.parameters():
        torch.nn.init.zeros_(parameter)
    teacher = torch.tensor([[1.0, 3.0]])
    assert loss(torch.randn(1, 3), teacher).item() == pytest.approx((1 / 4 + 9 / 4) / 2 + log(2) / 2, rel=1e-4)


def test_a_channel_that_cannot_be_told_costs_its_variance() -> None:
    """The best variance of residuals 1 and 3 is that of each channel: the loss is then (1 + log r^2) / 2."""
    loss = VariationalInformation(Shapes((3,), (2,), 4))
    for parameter in loss.mean.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        loss.spread.copy_(torch.tensor([1.0, 9.0]).expm1().log())
    value = loss(torch.randn(1, 3), torch.tensor([[1.0, 3.0]])).item()
    assert value == pytest.approx((1 + (log(1) + log(9)) / 2) / 2, rel=1e-3)
