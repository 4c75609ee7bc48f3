from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.signals.clock.rows import BUFFER, RowClock, TimedRows, put_in_order

STEP = 0.02
EPOCH = 1_700_000_000.0


def even(count: int, start: float = 0.0) -> np.ndarray:
    return start + np.arange(count) * STEP


def numbered(count: int) -> np.ndarray:
    """Values that tell every row from the others."""
    return np.arange(count, dtype=float)[:, None] * [1.0, -1.0, 0.5]


def order(times: np.ndarray, values: np.ndarray | None = None, **options: object) -> tuple[TimedRows, str]:
    """Return the rows in order and the notes in one text; the first row of the file is 2, below a header."""
    found, notes = put_in_order("f.csv", times, numbered(len(times)) if values is None else values, first_row=2, **options)  # type: ignore[arg-type]
    assert (np.diff(found.times) > 0).all()
    return found, "; ".join(notes.lines())


def test_rows_in_order_stay_as_they_are() -> None:
    found, notes = order(even(100, 5.0))
    np.testing.assert_array_equal(found.times, even(100, 5.0))
    np.testing.assert_array_equal(found.rows, np.arange(2, 102))
    assert notes == ""


def test_a_gap_stays_a_gap() -> None:
    found, notes = order(np.concatenate([even(100), even(100, 1e6)]))
    np.testing.assert_array_equal(found.times, np.concatenate([even(100), even(100, 1e6)]))
    assert notes == "time jumps by 999,998 s before row 102: a gap, in which nothing is judged"


@pytest.mark.parametrize(("before", "after"), [(even(100), even(100, EPOCH)), (even(1), even(100, 1e9)), (even(100, 3.0), even(100, 9e8))])
def test_a_clock_that_is_set_after_the_start_begins_a_part_of_its_own(before: np.ndarray, after: np.ndarray) -> None:
    found, notes = order(np.concatenate([before, after]))
    count = len(before)
    assert found.times[count] - found.times[count - 1] == pytest.approx(60)
    np.testing.assert_allclose(np.diff(found.times[count:]), STEP, atol=1e-5)
    assert f"the clock was set before row {count + 2}" in notes
    clock = RowClock("f.csv", buffer=64, held=16)
    times = np.concatenate([before, after])
    list([*clock.add(times, numbered(len(times)), np.arange(len(times))), *clock.finish()])
    np.testing.assert_allclose(clock.notes.begins, found.times[count])


@pytest.mark.parametrize("start", [0.0, 7.0])
def test_a_clock_that_starts_again_begins_a_part_of_its_own(start: float) -> None:
    found, notes = order(np.concatenate([even(2000, start), even(2000, start), even(3000, start)]))
    assert len(found) == 7000
    np.testing.assert_allclose(found.times[[2000, 4000]] - found.times[[1999, 3999]], 60)
    assert "the clock starts again at row 2002" in notes and "so again 1 times" in notes


def test_two_files_of_which_the_earlier_comes_last() -> None:
    found, notes = order(np.concatenate([even(500, EPOCH + 5000), even(500, EPOCH)]))
    assert len(found) == 1000
    assert "the clock starts again at row 502" in notes


def test_a_clock_that_is_set_back_a_little_goes_on() -> None:
    times = even(3000, EPOCH)
    times[1500:] -= 2.0
    found, notes = order(times)
    np.testing.assert_allclose(np.diff(found.times), STEP, atol=1e-5)
    assert "the clock was set back by 2.02 s before row 1502" in notes or "set back by 1.98 s before row 1502" in notes


@pytest.mark.parametrize(
    ("period", "start", "name"),
    [
        (4294967.296, 4294960.0, "counter"),  # millis() of an Arduino
        (4294.967296, 4290.0, "counter"),  # micros(); SampleTimeFine
        (65.536, 60.0, "counter"),
        (86400.0, 86390.0, "time of day"),
    ],
)
def test_a_counter_that_wraps_goes_on(period: float, start: float, name: str) -> None:
    found, notes = order(even(1000, start) % period)
    np.testing.assert_allclose(found.times, even(1000, start), atol=1e-6)
    assert name in notes and "the times go on" in notes


def test_a_signed_counter_wraps_to_below_zero() -> None:
    half = 2147.483648
    times = even(1000, half - 5)
    found, _ = order(np.where(times >= half, times - 2 * half, times))
    np.testing.assert_allclose(found.times, times, atol=1e-6)


def test_many_wraps_are_counted() -> None:
    found, notes = order(even(20_000) % 65.536)
    np.testing.assert_allclose(found.times, even(20_000), atol=1e-6)
    assert "wraps 6 times" in notes


@pytest.mark.parametrize(("jump", "word"), [(-3600.0, "back"), (3600.0, "forward")])
def test_daylight_saving_time_of_local_stamps(jump: float, word: str) -> None:
    times = even(2000, EPOCH - EPOCH % 3600 - 20)  # the change is at the full hour
    local = np.where(np.arange(2000) >= 1000, times + jump, times)
    found, notes = order(local)
    np.testing.assert_allclose(found.times, times, atol=1e-5)
    assert f"the clock goes {word} by 3,600 s before row 1002 (daylight saving time)" in notes


def test_a_pause_of_an_hour_that_is_not_at_the_full_hour_is_a_gap() -> None:
    times = np.concatenate([even(500, EPOCH + 100), even(500, EPOCH + 110 + 3600)])
    found, notes = order(times)
    np.testing.assert_array_equal(found.times, times)
    assert "a gap" in notes


def test_doubled_stamps_leave_out_all_but_the_first() -> None:
    times = even(500)
    times[[40, 41, 300]] = times[[39, 39, 299]]
    found, notes = order(times)
    np.testing.assert_array_equal(found.rows, np.delete(np.arange(2, 502), [40, 41, 300]))
    assert notes.startswith("3 rows repeat the time of the row before and were left out, the first is row 42")


@pytest.mark.parametrize("times_each", [2, 3])
def test_rows_that_are_all_doubled(times_each: int) -> None:
    found, _ = order(np.repeat(even(500), times_each), np.repeat(numbered(500), times_each, axis=0))
    np.testing.assert_array_equal(found.times, even(500))


def test_a_packet_that_comes_twice_is_left_out_once() -> None:
    rows = np.concatenate([np.arange(200), np.arange(150, 200), np.arange(200, 400)])
    found, notes = order(even(400)[rows], numbered(400)[rows])
    np.testing.assert_array_equal(found.times, even(400))
    np.testing.assert_array_equal(found.values, numbered(400))
    assert notes == "50 rows came twice and were left out once, the first is row 202"


@pytest.mark.parametrize("late", [30, 400])
def test_a_packet_that_comes_late_is_put_in_order(late: int) -> None:
    rows = np.concatenate([np.arange(200), np.arange(225, 225 + late), np.arange(200, 225), np.arange(225 + late, 1000)])
    found, notes = order(even(1000)[rows], numbered(1000)[rows])
    np.testing.assert_array_equal(found.values, numbered(1000))
    assert notes == f"25 rows came late and were put in order, the first is row {202 + late}"


def test_stamps_that_jitter_past_each_other_are_put_in_order() -> None:
    rng = np.random.default_rng(0)
    times = even(2000) + rng.uniform(0, 0.05, 2000)
    found, notes = order(times)
    np.testing.assert_array_equal(found.times, np.sort(times))
    assert "came late" in notes


def test_a_single_wild_stamp_is_left_out() -> None:
    for wild in (4e9, 0.0, -5.0, EPOCH + 30.0):
        times = even(500, EPOCH)
        times[250] = wild
        found, notes = order(times)
        np.testing.assert_array_equal(found.rows, np.delete(np.arange(2, 502), 250))
        assert notes == "the time of row 252 is out of all order, it was left out"


def test_stamps_in_whole_seconds_are_spread_evenly() -> None:
    times = even(1000, 0.3)
    found, notes = order(np.floor(times))
    np.testing.assert_allclose(np.diff(found.times), STEP, rtol=0.02)
    np.testing.assert_allclose(found.times - found.times[0], times - times[0], atol=0.2)
    assert "rows share a time stamp with the row before, so the samples are spread evenly" in notes


def test_bursts_keep_their_real_pauses() -> None:
    times = np.concatenate([np.floor(even(500)), np.floor(even(500, 100.0))])
    found, _ = order(times, burst=True)
    assert np.diff(found.times)[499] == pytest.approx(91, abs=1)
    np.testing.assert_allclose(np.delete(np.diff(found.times), 499), STEP, rtol=0.05)


def test_a_packet_alone_is_spread_like_the_others() -> None:
    times = np.concatenate([np.floor(even(500)), np.full(50, 100.0)])
    found, _ = order(times)
    np.testing.assert_allclose(np.diff(found.times[500:]), STEP, rtol=0.05)


def test_falling_order_is_turned_round_and_shuffled_rows_are_sorted() -> None:
    found, notes = order(even(500)[::-1], numbered(500)[::-1])
    np.testing.assert_array_equal(found.values, numbered(500))
    assert notes == "the rows are in falling order of time and were read from the last to the first"
    rows = np.random.default_rng(0).permutation(3000)
    found, notes = order(even(3000)[rows], numbered(3000)[rows])
    np.testing.assert_array_equal(found.values, numbered(3000))
    assert notes == "the rows are not in order of time and were sorted"


def test_a_long_file_in_no_order_is_refused() -> None:
    clock = RowClock("f.csv", buffer=1000, held=100)
    times = np.random.default_rng(0).permutation(even(5000))
    with pytest.raises(UserError, match=r"^f.csv: row \d+: the time goes back, and so it does again and again; sort the rows by time$"):
        list(clock.add(times, numbered(5000), np.arange(5000)))


def test_rows_without_a_time_are_left_out() -> None:
    times = even(100)
    times[[3, 4]] = np.nan
    found, notes = order(times)
    assert len(found) == 98
    assert notes == "2 rows have no time and were left out, the first is row 5"


def mixed(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stamps with faults of several kinds, and values that tell the rows apart."""
    rng = np.random.default_rng(seed)
    times = rng.choice([0.0, EPOCH]) + np.cumsum(rng.uniform(0.5, 1.5, 1500) * STEP)
    rows = np.arange(1500)
    for _ in range(rng.integers(0, 5)):
        at, size = int(rng.integers(10, 1400)), int(rng.integers(1, 60))
        match rng.integers(0, 7):
            case 0:
                times[at:] += rng.choice([5.0, 3600.0, 1e6, 1e9])
            case 1:
                times[at:] -= rng.choice([3.0, 40.0, 3600.0, times[at] - times[0]])
            case 2:
                times[at : at + size] = times[at]
            case 3:
                rows = np.concatenate([rows[: at + size], rows[at : at + size], rows[at + size :]])
            case 4:
                rows = np.concatenate([rows[:at], rows[at + size : at + 2 * size], rows[at : at + size], rows[at + 2 * size :]])
            case 5:
                times[at] = rng.choice([np.nan, 0.0, 4e9])
            case 6:
                times[at:] = np.floor(times[at:])
    rows = np.clip(rows, 0, 1499)
    return times[rows], numbered(1500)[rows]


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 400), burst=st.booleans())
def test_times_increase_no_row_is_invented_and_few_are_lost(seed: int, size: int, burst: bool) -> None:
    times, values = mixed(seed)
    rows = np.arange(len(times))
    clock = RowClock("f.csv", burst, buffer=300, held=120)
    parts = []
    for at in range(0, len(times), size):
        parts += clock.add(times[at : at + size], values[at : at + size], rows[at : at + size])
    parts += clock.finish()
    found = np.concatenate([part.times for part in parts])
    kept = np.concatenate([part.rows for part in parts])
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()
    assert len(np.unique(kept)) == len(kept)
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), values[kept])
    if len(kept) < len(times):
        assert clock.notes.lines()


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 400))
def test_the_size_of_the_blocks_does_not_matter(seed: int, size: int) -> None:
    times, values = mixed(seed)
    rows = np.arange(len(times))
    whole, _ = put_in_order("f.csv", times, values, first_row=0)
    clock = RowClock("f.csv", buffer=len(times))
    parts = [
        part for at in range(0, len(times), size) for part in clock.add(times[at : at + size], values[at : at + size], rows[at : at + size])
    ]
    parts += clock.finish()
    np.testing.assert_array_equal(np.concatenate([part.times for part in parts]), whole.times)


def test_memory_is_bounded() -> None:
    clock = RowClock("f.csv")
    tracemalloc.start()
    for block in range(30):
        for _ in clock.add(even(BUFFER, block * BUFFER * STEP), numbered(BUFFER), np.arange(BUFFER)):
            pass
        if block == 5:
            early = tracemalloc.get_traced_memory()[1]
    late = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert late < 1.2 * early < 60e6


@given(
    stamps=st.lists(
        st.floats(allow_nan=True, allow_infinity=True) | st.integers(-3, 90).map(float) | st.sampled_from([1e9, 65.5, 4294.9]), max_size=80
    ),
    size=st.integers(1, 40),
    burst=st.booleans(),
)
def test_any_stamps_give_increasing_times_or_one_line(stamps: list[float], size: int, burst: bool) -> None:
    times = np.array(stamps)
    values, rows = numbered(len(times)), np.arange(len(times))
    clock = RowClock("f.csv", burst, buffer=16, held=6)
    parts = []
    try:
        for at in range(0, len(times), size):
            parts += clock.add(times[at : at + size], values[at : at + size], rows[at : at + size])
        parts += clock.finish()
    except UserError as error:
        message = str(error)
    else:
        message = "f.csv: "
    assert "\n" not in message and message.startswith("f.csv: ")
    found = np.concatenate([part.times for part in parts]) if parts else np.zeros(0)
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()


@pytest.mark.parametrize(("size", "unit"), [(1e3, "ms"), (1e6, "us"), (1e9, "ns")])
def test_dates_in_a_smaller_unit_are_refused_with_it(size: float, unit: str) -> None:
    with pytest.raises(UserError, match=rf"^f.csv: row 2: the time is 1.7e\+\d+ s; state the time's unit, probably {unit}$"):
        order(even(100, EPOCH) * size)
