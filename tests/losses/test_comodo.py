from __future__ import annotations

from math import exp, log

import pytest
import torch

from featherfall.core.errors import UserError
from featherfall.losses.comodo import EmbeddingQueue
from featherfall.losses.shapes import Shapes


def test_by_hand() -> None:
    """Queue (1, 0), (0, 1) after the batch; temperatures 1. Teacher: (e, 1) / (e + 1); the projected student is turned round."""
    loss = EmbeddingQueue(Shapes((2,), (2,), 9), size=2, teacher_temperature=1.0, student_temperature=1.0)
    with torch.no_grad():
        loss.projector.weight.copy_(torch.eye(2))
        loss.projector.bias.zero_()
    own, other = exp(1) / (exp(1) + 1), 1 / (exp(1) + 1)
    value = loss(torch.tensor([[0.0, 3.0], [2.0, 0.0]]), torch.tensor([[5.0, 0.0], [0.0, 1.0]])).item()
    assert value == pytest.approx(-(own * log(other) + other * log(own)), rel=1e-5)


def test_the_oldest_leave_first() -> None:
    loss = EmbeddingQueue(Shapes((2,), (1,), 9), size=3)
    held = [loss._enter(torch.tensor([[float(2 * i)], [float(2 * i + 1)]])).flatten().tolist() for i in range(3)]
    assert held[0] == [0.0, 1.0] and sorted(held[1]) == [1.0, 2.0, 3.0] and sorted(held[2]) == [3.0, 4.0, 5.0]
    assert sorted(loss._enter(torch.arange(10.0)[:, None]).flatten().tolist()) == [7.0, 8.0, 9.0]


def test_a_queue_as_large_as_the_set_is_refused() -> None:
    with pytest.raises(UserError, match=r"a queue of 256 embeddings is not smaller than the set of 100 clips; .* options: \{size: 50\}"):
        EmbeddingQueue(Shapes((2,), (3,), 100))
