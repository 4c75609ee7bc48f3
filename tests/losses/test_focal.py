from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from featherfall.losses.focal import focal_loss


def logits(*probabilities: float) -> torch.Tensor:
    """Two classes; the probability of the second."""
    return torch.tensor([[0.0, math.log(p / (1 - p))] for p in probabilities])


def test_by_hand() -> None:
    """p = .9 of the own class counts .01 x -log .9, p = .4 counts .36 x -log .4."""
    loss = focal_loss(logits(0.9, 0.6), torch.tensor([1, 0]), gamma=2.0)
    assert loss.item() == pytest.approx((0.01 * -math.log(0.9) + 0.36 * -math.log(0.4)) / 2, rel=1e-5)


def test_weights_are_those_of_cross_entropy() -> None:
    weights = torch.tensor([1.0, 3.0])
    loss = focal_loss(logits(0.9, 0.6), torch.tensor([1, 0]), 2.0, weights)
    assert loss.item() == pytest.approx((3 * 0.01 * -math.log(0.9) + 0.36 * -math.log(0.4)) / 4, rel=1e-5)


@given(st.integers(0, 2**31), st.booleans())
def test_gamma_0_is_cross_entropy(seed: int, weighted: bool) -> None:
    random = torch.Generator().manual_seed(seed)
    said, labels = torch.randn(7, 3, generator=random) * 4, torch.randint(3, (7,), generator=random)
    weights = torch.rand(3, generator=random) + 0.1 if weighted else None
    expected = torch.nn.functional.cross_entropy(said, labels, weights)
    assert focal_loss(said, labels, 0.0, weights).item() == pytest.approx(expected.item(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_what_is_surely_right_or_wrong_has_a_finite_slope(gamma: float) -> None:
    said = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
    focal_loss(said, torch.tensor([0, 0]), gamma).backward()
    assert said.grad is not None and bool(said.grad.isfinite().all())
    assert said.grad[0].abs().max() < 1e-4 < said.grad[1].abs().max()
