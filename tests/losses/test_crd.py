from __future__ import annotations

from math import log
from typing import Any

import pytest
import torch

from featherfall.losses.crd import ContrastiveRepresentation, told_apart
from featherfall.losses.shapes import Shapes


def test_told_apart_by_hand() -> None:
    """v = (3, 1, .5), noise 1: -log(3/4) - log(1/2) - log(1/1.5)."""
    value = told_apart(torch.tensor([[3.0, 1.0, 0.5]]), 1.0).item()
    assert value == pytest.approx(-log(3 / 4) - log(1 / 2) - log(1 / 1.5), rel=1e-5)


def test_only_the_clips_of_the_batch_are_remembered() -> None:
    loss = ContrastiveRepresentation(Shapes((3,), (4,), 9), width=5)
    before = loss.students.clone()
    student, teacher, index = torch.randn(2, 3), torch.randn(2, 4), torch.tensor([4, 7])
    loss(student, teacher, index=index)
    changed = (loss.students != before).any(dim=1)
    assert changed.nonzero()[:, 0].tolist() == [4, 7]
    fresh = torch.nn.functional.normalize(loss.student(student), dim=1)
    expected = torch.nn.functional.normalize(0.5 * before[index] + 0.5 * fresh, dim=1)
    torch.testing.assert_close(loss.students[index], expected)
    assert not loss.students.requires_grad


def test_a_clip_is_never_its_own_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = ContrastiveRepresentation(Shapes((3,), (4,), 4), negatives=99)
    assert loss.negatives == 3
    drawn: list[torch.Tensor] = []
    whole = loss._contrast

    def watched(*given: Any) -> torch.Tensor:
        drawn.append(given[-1])
        return whole(*given)

    monkeypatch.setattr(loss, "_contrast", watched)
    for _ in range(20):
        loss(torch.randn(2, 3), torch.randn(2, 4), index=torch.tensor([0, 3]))
    assert all((others[0] != 0).all() and (others[1] != 3).all() for others in drawn)


def test_it_pulls_the_pair_together() -> None:
    torch.manual_seed(0)
    loss = ContrastiveRepresentation(Shapes((3,), (4,), 6), width=8)
    student, teacher = torch.randn(6, 3), torch.randn(6, 4)
    optimizer = torch.optim.Adam(loss.parameters(), 0.02)
    values = []
    for _ in range(150):
        optimizer.zero_grad()
        value = loss(student, teacher, index=torch.arange(6))
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.7 * values[1]
