"""Alarms against falls: found, late, early, redundant, false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.runtime.decide.events import Event

Interval = tuple[float, float]  # first and last time, s


@dataclass(frozen=True)
class Tolerance:
    """How far from a fall an alarm may be raised and still be its alarm, s.

    Five seconds after the impact are what windows of 6 s around a peak need at most; a second before the onset covers how exactly people
    mark it.
    """

    before_onset_s: float = 1.0
    after_impact_s: float = 5.0

    def __post_init__(self) -> None:
        for value in (self.before_onset_s, self.after_impact_s):
            if not 0 <= value < 3600:
                raise UserError(f"tolerance of {value:g} s; give seconds from 0 to 3600")

    def interval(self, fall: FallTimes) -> Interval:
        """Return when the alarm of a fall may be raised; the fall must have times (see `has_times`)."""
        impact = impact_of(fall)
        return (impact if fall.onset is None else fall.onset) - self.before_onset_s, impact + self.after_impact_s


USUAL = Tolerance()


@dataclass(frozen=True)
class FallMatch:
    """A fall with its alarms. alarm: the first one; None where it was missed. redundant: the others of this fall."""

    fall: FallTimes
    alarm: Event | None = None
    redundant: tuple[Event, ...] = ()

    @property
    def delay_s(self) -> float | None:
        """Seconds from the impact (the annotated end without one) until a live device knew; negative before it. None for a missed fall."""
        return None if self.alarm is None or not has_times(self.fall) else self.alarm.raised_s - impact_of(self.fall)

    @property
    def lead_s(self) -> float | None:
        """Seconds from the alarm to the impact that follows it; None where the alarm came later, or nobody noted the impact itself."""
        if self.alarm is None or self.fall.impact is None or self.alarm.raised_s >= self.fall.impact:
            return None
        return self.fall.impact - self.alarm.raised_s


@dataclass(frozen=True)
class Matches:
    """Falls with their alarms, in the order given, and the alarms of no fall."""

    falls: tuple[FallMatch, ...]
    false_alarms: tuple[Event, ...]

    @property
    def redundant(self) -> int:
        """Number of alarms of falls that had theirs already."""
        return sum(len(one.redundant) for one in self.falls)


def match_events(events: Sequence[Event], falls: Sequence[FallTimes], tolerance: Tolerance = USUAL) -> Matches:
    """Match alarms with falls, each at most once: an alarm that is raised within a fall's tolerance is that fall's.

    An alarm starts when a live device knows (`raised_s`, the end of the first window that counts), not at the peak that it was cut around.
    Further alarms within the tolerance of a fall that has its alarm are redundant; a user is called twice for one fall, not for nothing.
    All others are false. Where only the end of a fall is annotated, it stands for the impact.

    Arguments:
        falls: with times (see `has_times`).
    """
    return match_intervals(events, falls, [tolerance.interval(fall) for fall in falls])


def match_intervals(events: Sequence[Event], falls: Sequence[FallTimes], intervals: Sequence[Interval]) -> Matches:
    """Match as `match_events`, where the alarm of each fall may be raised within the interval given for it.

    Intervals are served in the order of their ends, each by the earliest alarm that is left: no other way finds more falls.
    """
    left = sorted(events, key=lambda event: event.raised_s)
    alarms: dict[int, Event] = {}
    for k in sorted(range(len(falls)), key=lambda k: intervals[k][1]):
        near = [event for event in left if _within(event, intervals[k])]
        if near:
            alarms[k] = near[0]
            left.remove(near[0])
    redundant: dict[int, list[Event]] = {}
    false = []
    for event in left:
        owner = next((k for k in alarms if _within(event, intervals[k])), None)
        if owner is None:
            false.append(event)
        else:
            redundant.setdefault(owner, []).append(event)
    found = (FallMatch(fall, alarms.get(k), tuple(redundant.get(k, ()))) for k, fall in enumerate(falls))
    return Matches(tuple(found), tuple(false))


def _within(event: Event, interval: Interval) -> bool:
    return interval[0] <= event.raised_s <= interval[1]


def impact_of(fall: FallTimes) -> float:
    """Return the time of the impact, s; the annotated end stands for it where it is not known."""
    impact = fall.impact if fall.impact is not None else fall.end
    assert impact is not None
    return impact


def has_times(fall: FallTimes | None) -> bool:
    """Return whether a fall's interval is annotated (a recording without a fall needs none)."""
    return fall is None or fall.impact is not None or fall.end is not None
