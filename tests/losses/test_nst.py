from __future__ import annotations

import pytest
import torch

from featherfall.losses.nst import neuron_selectivity


def test_by_hand() -> None:
    """Student: one channel (.6, .8); teacher: (1, 0) and (0, 1): 1/2 + 1 - 2 (.36 + .64) / 2."""
    student, teacher = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[2.0, 0.0], [0.0, 5.0]]])
    assert neuron_selectivity(student, teacher).item() == pytest.approx(0.5 + 1 - 1)
    same = torch.tensor([[[2.0, 0.0]]])  # 1/2 + 1 - 2 x 1/2
    assert neuron_selectivity(same, teacher).item() == pytest.approx(0.5)


def test_the_order_of_channels_does_not_matter() -> None:
    student, teacher = torch.randn(4, 3, 5), torch.randn(4, 6, 5)
    torch.testing.assert_close(neuron_selectivity(student, teacher), neuron_selectivity(student[:, [2, 0, 1]], teacher))
