"""Reductions over columns equal NumPy's own."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.signals.rows import all_columns, finite_rows, largest_magnitudes, median, row_lengths

TABLES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7),
    elements=st.floats(-1e150, 1e150) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0]),
)


@given(TABLES)
def test_they_equal_numpys_to_the_bit(values: np.ndarray) -> None:
    with np.errstate(invalid="ignore", over="ignore"):
        np.testing.assert_array_equal(finite_rows(values), np.isfinite(values).all(axis=-1))
        np.testing.assert_array_equal(all_columns(values > 0), (values > 0).all(axis=-1))
        np.testing.assert_array_equal(row_lengths(values), np.linalg.norm(values, axis=-1))
        np.testing.assert_array_equal(largest_magnitudes(values), np.abs(values).max(axis=-1))


def test_no_rows_give_none() -> None:
    assert finite_rows(np.zeros((0, 3))).shape == row_lengths(np.zeros((0, 3))).shape == largest_magnitudes(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_median_is_that_of_numpy(dtype: type) -> None:
    rng = np.random.default_rng(2)
    for count in range(1, 40):
        values = rng.normal(size=count).astype(dtype)
        before = values.copy()
        assert median(values) == float(np.median(values))
        np.testing.assert_array_equal(values, before)
