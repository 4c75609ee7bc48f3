"""Bundles of sensors, evaluated on long streams that are joined from a dataset's recordings: live, and as files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from featherfall.clips.mapping import Choice
from featherfall.core.day import Day, DayActivity
from featherfall.core.errors import UserError
from featherfall.core.recording import Recording
from featherfall.core.window import Window
from featherfall.datasets import Dataset
from featherfall.evaluation.day import DayResult, Moment, activity_at, match_day
from featherfall.evaluation.events import USUAL, Tolerance, has_times
from featherfall.evaluation.intervals import Share, rate_to_json
from featherfall.evaluation.joined import Pieces, deal_days, gap_between, join_day
from featherfall.evaluation.metrics import event_metrics, ratio
from featherfall.evaluation.of_windows import WindowEvaluator
from featherfall.runtime import Bundle
from featherfall.runtime.decide.events import Event
from featherfall.runtime.live import LiveWindows
from featherfall.runtime.sources.source import Recorded, gives
from featherfall.runtime.sources.stream import SampleStream

SAME_S = 0.1  # two alarms whose impacts are nearer are the same; windows of live samples are cut some samples earlier or later
WHOLE = 0.95  # of a window: of others a part was never recorded, and held values look as if somebody lay still
RATES_APART = 1.25  # ratio of rates from which on recordings can be told apart by theirs


@dataclass(frozen=True)
class JudgedDay:
    """A day with the alarms that were raised as its samples came, and those of `predict` on the whole of it."""

    day: Day
    live: DayResult
    whole: DayResult
    differing: tuple[str, ...]


@dataclass
class _Heard:
    """Alarms of all days."""

    days: list[JudgedDay] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


class StreamEvaluator(WindowEvaluator):
    """Joins the recordings to days (see `evaluation.joined`) and judges these as a device does, packet by packet."""

    def __init__(self, bundle: Bundle, choice: Choice | None = None, tolerance: Tolerance = USUAL, seed: int = 0) -> None:
        """Arguments:
            seed: of the order in which recordings follow each other.

        Raises: `UserError` for a bundle that takes no live samples, or does not look for falls.
        """
        super().__init__(bundle, choice, tolerance)
        manifest = bundle.manifest
        if gives(manifest) != "samples" or manifest.positive is None or manifest.task != "fall":
            raise UserError(f"--as-stream: bundle {manifest.name!r} does not look for falls in samples of worn sensors; leave it out")
        SampleStream(manifest)  # refuses windows that need a recording's end
        self._seed, self._pieces = seed, Pieces(manifest.inputs[0].name)

    def prepare(self, dataset: Dataset) -> Dataset:
        """As `WindowEvaluator.prepare`."""
        self._name = dataset.name
        return super().prepare(dataset)

    def add(self, recording: Recording) -> list[str]:
        """Keep a recording; it is judged within its day."""
        fitted = self.fitted(recording)
        self._noted.add(fitted)
        self._pieces.add(fitted)
        return []

    def noted(self) -> list[str]:
        """As `Evaluator.noted`; also where falls and daily life were recorded at rates that tell them apart."""
        reference = self._bundle.manifest.inputs[0].name
        rates: dict[bool, list[float]] = {True: [], False: []}
        for piece in self._pieces.list:
            rates[piece.recording.fall is not None].append(piece.recording.streams[reference].rate)
        fall, daily = (float(np.median(some)) if some else 0.0 for some in (rates[True], rates[False]))
        lines = super().noted()
        if fall and daily and not 1 / RATES_APART < fall / daily < RATES_APART:
            lines.append(f"falls were recorded at {fall:.3g} Hz, daily life at {daily:.3g} Hz: a model may tell them apart by that")
        return lines

    def result(self) -> dict[str, Any]:
        """As `Evaluator.result`, with "shares", "rates", "alarms" (a row each), "missed" falls, and "agreement" of both ways."""
        manifest, heard = self._bundle.manifest, _Heard()
        reference = manifest.inputs[0].name
        gap = gap_between(manifest.window.seconds, manifest.decision.merge_s, self._tolerance.after_impact_s)
        for number, pieces in enumerate(deal_days(self._pieces.list, self._seed), start=1):
            recordings = [self._pieces.load(piece) for piece in pieces]
            judged = judge_day(self._bundle, join_day(recordings, number, manifest.window.rate, gap, reference), self._tolerance)
            heard.days.append(judged)
            heard.rows += alarm_rows(judged, number, reference, manifest.window)
        return {**_summary(heard), "inputs": self._taken(), "tolerance": vars(self._tolerance)}


def judge_day(bundle: Bundle, day: Day, tolerance: Tolerance = USUAL) -> JudgedDay:
    """Judge a day twice: its samples as they would come from a device, a packet a second, and the whole as `predict` does.

    Alarms for which the day would have to go on (their windows end after its last sample) are not counted: no device could know of them.
    """
    live = live_events(bundle, day.recording)
    last = max(float(stream.times[-1]) for stream in day.recording.streams.values())
    whole = [event for event in bundle.predict(day.recording, placement_ok=True).events if event.raised_s <= last]
    return JudgedDay(day, match_day(day, live, tolerance), match_day(day, whole, tolerance), _differing(day, live, whole))


def live_events(bundle: Bundle, recording: Recording) -> list[Event]:
    """Return the events of a recording as a device raises them: each as its first window that counts is complete."""
    windows = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
    return [event for packet in Recorded(recording.trial, recording).samples() for event in windows.new_events(packet)]


def _differing(day: Day, live: Sequence[Event], whole: Sequence[Event]) -> tuple[str, ...]:
    """Return a line for each alarm that only one of both ways raises."""
    lines = []
    for way, mine, others in (("live", live, whole), ("on the file", whole, live)):
        times = np.sort([event.start_s for event in others])
        for event in mine:
            at = np.searchsorted(times, event.start_s)
            if not any(abs(time - event.start_s) <= SAME_S for time in times[max(at - 1, 0) : at + 1]):
                doing = activity_at(day.activities, event.start_s)
                where = "" if doing is None else f" ({doing.recording})"
                lines.append(f"day {day.recording.trial}: only {way} there is an alarm at {event.start_s:.1f} s{where}")
    return tuple(lines)


def alarm_rows(judged: JudgedDay, number: int, reference: str, window: Window) -> list[dict[str, Any]]:
    """Return a row for each alarm of a day that was raised live, in order of time.

    Keys: "day", "time_s" (of the day, when it was raised), "kind" ("fall", "redundant", "false"), "activity", "subject", "recording",
    "at_s" (the impact, s from the recording's begin), "probability", "delay_s" (of a fall whose time is known), "peak" (highest magnitude
    within a second of the impact, in the input's unit), "recorded" (share of the window that lies within the recording, 0..1).
    """
    stream = judged.day.recording.streams[reference]

    def row(kind: str, event: Event, during: DayActivity | None, delay: float | None) -> dict[str, Any]:
        near = slice(*np.searchsorted(stream.times, [event.peak_s - 1, event.peak_s + 1]))
        size = np.linalg.norm(stream.values[near], axis=1)
        return {
            "day": number,
            "time_s": round(event.raised_s, 2),
            "kind": kind,
            "activity": "" if during is None else during.activity,
            "subject": "" if during is None else during.subject,
            "recording": "" if during is None else during.recording,
            "at_s": None if during is None else round(event.peak_s - during.start, 2),
            "probability": round(event.confidence, 4),
            "delay_s": None if delay is None else round(delay, 2),
            "peak": round(float(size.max(initial=0.0)), 2),
            "recorded": None if during is None else round(recorded_share(window, event.peak_s, during.start, during.end), 3),
        }

    rows = [row("false", one.event, one.during, None) for one in judged.live.false_alarms if one.event is not None]
    for one in judged.live.falls:
        if one.event is not None and one.match is not None:
            rows.append(row("fall", one.event, one.during, one.delay_s))
            rows += [row("redundant", event, one.during, None) for event in one.match.redundant]
    return sorted(rows, key=lambda one: one["time_s"])


def recorded_share(window: Window, peak_s: float, start: float, end: float) -> float:
    """Return the share of a window that lies within a recording, 0..1; beyond its ends, the first and last samples are held.

    Arguments:
        peak_s: the window's centre. start, end: of the recording, on the same clock.
    """
    before = window.before if window.kind == "impact" else window.length // 2
    first = peak_s - before / window.rate
    last = first + (window.length - 1) / window.rate
    inside = min(last, end) - max(first, start)
    return float(np.clip(inside / (last - first), 0.0, 1.0))


def _summary(heard: _Heard) -> dict[str, Any]:
    live = [one.live for one in heard.days]
    falls = [fall for one in live for fall in one.falls]
    false = [alarm for one in live for alarm in one.false_alarms]
    hours, found = sum(one.hours for one in live), sum(one.detected for one in live)
    told = all(has_times(fall.match.fall) for fall in falls if fall.match)
    metrics = event_metrics([one.matches for one in live])
    metrics["false_alarms_per_hour"] = ratio(len(false), hours)
    metrics["false_alarms_per_day"] = ratio(24 * len(false), hours)
    counts = {
        "days": len(live),
        "recordings": sum(one.activities for one in live),
        "falls": len(falls),
        "missed": len(falls) - found,
        "false_events": len(false),
        "false_at_ends": sum(row["kind"] == "false" and (row["recorded"] or 1.0) < WHOLE for row in heard.rows),
        "redundant_alarms": sum(one.matches.redundant for one in live),
        "hours": hours,
        "false_alarms_by_activity": _count(false, "activity"),
        "false_alarms_by_subject": _count(false, "subject"),
        "missed_by_activity": _count([fall for fall in falls if fall.event is None], "activity"),
    }
    whole = [one.whole for one in heard.days]
    agreement = {
        "live": {"falls_found": found, "false_alarms": len(false)},
        "file": {"falls_found": sum(one.detected for one in whole), "false_alarms": sum(len(one.false_alarms) for one in whole)},
        "differing": [line for one in heard.days for line in one.differing],
    }
    shares = {"event_sensitivity": Share(found, len(falls)), "event_precision": Share(found, found + len(false))}
    rates = {}
    if hours:
        hourly = rate_to_json(len(false), hours)
        daily = hourly | {"ci95": [24 * end for end in hourly["ci95"]]}
        rates = {"false_alarms_per_hour": hourly, "false_alarms_per_day": daily}
    return {
        "metrics": metrics,
        "counts": counts | ({} if told else {"falls_of_unknown_time": sum(not has_times(f.match.fall) for f in falls if f.match)}),
        "shares": {name: share.to_json() for name, share in shares.items()},
        "rates": rates,
        "alarms": heard.rows,
        "agreement": agreement,
    }


def _count(moments: Sequence[Moment], what: str) -> Mapping[str, int]:
    return dict(Counter(str(getattr(one.during, what, "rest")) for one in moments).most_common())
