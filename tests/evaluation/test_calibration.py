from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from featherfall.evaluation.calibration import brier, ece, fit_temperature, scaled, unscaled

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


def test_temperature_by_hand() -> None:
    """Three of four windows are right at odds of 81 to 1; odds of 3 to 1 fit best, so the logits are divided by ln 81 / ln 3 = 4."""
    sure = 81 / 82
    probabilities, labels = np.asarray([[1 - sure, sure]] * 4), np.asarray([1, 1, 1, 0])
    assert fit_temperature(probabilities, labels) == pytest.approx(4, rel=1e-6)
    assert scaled(probabilities, 4.0)[0] == pytest.approx([0.25, 0.75])
    often_wrong = np.asarray([1.0, 1, 1, 27])
    assert fit_temperature(probabilities, labels, often_wrong) == pytest.approx(10)  # no temperature is high enough


def test_what_fits_no_temperature_stays_within_bounds() -> None:
    right = np.asarray([[0.2, 0.8]] * 3)
    assert fit_temperature(right, np.ones(3, int)) == pytest.approx(0.25)
    assert fit_temperature(right, np.zeros(3, int)) == pytest.approx(10)
    assert fit_temperature(np.zeros((0, 2)), np.zeros(0, int)) == 1


@given(st.floats(0.26, 9), st.lists(st.tuples(st.floats(-4, 4), st.booleans()), min_size=5, max_size=30))
def test_no_other_temperature_is_more_likely(other: float, windows: list[tuple[float, bool]]) -> None:
    logit, labels = np.asarray([one[0] for one in windows]), np.asarray([int(one[1]) for one in windows])
    probabilities = np.stack([1 / (1 + np.exp(logit)), 1 / (1 + np.exp(-logit))], axis=1)

    def loss(temperature: float) -> float:
        return float(-np.log(scaled(probabilities, temperature)[np.arange(len(labels)), labels]).mean())

    assert loss(fit_temperature(probabilities, labels)) <= loss(other) + 1e-9


@given(st.floats(0.2, 5))
def test_scaling_keeps_order_and_missing_numbers(temperature: float) -> None:
    probabilities = np.asarray([[0.9, 0.1], [0.4, 0.6], [0.0, 1.0], [np.nan, np.nan]], np.float32)
    found = scaled(probabilities, temperature)
    assert found.dtype == np.float32 and np.isnan(found[3]).all()
    assert found[:3].sum(axis=1) == pytest.approx(1) and np.all(np.diff(found[:3, 1]) > 0)


@given(st.floats(0.25, 10), st.floats(0.001, 0.999))
def test_unscaled_undoes_scaled(temperature: float, probability: float) -> None:
    before = unscaled(np.asarray([probability]), temperature)
    assert scaled(np.stack([1 - before, before], axis=1), temperature)[0, 1] == pytest.approx(probability, rel=1e-6)
