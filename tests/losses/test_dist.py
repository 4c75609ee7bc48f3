from __future__ import annotations

import pytest
import torch

from featherfall.losses.dist import correlated


def test_by_hand() -> None:
    """Rows (.5, .3, .2) and (.2, .3, .5) around their mean are each other's negative: r = -1; of themselves r = 1."""
    rows = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    student, teacher = rows.flip(1)[:1].log(), rows[:1].log()
    # r of (.2, .3, .5) - 1/3 and (.5, .3, .2) - 1/3: (-.0222 + .0011 - .0222) / .0467
    expected = 1 - (2 * (0.2 - 1 / 3) * (0.5 - 1 / 3) + (0.3 - 1 / 3) ** 2) / ((0.2 - 1 / 3) ** 2 + (0.3 - 1 / 3) ** 2 + (0.5 - 1 / 3) ** 2)
    assert correlated(student, teacher, 1.0, gamma=0.0).item() == pytest.approx(expected, rel=1e-5)
    # Between two clips, the probabilities of a class are two numbers: r is 1 or -1, and 0 where they are equal.
    between = correlated(rows.flip(0).log(), rows.log(), 1.0, beta=0.0).item()
    assert between == pytest.approx((2 + 1 + 2) / 3, rel=1e-5)


def test_sharper_probabilities_of_the_same_order_cost_nothing() -> None:
    p = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    sharper = 1 / 3 + 1.2 * (p - 1 / 3)
    assert correlated(sharper.log(), p.log(), 1.0).item() == pytest.approx(0, abs=1e-5)


def test_two_classes_are_degenerate() -> None:
    student, teacher = torch.randn(5, 2), torch.randn(5, 2)
    agree = (student.argmax(dim=1) == teacher.argmax(dim=1)).float()
    torch.testing.assert_close(correlated(student, teacher, 1.0, gamma=0.0), (2 * (1 - agree)).mean())
