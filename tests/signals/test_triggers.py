from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from featherfall.signals.triggers import find_peaks

# Coarse values, so that equal maxima happen.
signals = st.lists(st.integers(0, 8), min_size=1, max_size=80).map(lambda values: np.asarray(values, float))
spacings = st.integers(1, 12)


@given(magnitude=signals, spacing=spacings)
def test_peaks_reach_the_threshold_keep_their_distance_and_miss_no_highest(magnitude: np.ndarray, spacing: int) -> None:
    found = find_peaks(magnitude, 4.0, spacing)
    assert (magnitude[found] >= 4).all()
    assert (np.diff(found) > spacing).all()
    if magnitude.max() >= 4:
        assert int(magnitude.argmax()) in found


@given(magnitude=signals, spacing=spacings)
def test_read_live_it_finds_the_same_peaks(magnitude: np.ndarray, spacing: int) -> None:
    """Sample by sample: a sample is judged as soon as `spacing` samples after it are known, from its neighbourhood alone."""
    live = []
    for now in range(len(magnitude) + spacing):
        candidate = now - spacing
        if 0 <= candidate < len(magnitude):
            first = max(candidate - spacing, 0)
            known = magnitude[first : min(now + 1, len(magnitude))]
            if candidate - first in find_peaks(known, 4.0, spacing):
                live.append(candidate)
    assert live == find_peaks(magnitude, 4.0, spacing).tolist()


def test_of_equal_maxima_the_first_counts_and_nan_never() -> None:
    assert find_peaks(np.array([0, 5, 5, 0, 5.0]), 4.0, 2).tolist() == [1]
    assert find_peaks(np.array([np.nan, 5, np.nan]), 4.0, 1).tolist() == [1]
    assert find_peaks(np.array([1.0, 2.0]), 4.0, 1).tolist() == []
