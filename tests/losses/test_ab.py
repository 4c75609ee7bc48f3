from __future__ import annotations

import pytest
import torch

from featherfall.losses.ab import ActivationBoundary
from featherfall.losses.shapes import Shapes


def test_by_hand_with_a_known_connector() -> None:
    """Connector 1, no batch norm. Active teacher: max(0, 1 - .25)^2; inactive ones: max(0, 1 + .5)^2, and none below -1."""
    loss = ActivationBoundary(Shapes((1,), (1,), 4)).eval()
    loss.normalise = torch.nn.Identity()  # type: ignore[assignment]
    torch.nn.init.ones_(loss.connector.weight)
    student, teacher = torch.tensor([[0.25], [0.5], [-2.0]]), torch.tensor([[0.1], [0.0], [-5.0]])
    assert loss(student, teacher).item() == pytest.approx((0.75**2 + 1.5**2 + 0) / 3)


def test_how_active_does_not_matter() -> None:
    loss = ActivationBoundary(Shapes((3, 4), (5, 4), 4))
    student, teacher = torch.randn(4, 3, 4), torch.randn(4, 5, 4)
    torch.testing.assert_close(loss(student, teacher), loss(student, 9 * teacher))
