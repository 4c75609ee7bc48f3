from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from featherfall.evaluation.intervals import Share, gap_closed, mean_with_interval, paired_difference, rate_to_json, t_interval, wilson

T2 = 4.302652729911275  # t(.975, 2 degrees of freedom), from a table


def test_t_interval_by_hand() -> None:
    assert t_interval([1.0, 2.0, 3.0]) == pytest.approx([2 - T2 / sqrt(3), 2 + T2 / sqrt(3)])
    assert t_interval([5.0]) is None
    assert t_interval([5.0, 5.0]) == [5, 5]


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=8))
def test_t_interval_is_scipys(values: list[float]) -> None:
    if np.std(values) < 1e-6:
        return
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert t_interval(values) == pytest.approx([expected.low, expected.high], rel=1e-6, abs=1e-9)


def test_nadeau_bengio_by_hand() -> None:
    """Over 3 folds with a quarter as many test clips as training clips: the variance is multiplied by 1/3 + 1/4 instead of 1/3."""
    difference = paired_difference([0.80, 0.70, 0.60], [0.81, 0.72, 0.63], 0.25)
    half = T2 * 0.01 * sqrt(1 / 3 + 1 / 4)
    assert difference["mean"] == pytest.approx(0.02)
    assert difference["ci95"] == pytest.approx([0.02 - half, 0.02 + half])
    assert difference["pairs"] == pytest.approx([0.01, 0.02, 0.03])


def test_the_correction_widens() -> None:
    plain, corrected = (paired_difference([0.1, 0.4, 0.2], [0.2, 0.3, 0.6], ratio)["ci95"] for ratio in (0.0, 0.25))
    assert corrected[0] < plain[0] < plain[1] < corrected[1]


def test_mean_with_interval() -> None:
    assert mean_with_interval([0.5]) == {"mean": 0.5, "ci95": None, "per_seed": [0.5]}
    several = mean_with_interval(np.asarray([1.0, 2.0, 3.0], np.float32).tolist())
    assert several["mean"] == 2 and several["ci95"] == pytest.approx([2 - T2 / sqrt(3), 2 + T2 / sqrt(3)])


@pytest.mark.parametrize(
    ("teacher", "alone", "distilled", "closed"),
    [
        (0.9, 0.8, 0.85, 0.5),
        (0.9, 0.8, 0.95, 1.5),
        (0.9, 0.8, 0.7, -1.0),
        (0.8, 0.8, 0.9, None),
        (0.7, 0.8, 0.9, None),
        (0.01, 0.0, 0.005, 0.5),
    ],
)
def test_gap_closed(teacher: float, alone: float, distilled: float, closed: float | None) -> None:
    assert gap_closed(teacher, alone, distilled) == (closed if closed is None else pytest.approx(closed))


def test_wilson_by_hand() -> None:
    """47 of 50: p = .94, z^2 = 3.84146: (.94 + .0384146 +- 1.959964 sqrt(.001128 + .000384146)) / 1.0768292."""
    low, high = wilson(47, 50)
    assert (low, high) == pytest.approx((0.837750, 0.979390), abs=2e-4)
    assert wilson(0, 18) == pytest.approx((0.0, 0.175870), abs=1e-5)  # 3.84146 / 21.84146
    assert wilson(0, 0) == (0.0, 1.0)
    assert str(Share(47, 50)) == "47 of 50 (94% [84, 98])" and str(Share(0, 0)) == "none"


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0 <= low <= pair[0] / pair[1] + 1e-12 and pair[0] / pair[1] - 1e-12 <= high <= 1


def test_a_share_counts_what_is_known() -> None:
    assert Share.of([True, None, False, True]) == Share(2, 3)
    assert Share(0, 0).to_json() == {"hits": 0, "count": 0, "ci95": None}
    assert Share(47, 50).to_json() == {"hits": 47, "count": 50, "ci95": pytest.approx([0.837750, 0.979390], abs=2e-4)}


def test_pairs_are_independent_unless_told_otherwise() -> None:
    half = T2 * 0.01 / sqrt(3)
    assert paired_difference([0.0, 0.0, 0.0], [0.01, 0.02, 0.03])["ci95"] == pytest.approx([0.02 - half, 0.02 + half])


def test_a_rate_is_per_hour() -> None:
    # Exact Poisson limits of 3 events, from a table: .6187 and 8.7673.
    assert rate_to_json(3, 4.0) == {"count": 3, "hours": 4.0, "ci95": pytest.approx([0.6187 / 4, 8.7673 / 4], abs=1e-4)}
