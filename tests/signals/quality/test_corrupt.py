from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals.quality import worn

from featherfall.signals.quality.corrupt import NAMED, CorruptFilter, CorruptSample, corrupt_samples

TIMES = worn.clock(10.0)


def with_sample(value: float, at: int = 250, axis: int = 1, length: int = 1) -> np.ndarray:
    values = worn.still()
    values[at : at + length, axis] = value
    return values


@pytest.mark.parametrize("value", [50.0, -50.0, 16.0, 4.0, 9999.0, -32768.0])
@pytest.mark.parametrize("at", [0, 1, 250, 498, 499])
def test_one_sample_that_stands_out_of_calm_is_corrupt(value: float, at: int) -> None:
    assert np.flatnonzero(corrupt_samples(TIMES, with_sample(value, at), 1.0)).tolist() == [at]


@pytest.mark.parametrize("length", [2, 3])
def test_up_to_three_samples_are_corrupt(length: int) -> None:
    assert np.flatnonzero(corrupt_samples(TIMES, with_sample(50.0, length=length), 1.0)).tolist() == list(range(250, 250 + length))


def test_a_longer_plateau_is_not_taken_for_a_glitch() -> None:
    assert not corrupt_samples(TIMES, with_sample(12.0, length=4), 1.0).any()


def test_marks_are_corrupt_however_many_stand_together() -> None:
    assert corrupt_samples(TIMES, with_sample(9999.0, length=40), 1.0).sum() == 40


@pytest.mark.parametrize("scale", [1.0, 9.80665, 1000.0, 16384.0])
def test_the_unit_does_not_matter(scale: float) -> None:
    for one_g in (None, scale, 1.0):
        assert np.flatnonzero(corrupt_samples(TIMES, scale * with_sample(50.0), one_g)).tolist() == [250]
        assert not corrupt_samples(TIMES, scale * worn.still(), one_g).any()


def impact(peak: float, rate: float) -> np.ndarray:
    """Return (N, 3) of 6 s: standing, a fall of .4 s, an impact of 60 ms that rings, lying."""
    times = worn.clock(6.0, rate)
    values = worn.still(6.0, rate)
    falling = (times > 2.6) & (times <= 3.0)
    values[falling] *= 0.3
    after = times > 3.0
    values[after] = np.roll(values[after], 1, axis=1)
    ringing = np.where(after, np.exp(-(times - 3.0) / 0.08) * np.cos(2 * np.pi * 9 * (times - 3.0)), 0.0)
    return np.asarray(values + peak * ringing[:, None] * [0.2, 0.1, 0.97])


@pytest.mark.parametrize("peak", [3.0, 8.0, 16.0, 40.0])
@pytest.mark.parametrize("rate", [18.0, 32.0, 50.0, 100.0, 238.0])
def test_an_impact_is_never_taken_for_a_glitch(peak: float, rate: float) -> None:
    assert not corrupt_samples(worn.clock(6.0, rate), impact(peak, rate), 1.0).any()


def test_too_little_around_it_decides_nothing() -> None:
    values = with_sample(50.0, 4)[:9]
    assert not corrupt_samples(TIMES[:9], values, 1.0).any()
    assert not corrupt_samples(TIMES[:1], values[:1], 1.0).any()


@given(st.lists(st.integers(1, 120), max_size=30), st.integers(0, 499), st.integers(1, 3))
def test_blocks_give_what_the_whole_gives(sizes: list[int], at: int, length: int) -> None:
    values = with_sample(30.0, at, length=length)
    bad = corrupt_samples(TIMES, values, 1.0)
    one = CorruptFilter("g")
    given_times, given_values = [], []
    edges = np.clip(np.cumsum([0, *sizes, 500]), 0, 500)
    for first, last in itertools.pairwise(edges):
        times, samples = one.add(TIMES[first:last], values[first:last], np.arange(first, last) + 2)
        given_times.append(times)
        given_values.append(samples.reshape(-1, 3))
    times, samples = one.flush()
    np.testing.assert_array_equal(np.concatenate([*given_times, times]), TIMES[~bad])
    np.testing.assert_array_equal(np.concatenate([*given_values, samples.reshape(-1, 3)]), values[~bad])
    assert [found.row for found in one.found] == (np.flatnonzero(bad) + 2).tolist()


def test_the_first_are_named_and_all_are_counted() -> None:
    values = worn.still()
    values[20::40, 2] = -9999.0
    one = CorruptFilter("g")
    one.add(TIMES, values, np.arange(500) + 2)
    one.flush()
    assert one.count == 12 and len(one.found) == NAMED
    assert one.found[0] == CorruptSample(row=22, channel=2, value=-9999.0)


def test_marks_among_angular_velocities() -> None:
    values = np.random.default_rng(0).standard_normal((500, 3)) * 100
    values[7, 0] = 32767.0
    one = CorruptFilter("deg/s")
    times, _ = one.add(TIMES, values, np.arange(500))
    assert len(times) + len(one.flush()[0]) == 499
    assert one.found == [CorruptSample(7, 0, 32767.0)]


def test_memory_does_not_grow() -> None:
    one = CorruptFilter("g")
    for k in range(40):
        one.add(10.0 * k + TIMES, worn.still(), np.arange(500))
    assert len(one._times) < 200
