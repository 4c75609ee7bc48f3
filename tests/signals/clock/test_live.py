from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.signals.clock.live import LiveClock

STEP = 0.02


def even(count: int, start: float = 0.0) -> np.ndarray:
    return start + np.arange(count) * STEP


def take(*packets: np.ndarray, same: bool = True) -> np.ndarray:
    """Return the times of all samples that are kept; same: whether a stamp always comes with the same value."""
    clock, held, values = LiveClock(), np.zeros(0), np.zeros((0, 1))
    for packet in packets:
        new = packet[:, None] if same else packet[:, None] + len(held)
        times, some = clock.take(packet, new, held, values)
        keep = np.ones(len(times), bool) if some is None else some
        held, values = np.concatenate([held, times[keep]]), np.concatenate([values, new[keep]])
    return held


def test_samples_in_order_stay_as_they_are() -> None:
    np.testing.assert_allclose(take(even(50, 3.0), even(50, 4.0)), even(100, 3.0))


def test_a_packet_that_is_sent_again_is_dropped_however_long() -> None:
    times = even(500)
    np.testing.assert_array_equal(take(times[:300], times[:300], times[200:400], times[400:]), times)


def test_a_short_packet_that_comes_late_is_dropped() -> None:
    times = even(500)
    found = take(times[:200], times[225:300], times[200:225], times[300:])
    np.testing.assert_array_equal(found, np.delete(times, np.arange(200, 225)))


@pytest.mark.parametrize("size", [7, 25, 400])
def test_a_clock_that_begins_anew_goes_on_after_a_second(size: int) -> None:
    stamps = even(1000)
    found = take(even(1000), *(stamps[at : at + size] for at in range(0, 1000, size)), same=False)
    assert 940 <= len(found) - 1000 <= 1000
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(np.diff(found)[1000:], STEP, atol=1e-9)
    assert found[1000] - found[999] == pytest.approx(60)


@pytest.mark.parametrize(("period", "start"), [(4294967.296, 4294960.0), (65.536, 60.0), (86400.0, 86390.0)])
def test_a_counter_that_wraps_loses_nothing(period: float, start: float) -> None:
    stamps = even(1000, start) % period
    np.testing.assert_allclose(take(*np.split(stamps, 40)), even(1000, start), atol=1e-6)


def test_a_clock_that_is_set_goes_on_after_a_pause() -> None:
    found = take(even(100), even(100, 1.7e9))
    np.testing.assert_allclose(np.diff(found)[[98, 99, 100]], [STEP, 60, STEP], atol=1e-5)


def test_one_wild_stamp_does_not_silence_the_rest() -> None:
    found = take(even(100), np.array([4e9]), even(500, 2.02))
    assert len(found) > 540
    assert found[-1] < 300


@given(
    stamps=st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10, 100), max_size=60),
    sizes=st.lists(st.integers(0, 9), max_size=30),
)
def test_times_always_increase(stamps: list[float], sizes: list[int]) -> None:
    packets = np.split(np.array(stamps), np.minimum(np.cumsum(sizes), len(stamps)).astype(int))
    with np.errstate(all="ignore"):
        found = take(*packets)
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()
