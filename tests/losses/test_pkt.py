from __future__ import annotations

from math import log

import pytest
import torch

from featherfall.losses.pkt import probabilistic_knowledge_transfer


def test_by_hand() -> None:
    """Similarities (1, .8) and (1, .5), rows to sum 1: p_S = (5/9, 4/9), p_T = (2/3, 1/3)."""
    student, teacher = torch.tensor([[3.0, 4.0], [2.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 7.0]])
    row = 2 / 3 * log(2 / 3 * 9 / 5) + 1 / 3 * log(1 / 3 * 9 / 4)
    assert probabilistic_knowledge_transfer(student, teacher).item() == pytest.approx(2 * row / 4, rel=1e-4)
