from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from featherfall.signals.clock.straighten import rate_and_gap, straighten_times


def bursts(count: int, rate: float, size: int) -> np.ndarray:
    """Stamps of a sensor that delivers `size` samples at once, a millisecond apart, when the last of them is taken."""
    index = np.arange(count)
    return (index // size + 1) * size / rate + (index % size) * 1e-4


@given(count=st.integers(100, 600), rate=st.floats(20, 200), size=st.integers(2, 8))
def test_bursts_become_even(count: int, rate: float, size: int) -> None:
    straight = straighten_times(bursts(count, rate, size))
    steps = np.diff(straight)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    np.testing.assert_allclose(1 / steps[0], rate, rtol=0.03)


@given(steps=st.lists(st.floats(0, 3), min_size=0, max_size=60), start=st.floats(-100, 1e6))
def test_any_stamps_become_strictly_increasing(steps: list[float], start: float) -> None:
    times = start + np.cumsum([0.0, *steps])
    straight = straighten_times(times)
    assert len(straight) == len(times)
    assert (np.diff(straight) > 0).all()


def test_even_stamps_stay_and_a_real_interruption_too() -> None:
    times = np.concatenate([np.arange(100) / 50, 7 + np.arange(100) / 50])
    np.testing.assert_allclose(straighten_times(times), times, atol=1e-9)


def test_intervals() -> None:
    rate, longest = rate_and_gap(np.array([0.0, 0.1, 0.2, 1.0]))
    assert (rate, round(longest, 6)) == (3.0, 0.8)
    assert rate_and_gap(np.zeros(3))[0] == float("inf")
