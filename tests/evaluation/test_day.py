"""A day's alarms against what truly happened."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.evaluation.day import draw_day, match_day, time_of_day
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction
from featherfall.runtime.verdict import Verdict

TIMES = np.arange(0, 7200, 0.5)
STREAM = Stream(TIMES, np.tile(np.float32([0, 0, 1]), (len(TIMES), 1)), "g", 2.0)
DAY = Recording("sim", "P1", "day", "1", {"accelerometer": STREAM})
SPANS = [
    ("walk", 100.0, 110.0, None),
    ("trip", 1000.0, 1010.0, FallTimes(1003.0, 1004.0, 1005.0)),
    ("faint", 3000.0, 3010.0, FallTimes(3003.0, 3004.0, 3005.0)),
]


def predicted(*events: Event) -> Prediction:
    none = np.zeros(0)
    return Prediction(("not_fall", "fall"), none, none, none, np.zeros((0, 2)), none, none.astype(bool), Verdict("not_fall"), events)


def event(at: float) -> Event:
    return Event(at - 3, at - 3, 0.9, at)


def test_falls_meet_alarms_once() -> None:
    result = match_day(DAY, SPANS, predicted(event(108.0), event(1007.5), event(1008.0), event(5000.0)))
    assert result.detected == 1
    assert result.falls[0].activity == "trip" and result.falls[0].delay_s == pytest.approx(3.5)
    assert result.falls[1].activity == "faint" and result.falls[1].event is None and result.falls[1].delay_s is None
    assert [moment.activity for moment in result.false_alarms] == ["walk", "trip", "rest"]
    assert result.hours == pytest.approx(2, rel=1e-3)


def test_the_clock_starts_at_eight() -> None:
    assert time_of_day(0) == "08:00:00"
    assert time_of_day(3600 + 61) == "09:01:01"


def test_the_picture_is_a_png() -> None:
    result = match_day(DAY, SPANS, predicted(event(1007.5), event(5000.0)))
    assert draw_day(STREAM, result).startswith(b"\x89PNG")
