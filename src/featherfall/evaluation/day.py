"""A whole day judged: which falls an alarm met, which alarms met none, and the day as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.evaluation.events import AFTER_IMPACT_S, BEFORE_ONSET_S
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction

Happening = tuple[str, float, float, FallTimes | None]  # activity, its start and end in s of the day, its fall


@dataclass(frozen=True)
class Moment:
    """A fall or an alarm: when (s of the day), what the person did, and the fall's alarm or the alarm's confidence."""

    time: float
    activity: str
    event: Event | None

    @property
    def delay_s(self) -> float | None:
        """From the impact to the alarm."""
        return None if self.event is None else self.event.raised_s - self.time


@dataclass(frozen=True)
class Judged:
    """A day: its hours, how many activities, its falls (with the alarm that met each, or None), and alarms that met no fall."""

    hours: float
    activities: int
    falls: tuple[Moment, ...]
    false_alarms: tuple[Moment, ...]

    @property
    def detected(self) -> int:
        """Falls that raised an alarm."""
        return sum(fall.event is not None for fall in self.falls)


def judge_day(recording: Recording, happenings: Sequence[Happening], prediction: Prediction) -> Judged:
    """Match alarms to falls, each at most once, as `events.match` does for one recording."""
    left = list(prediction.events)
    falls = []
    for activity, _, _, fall in happenings:
        if fall is None:
            continue
        assert fall.onset is not None and fall.impact is not None
        near = [event for event in left if fall.onset - BEFORE_ONSET_S <= event.raised_s <= fall.impact + AFTER_IMPACT_S]
        if near:
            left.remove(near[0])
        falls.append(Moment(fall.impact, activity, near[0] if near else None))
    wrong = [Moment(event.raised_s, _doing(happenings, event.start_s), event) for event in left]
    return Judged(recording.duration / 3600, len(happenings), tuple(falls), tuple(wrong))


def _doing(happenings: Sequence[Happening], time: float) -> str:
    return next((activity for activity, start, end, _ in happenings if start <= time <= end), "rest")


def clock(seconds: float, start_hour: int = 8) -> str:
    """Seconds of a day that starts at `start_hour` as "09:12:40"."""
    whole = round(seconds) + start_hour * 3600
    return f"{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def draw_day(stream: Stream, judged: Judged) -> bytes:
    """PNG: the largest acceleration of every minute, falls, alarms."""
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
    met = [fall for fall in judged.falls if fall.event]
    missed = [fall for fall in judged.falls if not fall.event]
    for moments, colour, mark, label in (
        (met, "#2a8f4f", "v", "fall, alarm raised"),
        (missed, "#c0392b", "X", "fall missed"),
        (judged.false_alarms, "#e08a1e", "o", "false alarm"),
    ):
        if moments:
            at = [8 + moment.time / 3600 for moment in moments]
            axes.vlines(at, 1, top, color=colour, linewidth=1)
            axes.plot(at, [top] * len(at), mark, color=colour, markersize=9, label=f"{label} ({len(at)})")
    axes.set_ylim(0.8, top * 1.06)
    axes.set_xlim(8, 8 + judged.hours)
    axes.set_xticks(range(8, round(8 + judged.hours) + 1), [f"{hour % 24:02}:00" for hour in range(8, round(8 + judged.hours) + 1)])
    axes.set_ylabel("g")
    axes.set_title(f"A simulated day of {judged.hours:.0f} hours, {judged.activities} activities", loc="left", fontsize=11)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
