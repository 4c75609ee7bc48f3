"""Days joined from short recordings: every recording once, nothing invented in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.evaluation.joined import Piece, Pieces, deal_days, gap_between, join_day
from featherfall.signals.spool import stretches

RATE = 10.0


def recorded(subject: str, activity: str, seconds: float = 4.0, fall: FallTimes | None = None, rate: float = RATE) -> Recording:
    """An accelerometer whose first axis counts the samples."""
    times = 100.0 + np.arange(round(seconds * rate) + 1) / rate
    values = np.zeros((len(times), 3), np.float32)
    values[:, 0] = np.arange(len(times))
    return Recording("some", subject, activity, "1", {"accelerometer": Stream(times, values, "g", rate, "wrist", ("x", "y", "z"))}, fall)


def pieces_of(*recordings: Recording) -> Pieces:
    pieces = Pieces("accelerometer")
    for one in recordings:
        pieces.add(one)
    return pieces


def piece(number: int, subject: str, falls: bool, seconds: float = 60.0) -> Piece:
    return Piece(Recording("some", subject, f"{number}", "1", {}, FallTimes() if falls else None), {}, seconds)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["S1", "S2", "S3"]), st.booleans()), min_size=1, max_size=20), st.integers(0, 5))
def test_each_recording_once_and_nobody_falls_twice_a_day(what: list[tuple[str, bool]], seed: int) -> None:
    pieces = [piece(number, subject, falls) for number, (subject, falls) in enumerate(what)]
    days = deal_days(pieces, seed)
    assert Counter(map(id, (one for day in days for one in day))) == Counter(map(id, pieces))
    most = max(Counter(subject for subject, falls in what if falls).values(), default=1)
    assert len(days) <= most and all(days)
    for day in days:
        assert max(Counter(one.person for one in day if one.recording.fall is not None).values(), default=0) <= 1
    assert [[id(one) for one in day] for day in deal_days(pieces, seed)] == [[id(one) for one in day] for day in days]


def test_falls_stand_between_recordings_of_daily_life() -> None:
    pieces = [piece(k, f"S{k}", k < 3) for k in range(9)]
    for seed in range(20):
        (day,) = deal_days(pieces, seed)
        falls = [k for k, one in enumerate(day) if one.recording.fall is not None]
        assert len(falls) == 3 and 0 not in falls and 8 not in falls
        assert min(np.diff(falls)) > 1  # there are places enough for each


def test_a_day_is_at_most_a_day_long_and_days_are_alike() -> None:
    days = deal_days([piece(k, "S1", False, 3600.0) for k in range(60)])
    assert sorted(len(day) for day in days) == [20, 20, 20]


def test_other_orders_for_other_seeds() -> None:
    pieces = [piece(k, "S1", False) for k in range(10)]
    first, second = (deal_days(pieces, seed)[0] for seed in (0, 1))
    assert [one.recording.activity for one in first] != [one.recording.activity for one in second]


def test_a_day_holds_the_samples_as_recorded_and_gaps_in_between() -> None:
    falls = recorded("S1", "trip", 3.0, FallTimes(101.0, 101.5, None))
    day = join_day([recorded("S2", "walk"), falls, recorded("S3", "sit", 5.0)], 7, RATE, gap_s=2.35, reference="accelerometer")
    stream = day.recording.streams["accelerometer"]
    # 4 s, a gap of 2.4 s (whole samples), 3 s, a gap, 5 s.
    assert list(stretches(stream.times, 1.0)) == [pytest.approx(pair) for pair in [(0.0, 4.0), (6.4, 9.4), (11.8, 16.8)]]
    np.testing.assert_array_equal(stream.values[:, 0], [*range(41), *range(31), *range(51)])
    assert day.recording.duration == pytest.approx(16.8) and day.hours == pytest.approx(12.0 / 3600)
    assert (day.recording.id, stream.rate, stream.placement, stream.channels) == ("everybody/day/7", RATE, "wrist", ("x", "y", "z"))
    walk, trip, sit = day.activities
    assert (walk.start, walk.end, walk.fall, walk.subject, walk.recording) == (0.0, 4.0, None, "S2", "some: S2/walk/1")
    assert (trip.start, trip.end) == pytest.approx((6.4, 9.4)) and (sit.start, sit.end) == pytest.approx((11.8, 16.8))
    assert trip.fall is not None and (trip.fall.onset, trip.fall.impact) == pytest.approx((7.4, 7.9)) and trip.fall.end is None


def test_one_rate_and_the_gaps_of_a_recording() -> None:
    slow = recorded("S1", "walk", 4.0, rate=5.0)
    stream = slow.streams["accelerometer"]
    keep = (stream.times < 101.0) | (stream.times > 103.0)
    slow = replace(slow, streams={"accelerometer": replace(stream, times=stream.times[keep], values=stream.values[keep])})
    times = join_day([slow, recorded("S2", "sit")], 1, RATE, 2.0, "accelerometer").recording.streams["accelerometer"].times
    assert not ((times > 0.9) & (times < 3.1)).any()  # samples were missing from 100.8 s to 103.2 s
    np.testing.assert_allclose(times[times < 0.75], np.arange(8) / RATE)


def test_recordings_come_back_from_the_spool() -> None:
    first, second = recorded("S1", "walk"), recorded("S2", "trip", 2.0, FallTimes())
    pieces = pieces_of(first, second)
    assert [one.seconds for one in pieces.list] == pytest.approx([4.0, 2.0])
    for one, kept in zip((first, second), pieces.list, strict=True):
        back = pieces.load(kept)
        assert (back.id, back.fall) == (one.id, one.fall)
        np.testing.assert_array_equal(back.streams["accelerometer"].times, one.streams["accelerometer"].times)
        np.testing.assert_array_equal(back.streams["accelerometer"].values, one.streams["accelerometer"].values)


def test_streams_without_a_shared_clock_cannot_be_joined() -> None:
    one = recorded("S1", "walk")
    own = replace(one.streams["accelerometer"], clock="own")
    pieces_of(replace(one, streams={"accelerometer": own}))  # alone, there is nothing to align
    with pytest.raises(UserError, match="S1/walk/1: gyroscope has a clock of its own"):
        pieces_of(replace(one, streams={"accelerometer": one.streams["accelerometer"], "gyroscope": own}))


def test_gaps_are_longer_than_what_must_not_reach_across() -> None:
    assert gap_between(6.0, 5.0, 5.0) == 7.0 and gap_between(1.0, 5.0, 5.0) == 6.0 and gap_between(1.0, 2.0, 9.0) == 10.0
