"""Alarms of a whole day against its falls, and the day as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.day import Day, DayActivity
from featherfall.core.recording import FallTimes, Stream
from featherfall.evaluation.events import USUAL, FallMatch, Interval, Matches, Tolerance, has_times, impact_of, match_intervals
from featherfall.runtime.decide.events import Event


@dataclass(frozen=True)
class Moment:
    """A fall or an alarm: when (s of the day), what the person did, and the fall's alarm or the alarm's confidence.

    during: the activity; None for an alarm at rest. match: of a fall.
    """

    time: float
    activity: str
    event: Event | None
    during: DayActivity | None = None
    match: FallMatch | None = None

    @property
    def delay_s(self) -> float | None:
        """Seconds from the impact to the alarm."""
        return None if self.match is None else self.match.delay_s


@dataclass(frozen=True)
class DayResult:
    """A day: hours, number of activities, falls (each with its alarm, or None), and alarms without a fall.

    hours: recorded, without those of falls of unknown times, in which no alarm can be false.
    """

    hours: float
    activities: int
    falls: tuple[Moment, ...]
    false_alarms: tuple[Moment, ...]
    matches: Matches

    @property
    def detected(self) -> int:
        """Number of falls that raised an alarm."""
        return sum(fall.event is not None for fall in self.falls)


def match_day(day: Day, events: Sequence[Event], tolerance: Tolerance = USUAL) -> DayResult:
    """Match a day's alarms to its falls, see `events.match_events`.

    The alarm of a fall of unknown times may be raised from its recording's begin to the next one's.
    """
    fell = [one for one in day.activities if one.fall is not None]
    falls = [one.fall or FallTimes() for one in fell]
    matches = match_intervals(events, falls, [_interval(day, one, tolerance) for one in fell])
    moments = []
    for one, match in zip(fell, matches.falls, strict=True):
        time = impact_of(match.fall) if has_times(match.fall) else one.start
        moments.append(Moment(time, one.activity, match.alarm, one, match))
    wrong = []
    for event in matches.false_alarms:
        doing = activity_at(day.activities, event.start_s)
        wrong.append(Moment(event.raised_s, "rest" if doing is None else doing.activity, event, doing))
    untold = sum(one.end - one.start for one in fell if not has_times(one.fall))
    return DayResult(day.hours - untold / 3600, len(day.activities), tuple(moments), tuple(wrong), matches)


def _interval(day: Day, activity: DayActivity, tolerance: Tolerance) -> Interval:
    if activity.fall is not None and has_times(activity.fall):
        return tolerance.interval(activity.fall)
    return activity.start, min((one.start for one in day.activities if one.start > activity.start), default=np.inf)


def activity_at(activities: Sequence[DayActivity], time: float) -> DayActivity | None:
    """Return what was done at a time of the day, s; None at rest."""
    return next((one for one in activities if one.start <= time <= one.end), None)


def time_of_day(seconds: float, start_hour: int = 8) -> str:
    """Return seconds of a day that starts at `start_hour` as "09:12:40"."""
    whole = round(seconds) + start_hour * 3600
    return f"{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def draw_day(stream: Stream, result: DayResult) -> bytes:
    """Return a PNG: the largest acceleration of every minute, falls, alarms."""
    from matplotlib.figure import Figure

    size = np.linalg.norm(stream.values, axis=1)
    block = (stream.times // 60).astype(np.int64)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    hours = 8 + (block[starts] + 0.5) / 60
    figure = Figure(figsize=(11, 3.2), layout="constrained", dpi=110)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.bar(hours, np.maximum.reduceat(size, starts) - 1, 1 / 60, bottom=1, color="#7f97b0", label="largest acceleration of a minute")
    top = float(size.max()) * 1.08
    met = [fall for fall in result.falls if fall.event]
    missed = [fall for fall in result.falls if not fall.event]
    for moments, colour, mark, label in (
        (met, "#2a8f4f", "v", "fall, alarm raised"),
        (missed, "#c0392b", "X", "fall missed"),
        (result.false_alarms, "#e08a1e", "o", "false alarm"),
    ):
        if moments:
            at = [8 + moment.time / 3600 for moment in moments]
            axes.vlines(at, 1, top, color=colour, linewidth=1)
            axes.plot(at, [top] * len(at), mark, color=colour, markersize=9, label=f"{label} ({len(at)})")
    axes.set_ylim(0.8, top * 1.06)
    axes.set_xlim(8, 8 + result.hours)
    axes.set_xticks(range(8, round(8 + result.hours) + 1), [f"{hour % 24:02}:00" for hour in range(8, round(8 + result.hours) + 1)])
    axes.set_ylabel("g")
    axes.set_title(f"A simulated day of {result.hours:.0f} hours, {result.activities} activities", loc="left", fontsize=11)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
