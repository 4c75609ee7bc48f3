"""Which pictures are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from featherfall.signals.picture_steps import picture_step


def looked_at(times: Sequence[float], rate: float) -> list[int]:
    """The first picture of each step."""
    steps = [picture_step(time, times[0], rate) for time in times]
    return [i for i in range(len(steps)) if i == 0 or steps[i] > steps[i - 1]]


def test_by_hand() -> None:
    assert looked_at([k / 15 for k in range(6)], 15) == [0, 1, 2, 3, 4, 5]
    assert looked_at([k / 30 for k in range(9)], 15) == [0, 2, 4, 6, 8]
    # In steps 0, .6, 1.2, 1.8, 2.4, 3: .6 comes .4 before its step, 1.8 only .2.
    assert looked_at([k / 25 for k in range(6)], 15) == [0, 2, 3, 5]
    assert looked_at([k / 10 for k in range(4)], 15) == [0, 1, 2, 3]  # slower than the steps: all


@pytest.mark.parametrize("rate", [10, 15, 20, 25, 30])
def test_the_jitter_of_a_clock_changes_nothing(rate: int) -> None:
    even = np.arange(200) / rate
    uneven = even + np.random.default_rng(0).uniform(0, 0.002, len(even))
    uneven[0] = 0.0
    assert looked_at(list(uneven), 15) == looked_at(list(even), 15)
