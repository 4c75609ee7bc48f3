from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from featherfall.evaluation.calibration import brier, ece

ROWS = np.asarray([[0.9, 0.1], [0.92, 0.08], [0.6, 0.4], [0.4, 0.6]])
LABELS = np.asarray([0, 1, 0, 1])


def test_ece_by_hand() -> None:
    # Fifteen bins of 1/15: .9 and .92 share [.867, .933): confidence .91, half right. .6 and .6 (bin 9): all right.
    assert ece(ROWS, LABELS) == pytest.approx(0.5 * abs(0.91 - 0.5) + 0.5 * abs(0.6 - 1.0))
    assert ece(ROWS, LABELS, bins=1) == pytest.approx(abs((0.9 + 0.92 + 0.6 + 0.6) / 4 - 3 / 4))


def test_brier_by_hand() -> None:
    assert brier(ROWS, LABELS) == pytest.approx((2 * 0.1**2 + 2 * 0.92**2 + 2 * 0.4**2 + 2 * 0.4**2) / 4)


def test_certainty() -> None:
    certain = np.eye(3)
    assert ece(certain, np.arange(3)) == brier(certain, np.arange(3)) == 0
    assert ece(certain, np.asarray([1, 2, 0])) == 1 and brier(certain, np.asarray([1, 2, 0])) == 2


@given(arrays.arrays(np.float64, (7, 3), elements=st.floats(0.01, 1)), st.lists(st.integers(0, 2), min_size=7, max_size=7))
def test_ranges(values: np.ndarray, labels: list[int]) -> None:
    probabilities = values / values.sum(axis=1, keepdims=True)
    assert 0 <= ece(probabilities, np.asarray(labels)) <= 1
    assert 0 <= brier(probabilities, np.asarray(labels)) <= 2


def top(*confidences: float) -> np.ndarray:
    """Rows that say class 0 with these confidences."""
    return np.asarray([[confidence, 1 - confidence] for confidence in confidences])


def test_fifteen_bins_of_which_the_last_holds_certainty() -> None:
    """The edges of 15 bins about these are .8, .867, .933 and 1."""
    right_and_wrong = np.asarray([0, 1])
    assert ece(top(0.87, 0.93), right_and_wrong) == pytest.approx(abs(0.9 - 0.5))
    assert ece(top(0.86, 0.87), right_and_wrong) == pytest.approx((0.14 + 0.87) / 2)
    assert ece(top(0.96, 1.0), right_and_wrong) == pytest.approx(abs(0.98 - 0.5))
    assert ece(top(0.92, 0.94), right_and_wrong) == pytest.approx((0.08 + 0.94) / 2)
