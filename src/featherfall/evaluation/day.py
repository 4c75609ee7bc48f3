"""Alarms of a whole day against its falls, and the day as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.evaluation.events import AFTER_IMPACT_S, BEFORE_ONSET_S
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction

ActivitySpan = tuple[str, float, float, FallTimes | None]  # activity, its start and end in s of the day, its fall


@dataclass(frozen=True)
class Moment:
    """A fall or an alarm: when (s of the day), what the person did, and the fall's alarm or the alarm's confidence."""

    time: float
    activity: str
    event: Event | None

    @property
    def delay_s(self) -> float | None:
        """Seconds from the impact to the alarm."""
        return None if self.event is None else self.event.raised_s - self.time


@dataclass(frozen=True)
class DayResult:
    """A day: hours, number of activities, falls (each with its alarm, or None), and alarms without a fall."""

    hours: float
    activities: int
    falls: tuple[Moment, ...]
    false_alarms: tuple[Moment, ...]

    @property
    def detected(self) -> int:
        """Number of falls that raised an alarm."""
        return sum(fall.event is not None for fall in self.falls)


def match_day(recording: Recording, spans: Sequence[ActivitySpan], prediction: Prediction) -> DayResult:
    """Match alarms to falls, each at most once, as `events.match_events` does for one recording."""
    left = list(prediction.events)
    falls = []
    for activity, _, _, fall in spans:
        if fall is None:
            continue
        assert fall.onset is not None and fall.impact is not None
        near = [event for event in left if fall.onset - BEFORE_ONSET_S <= event.raised_s <= fall.impact + AFTER_IMPACT_S]
        if near:
            left.remove(near[0])
        falls.append(Moment(fall.impact, activity, near[0] if near else None))
    wrong = [Moment(event.raised_s, _doing(spans, event.start_s), event) for event in left]
    return DayResult(recording.duration / 3600, len(spans), tuple(falls), tuple(wrong))


def _doing(spans: Sequence[ActivitySpan], time: float) -> str:
    return next((activity for activity, start, end, _ in spans if start <= time <= end), "rest")


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
