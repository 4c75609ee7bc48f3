from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from featherfall.signals.resample import even_grid, lowpass, resample

seeds = st.integers(0, 2**32 - 1)
rates = st.floats(10, 200)


def irregular(rng: np.random.Generator, count: int, rate: float) -> np.ndarray:
    """Stamps around `rate`, each step between half and one and a half of the mean."""
    return np.cumsum(rng.uniform(0.5, 1.5, count) / rate)


@given(seed=seeds, rate=rates, out=rates, level=st.floats(-50, 50), count=st.integers(2, 300))
def test_a_constant_stays_the_same_constant(seed: int, rate: float, out: float, level: float, count: int) -> None:
    times = irregular(np.random.default_rng(seed), count, rate)
    values, valid = resample(times, np.full((count, 3), level), even_grid(times[0], times[-1], out))
    np.testing.assert_allclose(values, level, rtol=1e-5, atol=1e-5)
    assert valid.all()
    assert values.dtype == np.float32


@given(rate=st.floats(60, 200), out=st.floats(20, 200), part=st.floats(0.02, 0.3), phase=st.floats(0, 6))
def test_a_sine_well_under_both_nyquist_frequencies_is_kept(rate: float, out: float, part: float, phase: float) -> None:
    frequency = part * min(rate, out) / 2
    times = np.arange(0, 10, 1 / rate)
    grid = even_grid(0, 9.9, out)
    values, _ = resample(times, np.sin(2 * np.pi * frequency * times + phase)[:, None], grid)
    middle = (grid > 1) & (grid < 9)
    error = values[middle, 0] - np.sin(2 * np.pi * frequency * grid[middle] + phase)
    assert np.abs(error).max() < 0.15  # linear interpolation at .3 of Nyquist costs up to .11


@given(out=st.floats(10, 60), above=st.floats(1.25, 3), rate=st.floats(100, 250), seed=seeds)
def test_a_sine_above_the_new_nyquist_frequency_is_suppressed(out: float, above: float, rate: float, seed: int) -> None:
    frequency = above * out / 2
    assume(frequency < 0.45 * rate)
    times = np.arange(0, 10, 1 / rate)
    grid = even_grid(0, 9.9, out)
    values, _ = resample(times, np.sin(2 * np.pi * frequency * times + seed % 7)[:, None], grid)
    assert np.abs(values[(grid > 1) & (grid < 9)]).max() < 0.06


def test_an_interruption_does_not_let_aliases_through() -> None:
    times = np.concatenate([np.arange(0, 5, 0.01), np.arange(60, 65, 0.01)])
    grid = even_grid(0, 65, 25)
    values, _ = resample(times, np.sin(2 * np.pi * 20 * times)[:, None], grid)
    assert np.abs(values[(grid > 1) & (grid < 4)]).max() < 0.06


@given(seed=seeds)
def test_irregular_stamps_tell_the_same_signal(seed: int) -> None:
    times = irregular(np.random.default_rng(seed), 800, 100)
    grid = even_grid(times[0] + 0.5, times[-1] - 0.5, 50)
    values, _ = resample(times, np.sin(2 * np.pi * times)[:, None], grid)
    np.testing.assert_allclose(values[:, 0], np.sin(2 * np.pi * grid), atol=0.05)


def test_gaps_and_ends_are_flagged() -> None:
    times = np.concatenate([np.arange(0, 2, 0.02), np.arange(3, 5, 0.02)])
    grid = even_grid(-0.5, 5.5, 50)
    values, valid = resample(times, times[:, None], grid)
    inside = ((grid > 2.0) & (grid < 2.98)) | (grid < -0.03) | (grid > 5.01)
    assert not valid[inside].any()
    assert valid[(grid >= 0) & (grid < 1.98)].all()
    assert valid[(grid > 3.001) & (grid < 4.98)].all()
    assert values[0, 0] == 0.0  # beyond the samples the first value is held


def test_missing_joints_are_bridged_when_short_and_stay_missing_when_long() -> None:
    times = np.arange(100) / 30
    values = np.stack([times, times, times], axis=1)
    values[50, 0] = np.nan
    values[20:40, 1] = np.nan
    values[:, 2] = np.nan
    out, _ = resample(times, values, even_grid(0, float(times[-1]), 30))
    np.testing.assert_allclose(out[:, 0], times, atol=1e-5)
    assert np.isnan(out[21:39, 1]).all()
    assert not np.isnan(out[:20, 1]).any()
    assert not np.isnan(out[41:, 1]).any()
    assert np.isnan(out[:, 2]).all()


@pytest.mark.parametrize("cutoff", [0.05, 0.2, 0.45])
def test_lowpass_keeps_length_and_is_symmetric(cutoff: float) -> None:
    impulse = np.zeros((401, 1))
    impulse[200] = 1.0
    out = lowpass(impulse, cutoff)
    assert out.shape == impulse.shape
    np.testing.assert_allclose(out, out[::-1], atol=1e-12)  # zero phase
    np.testing.assert_allclose(out.sum(), 1.0)


@given(start=st.floats(-100, 100), span=st.floats(0, 50), rate=rates)
def test_even_grid_stays_inside(start: float, span: float, rate: float) -> None:
    grid = even_grid(start, start + span, rate)
    assert len(grid) >= 2
    assert grid[0] == start
    np.testing.assert_allclose(np.diff(grid), 1 / rate, rtol=1e-6)
    if len(grid) > 2:
        assert start + span - 1 / rate - 1e-6 < grid[-1] <= start + span + 1e-6
