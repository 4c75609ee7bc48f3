from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from featherfall.core.poisson import poisson_interval, poisson_most


def test_silence_by_hand() -> None:
    """No alarm in 1.7 hours excludes only more than 42 a day; less than 1 a day takes 72 hours."""
    assert poisson_most(0) == pytest.approx(-log(0.05))
    assert poisson_most(0) / 1.7 * 24 == pytest.approx(42.3, abs=0.05)
    assert poisson_most(0) * 24 == pytest.approx(71.9, abs=0.05)


@given(st.one_of(st.integers(0, 400), st.integers(401, 10**9)))
def test_is_the_quantile_of_chi_squared(count: int) -> None:
    low, high = poisson_interval(count)
    assert low == pytest.approx(chi2.ppf(0.025, 2 * count) / 2 if count else 0, rel=1e-4)
    assert high == pytest.approx(chi2.ppf(0.975, 2 * count + 2) / 2, rel=1e-4)
    assert poisson_most(count) == pytest.approx(chi2.ppf(0.95, 2 * count + 2) / 2, rel=1e-4)
