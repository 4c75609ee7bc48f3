"""Alarms against falls, by hand."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.evaluation.events import FallMatch, Tolerance, has_times, match_events, match_intervals
from featherfall.runtime.decide.events import Event

FALL = FallTimes(10.0, 11.0, 12.5)


def event(raised: float, latency: float = 2.0) -> Event:
    """An alarm that a live device raises at that second, for a peak some seconds before."""
    return Event(raised - latency, raised - latency, 0.9, raised)


def events(*raised: float) -> list[Event]:
    return [event(one) for one in raised]


@pytest.mark.parametrize(
    ("raised", "hit"), [(8.99, False), (9.0, True), (11.0, True), (16.0, True), (16.01, False)]
)  # onset - 1 s to impact + 5 s
def test_the_edges_of_the_tolerance(raised: float, hit: bool) -> None:
    found = match_events(events(raised), [FALL])
    assert found.false_alarms == (() if hit else (event(raised),)) and found.redundant == 0
    assert found.falls[0].delay_s == (pytest.approx(raised - 11) if hit else None)


def test_another_tolerance() -> None:
    assert match_events(events(8.5), [FALL], Tolerance(1.5, 0.0)).falls[0].alarm == event(8.5)
    assert match_events(events(11.1), [FALL], Tolerance(1.5, 0.0)).falls[0].alarm is None
    assert match_events(events(30.0), [FALL], Tolerance(0.0, 19.0)).falls[0].delay_s == 19.0
    for wrong in (-1.0, float("nan"), 4000.0):
        with pytest.raises(UserError, match="give seconds from 0 to 3600"):
            Tolerance(after_impact_s=wrong)


def test_a_second_alarm_of_a_fall_is_redundant_and_not_false() -> None:
    found = match_events(events(2, 10, 15, 15.5, 40), [FALL])
    assert found.falls == (FallMatch(FALL, event(10), (event(15), event(15.5))),) and found.redundant == 2
    assert found.false_alarms == (event(2), event(40))
    assert match_events([], [FALL]) == match_intervals([], [FALL], [(0, 0)]) and match_events([], [FALL]).falls == (FallMatch(FALL),)


def test_without_a_fall_every_alarm_is_false() -> None:
    assert match_events(events(2, 10), []).false_alarms == (event(2), event(10))
    assert match_events([], []).false_alarms == ()


def test_delay_and_lead() -> None:
    early, at, late = (match_events(events(raised), [FALL]).falls[0] for raised in (10.25, 11.0, 13.0))
    assert (early.delay_s, early.lead_s) == (-0.75, 0.75)
    assert (at.delay_s, at.lead_s) == (0.0, None)
    assert (late.delay_s, late.lead_s) == (2.0, None)
    missed = FallMatch(FALL)
    assert missed.delay_s is None and missed.lead_s is None
    ended = match_events(events(10.0), [FallTimes(9.5, None, 12.5)]).falls[0]  # an end is no impact to be ahead of
    assert (ended.delay_s, ended.lead_s) == (-2.5, None)


def test_two_falls_within_seconds_have_an_alarm_each() -> None:
    """The first fall's tolerance reaches into the second's: the alarm in both is left for whom it is the only one."""
    second = FallTimes(13.0, 14.0, None)
    assert [one.alarm for one in match_events(events(13.5, 15.0), [FALL, second]).falls] == events(13.5, 15.0)
    assert [one.alarm for one in match_events(events(14.0), [FALL, second]).falls] == [event(14.0), None]
    found = match_events(events(13.5, 15.0, 18.0, 30.0), [second, FALL])
    assert [one.alarm for one in found.falls] == events(15.0, 13.5)
    assert [one.redundant for one in found.falls] == [(event(18.0),), ()] and found.false_alarms == (event(30.0),)


@given(st.lists(st.integers(0, 40), max_size=5), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=4))
def test_no_other_way_finds_more_falls_and_every_alarm_is_counted_once(raised: list[int], starts: list[tuple[int, int]]) -> None:
    intervals = [(float(start), float(start + length)) for start, length in starts]
    alarms, falls = [event(float(one)) for one in raised], [FallTimes(impact=start) for start, _ in intervals]
    found = match_intervals(alarms, falls, intervals)
    most = max(
        sum(first <= one.raised_s <= last for one, (first, last) in zip(order, intervals, strict=False)) for order in permutations(alarms)
    )
    # Permutations pair the first alarms with the first intervals; with fewer alarms than falls, also try each choice of falls.
    if len(alarms) < len(falls):
        most = max(
            sum(first <= one.raised_s <= last for one, (first, last) in zip(alarms, order, strict=False))
            for order in permutations(intervals)
        )
    hits = sum(one.alarm is not None for one in found.falls)
    assert hits == most and hits + found.redundant + len(found.false_alarms) == len(alarms)


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
        (found,) = match_events(events(raised), [fall]).falls
        assert (found.alarm is not None) is hit
        assert found.delay_s == (pytest.approx(raised - impact) if hit else None)


def test_has_times() -> None:
    assert has_times(None) and has_times(FALL) and has_times(FallTimes(end=3.0)) and has_times(FallTimes(impact=3.0))
    assert not has_times(FallTimes()) and not has_times(FallTimes(onset=1.0))
