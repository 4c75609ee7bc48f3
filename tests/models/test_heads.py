from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from featherfall.models.heads import PrependZero, make_head


def test_two_classes_have_one_logit() -> None:
    model = make_head(3, 2)
    linear = model[0]
    assert isinstance(linear, nn.Linear)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0, 2.0, -1.0]]))
        linear.bias.fill_(0.5)
    assert model(torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]])).tolist() == [[0, 2.5], [0, -1.5]]


def test_more_classes_have_a_logit_each() -> None:
    assert make_head(3, 5)(torch.zeros(4, 3)).shape == (4, 5)
    assert [type(layer) for layer in make_head(3, 5, 7)] == [nn.Linear, nn.ReLU, nn.Linear]


@given(st.floats(-8, 8), st.floats(-8, 8), st.floats(0.5, 8))
def test_two_class_losses_are_the_binary_ones(student: float, teacher: float, temperature: float) -> None:
    z, target = torch.tensor([[student]], dtype=torch.float64), torch.tensor([[teacher]], dtype=torch.float64)
    pair = PrependZero()(z)
    for label in (0, 1):
        binary = F.binary_cross_entropy_with_logits(z, torch.full_like(z, label))
        torch.testing.assert_close(F.cross_entropy(pair, torch.tensor([label])), binary)
    p, q = torch.sigmoid(target / temperature), torch.sigmoid(z / temperature)
    by_hand = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    softened = (F.log_softmax(pair / temperature, dim=1), F.log_softmax(PrependZero()(target) / temperature, dim=1))
    assert float(F.kl_div(*softened, reduction="sum", log_target=True)) == pytest.approx(float(by_hand), abs=1e-9)
