from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from featherfall.signals.windows import sliding_starts, take_windows


@given(count=st.integers(1, 500), length=st.integers(1, 100), data=st.data())
def test_sliding_windows_cover_every_sample_and_stay_inside(count: int, length: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(1, length))
    starts = sliding_starts(count, length, stride)
    covered = np.zeros(count, bool)
    for start in starts:
        covered[start : start + length] = True
    assert covered.all()
    assert (np.diff(starts) > 0).all()
    assert starts[0] == 0
    assert starts[-1] == max(count - length, 0)


@given(count=st.integers(1, 50), length=st.integers(1, 20), starts=st.lists(st.integers(-30, 60), min_size=1, max_size=5))
def test_cut_holds_the_edges(count: int, length: int, starts: list[int]) -> None:
    values = np.stack([np.arange(count), -np.arange(count)], axis=1)
    windows = take_windows(values, np.asarray(starts), length)
    assert windows.shape == (len(starts), length, 2)
    for window, start in zip(windows, starts, strict=True):
        for offset in range(length):
            np.testing.assert_array_equal(window[offset], values[min(max(start + offset, 0), count - 1)])


def test_cut_is_a_copy() -> None:
    values = np.zeros((10, 1))
    take_windows(values, np.array([0]), 5)[:] = 1
    assert not values.any()
