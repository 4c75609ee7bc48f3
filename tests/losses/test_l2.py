from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from featherfall.losses import embedding_cosine, embedding_l2

# Rows: at right angles but for .6 of cosine, and parallel of different lengths.
STUDENT = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
TEACHER = torch.tensor([[1.0, 0.0], [0.0, 5.0]])


def test_embedding_l2_by_hand() -> None:
    # [.6, .8] - [1, 0] = [-.4, .8]: .8; the parallel pair adds nothing.
    assert embedding_l2(STUDENT, TEACHER).item() == pytest.approx((0.16 + 0.64 + 0) / 2)


@given(st.integers(0, 10_000), st.floats(0.1, 100))
def test_l2_is_twice_the_cosine_and_lengths_do_not_matter(seed: int, length: float) -> None:
    student, teacher = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    cosine = embedding_cosine(student, teacher)
    assert 0 <= cosine.item() <= 2
    torch.testing.assert_close(embedding_l2(student, teacher), 2 * cosine)
    torch.testing.assert_close(embedding_cosine(student * length, teacher), cosine)
