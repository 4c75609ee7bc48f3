from __future__ import annotations

from math import exp

import pytest
import torch

from featherfall.losses.cc import correlation_congruence


def test_by_hand() -> None:
    """Cosines .6 and 0 off the diagonal; with gamma .5 the kernel is e^-1 (1 + c + c^2 / 2)."""
    student, teacher = torch.tensor([[3.0, 4.0], [2.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 7.0]])
    apart = exp(-1) * (1 + 0.6 + 0.18) - exp(-1)
    assert correlation_congruence(student, teacher, gamma=0.5).item() == pytest.approx(2 * apart**2 / 4, rel=1e-5)


def test_the_series_nears_the_gaussian_kernel() -> None:
    student, teacher = torch.randn(4, 3), torch.randn(4, 5)
    unit = [torch.nn.functional.normalize(one, dim=1) for one in (student, teacher)]
    mine, theirs = (torch.exp(-0.4 * torch.cdist(one, one).square()) for one in unit)
    torch.testing.assert_close(correlation_congruence(student, teacher, order=12), (mine - theirs).square().mean())
