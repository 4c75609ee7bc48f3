from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from featherfall.core.errors import UserError
from featherfall.signals.gaf import Method, gaf, with_magnitude

NEAR = 5e-7
numbers = st.floats(-1e6, 1e6, width=32)
series = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=12), elements=numbers)
broken = arrays(np.float64, st.integers(1, 20), elements=st.floats(allow_nan=True, allow_infinity=True))
methods = pytest.mark.parametrize("method", get_args(Method))


def by_angles(x: np.ndarray, method: Method) -> np.ndarray:
    """The paper's words, on (N,) values in [-1, 1]."""
    phi = np.arccos(x)
    return np.cos(phi[:, None] + phi[None, :]) if method == "summation" else np.sin(phi[:, None] - phi[None, :])


def test_three_samples_by_hand() -> None:
    """phi = pi, pi / 2, 0."""
    np.testing.assert_array_equal(gaf([-1, 0, 1]), [[1, 0, -1], [0, -1, 0], [-1, 0, 1]])
    np.testing.assert_array_equal(gaf([-1, 0, 1], method="difference"), [[0, 1, 0], [-1, 0, 1], [0, -1, 0]])


def test_half_by_hand() -> None:
    """x = .5 and -.5: phi = 60 and 120 degrees; cos 120, cos 180, cos 240; sin 0, sin -60, sin 60."""
    half = np.sqrt(0.75)
    np.testing.assert_allclose(gaf([1, -1], range=(-2, 2)), [[-0.5, -1], [-1, -0.5]], atol=NEAR)
    np.testing.assert_allclose(gaf([1, -1], range=(-2, 2), method="difference"), [[0, -half], [half, 0]], atol=NEAR)


@methods
def test_the_same_as_with_angles(method: Method) -> None:
    values = np.random.default_rng(0).uniform(-8, 8, (2, 3, 150)).astype(np.float32)
    images = gaf(values, method=method, range=(-8, 8))
    assert images.shape == (2, 3, 150, 150) and images.dtype == np.float32
    np.testing.assert_allclose(images[1, 2], by_angles(values[1, 2].astype(np.float64) / 8, method), atol=NEAR)


@given(series, st.integers(1, 15))
def test_a_summation_field(values: np.ndarray, size: int) -> None:
    images = gaf(values, size)
    assert images.shape == (*values.shape[:-1], size, size)
    assert np.abs(images).max() <= 1 + NEAR
    np.testing.assert_allclose(images, images.swapaxes(-1, -2), atol=NEAR)


@given(series, st.integers(1, 15))
def test_a_difference_field(values: np.ndarray, size: int) -> None:
    images = gaf(values, size, "difference")
    assert np.abs(images).max() <= 1 + NEAR
    np.testing.assert_allclose(images, -images.swapaxes(-1, -2), atol=NEAR)
    np.testing.assert_allclose(np.diagonal(images, axis1=-2, axis2=-1), 0, atol=NEAR)


@given(arrays(np.float64, st.integers(1, 20), elements=st.floats(-20, 20)))
def test_the_diagonal_is_the_cosine_of_the_double_angle(values: np.ndarray) -> None:
    x = np.clip(values / 8, -1, 1)
    np.testing.assert_allclose(np.diagonal(gaf(values, range=(-8, 8))), 2 * x**2 - 1, atol=NEAR)


@methods
@given(
    whole=arrays(np.float64, st.integers(2, 12), elements=st.integers(-100, 100)),
    scale=st.sampled_from([0.25, 2, 8]),
    offset=st.integers(-9, 9),
)
def test_own_range_forgets_strength_and_offset_and_a_fixed_one_does_not(
    method: Method, whole: np.ndarray, scale: float, offset: int
) -> None:
    np.testing.assert_array_equal(gaf(whole * scale + offset, method=method), gaf(whole, method=method))
    if np.ptp(whole) > 0:
        assert not np.array_equal(gaf(whole * 2, method=method, range=(-1000, 1000)), gaf(whole, method=method, range=(-1000, 1000)))


def test_a_summation_field_forgets_the_sign_and_a_difference_field_does_not() -> None:
    values = np.random.default_rng(0).normal(size=30)
    for range_ in (None, (-4.0, 4.0)):
        np.testing.assert_allclose(gaf(-values, range=range_), gaf(values, range=range_), atol=NEAR)
        np.testing.assert_allclose(
            gaf(-values, method="difference", range=range_), -gaf(values, method="difference", range=range_), atol=NEAR
        )
    assert np.abs(gaf(-values, range=(-4, 5)) - gaf(values, range=(-4, 5))).max() > 0.1


@pytest.mark.parametrize("value", [0.0, 0.1, 9.81, -1e30])
@pytest.mark.parametrize("size", [None, 1, 4, 11])
def test_a_constant_is_the_middle_of_its_range(value: float, size: int | None) -> None:
    np.testing.assert_array_equal(gaf(np.full(7, value), size), -1)
    np.testing.assert_array_equal(gaf(np.full(7, value), size, "difference"), 0)


def test_what_averaging_leaves_constant_is_constant() -> None:
    np.testing.assert_array_equal(gaf([0.1, 0.7, 0.4] * 5, 5), -1)


def test_missing_samples_are_bridged_and_held_at_the_ends() -> None:
    nan, inf = np.nan, np.inf
    np.testing.assert_array_equal(gaf([nan, 0, nan, inf, 3, -inf]), gaf([0, 0, 1, 2, 3, 3]))
    with np.errstate(over="raise"):
        np.testing.assert_array_equal(gaf([[0, 1e300, 2], [nan, nan, nan]]), [gaf([0, 1, 2]), np.full((3, 3), -1)])
    np.testing.assert_array_equal(gaf([nan, nan], range=(0, 10)), -1)


@methods
@given(values=broken, size=st.integers(1, 25), fixed=st.booleans())
def test_never_nan(method: Method, values: np.ndarray, size: int, fixed: bool) -> None:
    images = gaf(values, size, method, range=(-8, 8) if fixed else None)
    assert np.abs(images).max() <= 1 + NEAR


def test_the_callers_series_stays_as_it_was() -> None:
    values = np.asarray([[0.0, np.nan, 2.0, 9.0]])
    gaf(values), gaf(values, 2, range=(0, 1))
    np.testing.assert_array_equal(values, [[0, np.nan, 2, 9]])


@pytest.mark.parametrize(
    ("size", "means"),
    [
        (2, [1, 4]),
        (3, [0.5, 2.5, 4.5]),
        (4, [1 / 3, 5 / 3, 10 / 3, 14 / 3]),
        (1, [2.5]),
        (12, np.repeat(np.arange(6), 2)),
        (6, np.arange(6)),
    ],
)
def test_means_over_equal_segments(size: int, means: np.ndarray) -> None:
    """4 segments of 1.5 samples: (0 + 1/2) / 1.5, (1/2 + 2) / 1.5, ..."""
    np.testing.assert_allclose(np.diagonal(gaf(np.arange(6.0), size, range=(-8, 8))), 2 * np.square(np.asarray(means) / 8) - 1, atol=NEAR)
    if size > 1:
        np.testing.assert_allclose(gaf(np.arange(6.0), size), gaf(means), atol=NEAR)


def test_averages_keep_what_a_spike_weighs() -> None:
    spike = np.zeros(150)
    spike[77] = 6.0
    x = np.sqrt((np.diagonal(gaf(spike, 64, range=(-8, 8))) + 1) / 2)
    assert x.sum() * 8 / 64 == pytest.approx(6 / 150, rel=1e-3)


def test_blocks_leave_no_seams() -> None:
    values = np.random.default_rng(0).normal(size=(700, 50))
    images = gaf(values)
    for k in (0, 326, 327, 328, 699):
        np.testing.assert_array_equal(images[k], gaf(values[k]))


def test_out_is_written_and_returned() -> None:
    values = np.random.default_rng(0).normal(size=(4, 3, 20))
    out = np.full((4, 3, 10, 10), np.nan, np.float32)
    assert gaf(values, 10, out=out) is out
    np.testing.assert_array_equal(out, gaf(values, 10))
    assert gaf(np.empty((0, 3, 20)), 10).shape == (0, 3, 10, 10)


def test_integers_and_lists_do() -> None:
    np.testing.assert_array_equal(gaf([[0, 1, 2], [3, 3, 4]]), gaf(np.asarray([[0, 1, 2], [3, 3, 4]], np.float64)))


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        (3.0, {}, "at least one sample"),
        (np.zeros((3, 0)), {}, "at least one sample"),
        (["a", "b"], {}, "real numbers"),
        ([1j, 2j], {}, "real numbers"),
        ([1, 2], {"size": 0}, "size 0"),
        ([1, 2], {"size": 2.5}, r"size 2\.5"),
        ([1, 2], {"size": True}, "size True"),
        ([1, 2], {"method": "gasf"}, "summation, difference"),
        ([1, 2], {"range": (1, 1)}, "low < high"),
        ([1, 2], {"range": (0, np.inf)}, "low < high"),
        ([1, 2], {"range": (0, np.nan)}, "low < high"),
        ([1, 2], {"range": (0, 1, 2)}, "low < high"),
        ([1, 2], {"out": np.zeros((2, 2))}, "float32"),
        ([1, 2], {"out": np.zeros((3, 2), np.float32)}, r"\(2, 2\)"),
        ([1, 2], {"out": np.zeros((2, 4), np.float32)[:, ::2]}, "C-contiguous"),
    ],
)
def test_what_is_refused(values: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        gaf(values, **options)
    assert "\n" not in str(caught.value)


def test_magnitude() -> None:
    vectors = np.asarray([[3.0, 1.0, np.nan], [4.0, 2.0, 0.0], [0.0, 2.0, 0.0]])
    np.testing.assert_array_equal(with_magnitude(vectors)[:3], vectors)
    np.testing.assert_array_equal(with_magnitude(vectors)[3], [5, 3, np.nan])
    with pytest.raises(UserError, match="channels by samples"):
        with_magnitude([1.0, 2.0])
