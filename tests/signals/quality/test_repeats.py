from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals.quality import worn

from featherfall.signals.quality.repeats import RepeatedRun, RepeatMeter

TIMES = worn.clock(40.0)
ROWS = np.arange(2000) + 2


def found(values: np.ndarray) -> list[RepeatedRun]:
    meter = RepeatMeter()
    meter.add(TIMES[: len(values)], values, ROWS[: len(values)])
    return meter.stretches()


def frozen() -> np.ndarray:
    values = worn.day()
    values[700:1000] = values[700]
    return values


def stuck() -> np.ndarray:
    values = worn.day()
    values[600:1300, 1] = 0.25
    return values


def test_a_frozen_sensor_is_found() -> None:
    (one,) = found(frozen())
    assert (one.axis, one.row, one.samples) == (None, 702, 299) and one.seconds == pytest.approx(5.98)


def test_a_stuck_axis_is_found() -> None:
    (one,) = found(stuck())
    assert (one.axis, one.row) == (1, 602) and one.seconds == pytest.approx(13.98) and one.moved > 0.3


def test_a_coarse_sensor_at_rest_repeats_its_values_honestly() -> None:
    assert found(np.round(worn.day() * 8) / 8) == []
    assert found(np.tile([0.0, 0.0, 1.0], (2000, 1))) == []


def test_a_sensor_that_stops_measuring_at_rest_is_no_fault() -> None:
    values = worn.day()
    values[200:480] = values[200]
    values[1700:] = values[1700]
    assert found(values) == []


def test_a_short_repetition_is_no_fault() -> None:
    values = worn.day()
    values[700:840] = values[700]
    values[900:1100, 0] = 0.0
    assert found(values) == []


@given(st.lists(st.integers(1, 400), max_size=30), st.booleans())
def test_blocks_give_what_the_whole_gives(sizes: list[int], axis: bool) -> None:
    values = stuck() if axis else frozen()
    meter = RepeatMeter()
    edges = np.clip(np.cumsum([0, *sizes, 2000]), 0, 2000)
    for first, last in itertools.pairwise(edges):
        meter.add(TIMES[first:last], values[first:last], ROWS[first:last])
    assert meter.stretches() == found(values)


def test_a_sensor_that_stays_frozen_is_found_at_the_end() -> None:
    values = worn.day()
    values[1400:] = values[1400]
    (one,) = found(values)
    assert one.row == 1402 and one.seconds == pytest.approx(11.98)
