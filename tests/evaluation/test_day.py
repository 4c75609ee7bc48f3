"""A day's alarms against what truly happened."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.day import Day, DayActivity, shifted
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.evaluation.day import activity_at, draw_day, match_day, time_of_day
from featherfall.evaluation.events import Tolerance
from featherfall.runtime.decide.events import Event

TIMES = np.arange(0, 7200.5, 0.5)
STREAM = Stream(TIMES, np.tile(np.float32([0, 0, 1]), (len(TIMES), 1)), "g", 2.0)
RECORDING = Recording("sim", "P1", "day", "1", {"accelerometer": STREAM})
ACTIVITIES = (
    DayActivity("walk", 100.0, 110.0, None),
    DayActivity("trip", 1000.0, 1010.0, FallTimes(1003.0, 1004.0, 1005.0)),
    DayActivity("faint", 3000.0, 3010.0, FallTimes(3003.0, 3004.0, 3005.0)),
)
DAY = Day(RECORDING, ACTIVITIES)


def event(at: float) -> Event:
    return Event(at - 3, at - 3, 0.9, at)


def test_falls_meet_alarms_once() -> None:
    result = match_day(DAY, [event(108.0), event(1007.5), event(1008.0), event(1013.0), event(5000.0)])
    assert result.detected == 1 and result.hours == 2
    assert result.falls[0].activity == "trip" and result.falls[0].delay_s == pytest.approx(3.5)
    assert result.falls[1].activity == "faint" and result.falls[1].event is None and result.falls[1].delay_s is None
    assert result.matches.redundant == 1  # at 1008 s, of the same fall
    assert [moment.activity for moment in result.false_alarms] == ["walk", "trip", "rest"]
    assert [moment.during for moment in result.false_alarms] == [ACTIVITIES[0], ACTIVITIES[1], None]


def test_the_tolerance_is_passed_on() -> None:
    assert match_day(DAY, [event(1020.0)]).detected == 0
    assert match_day(DAY, [event(1020.0)], Tolerance(after_impact_s=16.0)).detected == 1


def test_alarms_of_a_fall_of_unknown_time_are_never_false() -> None:
    """It is found by any alarm up to the next recording, and its seconds are not counted: in them no alarm could be false."""
    unknown = DayActivity("slip", 2000.0, 2720.0, FallTimes())
    day = Day(RECORDING, (ACTIVITIES[0], unknown, ACTIVITIES[2]), silent_s=360.0)
    result = match_day(day, [event(1999.0), event(2300.0), event(2725.0), event(3007.0)])
    assert [fall.activity for fall in result.falls] == ["slip", "faint"] and result.detected == 2
    assert (result.falls[0].time, result.falls[0].delay_s) == (2000.0, None) and result.falls[1].delay_s == 3.0
    assert result.matches.redundant == 1 and [one.time for one in result.false_alarms] == [1999.0]
    assert result.hours == pytest.approx(2 - 0.1 - 0.2)
    last = match_day(Day(RECORDING, (unknown,)), [event(7000.0)])
    assert last.detected == 1


def test_what_is_done_when() -> None:
    assert activity_at(ACTIVITIES, 100.0) == activity_at(ACTIVITIES, 110.0) == ACTIVITIES[0]
    assert activity_at(ACTIVITIES, 110.1) is None and activity_at((), 5.0) is None


def test_a_fall_on_another_clock() -> None:
    assert shifted(FallTimes(1.0, None, 2.0), 10.0) == FallTimes(11.0, None, 12.0)
    assert shifted(None, 10.0) is None and shifted(FallTimes(), 10.0) == FallTimes()


def test_the_clock_starts_at_eight() -> None:
    assert time_of_day(0) == "08:00:00"
    assert time_of_day(3600 + 61) == "09:01:01"


def test_the_picture_is_a_png() -> None:
    assert draw_day(STREAM, match_day(DAY, [event(1007.5), event(5000.0)])).startswith(b"\x89PNG")
