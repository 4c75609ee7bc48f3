from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals.quality import worn

from featherfall.signals.quality.clipping import ClippingMeter


def clipped(values: np.ndarray) -> tuple[float, int] | None:
    meter = ClippingMeter()
    meter.add(values)
    return meter.clipped()


@pytest.mark.parametrize("limit", [2.0, 4.0, 8.0, 16.0])
@pytest.mark.parametrize("end", [0.98, 1.0, 1.02])
def test_flat_tops_at_a_range_are_clipping(limit: float, end: float) -> None:
    lively = worn.moving(40.0, size=0.8 * limit)
    assert clipped(lively) is None
    found = clipped(np.clip(lively, -limit * end, limit * end))
    assert found is not None and found[0] == limit and found[1] > 3


def test_three_flat_tops_are_counted() -> None:
    values = worn.still()
    for at in (100, 200, 300):
        values[at : at + 4, 0] = [1.2, 1.99, 1.99, 1.5]
    assert clipped(values) == (2.0, 3)


def test_one_long_flat_top_is_enough_and_one_short_is_not() -> None:
    values = worn.still()
    values[100:103, 2] = -4.0
    assert clipped(values) == (4.0, 1)
    values[102, 2] = -3.0
    assert clipped(values) is None


def test_a_sensor_of_8_g_passes_2_g_often() -> None:
    values = worn.still()
    values[100:104, 0] = 2.0
    values[200, 1] = 5.1
    assert clipped(values) is None


def test_nothing_is_clipped_of_nothing() -> None:
    assert clipped(np.zeros((0, 3))) is None and clipped(worn.day()) is None


@given(st.lists(st.integers(1, 90), max_size=30))
def test_blocks_give_what_the_whole_gives(sizes: list[int]) -> None:
    values = np.clip(worn.moving(20.0, size=2.0), -2, 2)
    meter = ClippingMeter()
    edges = np.clip(np.cumsum([0, *sizes, 1000]), 0, 1000)
    for first, last in itertools.pairwise(edges):
        meter.add(values[first:last])
    assert clipped(values) is not None and meter.clipped() == clipped(values)
