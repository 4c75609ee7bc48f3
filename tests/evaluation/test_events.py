from __future__ import annotations

import pytest

from featherfall.core.recording import FallTimes
from featherfall.evaluation.events import EventMatch, has_times, match_events
from featherfall.runtime.decide.events import Event

FALL = FallTimes(10.0, 11.0, 12.5)


def event(raised: float, latency: float = 2.0) -> Event:
    """An alarm that a live device raises at that second, for a peak some seconds before."""
    return Event(raised - latency, raised - latency, 0.9, raised)


@pytest.mark.parametrize(
    ("raised", "hit"), [(8.99, False), (9.0, True), (11.0, True), (16.0, True), (16.01, False)]
)  # onset - 1 s to impact + 5 s
def test_the_edges_of_the_tolerance(raised: float, hit: bool) -> None:
    assert match_events([event(raised)], FALL) == EventMatch(hit, 0 if hit else 1, pytest.approx(raised - 11) if hit else None)


def test_one_alarm_matches_and_the_others_are_false() -> None:
    assert match_events([event(2), event(10), event(15), event(40)], FALL) == EventMatch(True, 3, pytest.approx(-1.0))
    assert match_events([], FALL) == EventMatch(False, 0, None)


def test_without_a_fall_every_alarm_is_false() -> None:
    assert match_events([event(2), event(10)], None) == EventMatch(False, 2, None)
    assert match_events([], None) == EventMatch(False, 0, None)


@pytest.mark.parametrize(
    ("fall", "first", "last", "impact"),
    [
        (FallTimes(None, 11.0, None), 10.0, 16.0, 11.0),
        (FallTimes(None, None, 12.5), 11.5, 17.5, 12.5),
        (FallTimes(10.0, None, 12.5), 9.0, 17.5, 12.5),
    ],
)
def test_what_is_not_annotated_is_stood_in_for(fall: FallTimes, first: float, last: float, impact: float) -> None:
    for raised, hit in ((first - 0.01, False), (first, True), (last, True), (last + 0.01, False)):
        found = match_events([event(raised)], fall)
        assert found.hit is hit
        assert found.delay_s == (pytest.approx(raised - impact) if hit else None)


def test_has_times() -> None:
    assert has_times(None) and has_times(FALL) and has_times(FallTimes(end=3.0)) and has_times(FallTimes(impact=3.0))
    assert not has_times(FallTimes()) and not has_times(FallTimes(onset=1.0))
