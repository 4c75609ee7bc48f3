"""The result of analysing one file with one model, as the page shows it: the same for recordings, films and pictures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

_MAX_POINTS = 1500  # of a curve: as many as a wide screen has pixels

Draw = Callable[[Path, float, bool, "TaskProgress"], Path]


class Cancelled(Exception):
    """The user has cancelled the work."""


@dataclass(eq=False)
class TaskProgress:
    """Progress of a long task, and its cancellation.

    Attributes:
        on_report: called with the share that is done (0..1) and what is being done.
        stopped: set from outside; the task ends at its next report with `Cancelled`.
    """

    on_report: Callable[[float, str], object] = field(default=lambda share, what: None)
    stopped: bool = False

    def report(self, share: float, what: str) -> None:
        """Report a share; raises `Cancelled` where the task was stopped."""
        if self.stopped:
            raise Cancelled
        self.on_report(min(max(share, 0.0), 1.0), what)


@dataclass(frozen=True, eq=False)
class Curve:
    """Probabilities of one person, or of one sensor, over time. track: the person's number; times: (K,) s; values: (K,) 0..1."""

    name: str
    track: int
    times: np.ndarray
    values: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Return plain values, downsampled so that no peak is lost."""
        times, values = downsample_peaks(self.times, self.values)
        return {"name": self.name, "track": self.track, "t": np.round(times, 3).tolist(), "p": np.round(values, 4).tolist()}


@dataclass(frozen=True)
class Finding:
    """A fall, or a stretch of an activity.

    Attributes:
        time_s: where playback starts, s.
        text: one line for the user.
        confidence: probability, 0..1.
        facts: values of the saved files.
        track: the person's number; -1 without people.
        mark_s: where the curve first reaches the threshold, s.
    """

    kind: Literal["possible fall", "activity"]
    time_s: float
    text: str
    confidence: float
    facts: dict[str, Any]
    track: int = -1
    mark_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class Media:
    """Files of this session for the browser.

    Attributes:
        film, picture: an mp4, a JPEG.
        poses: JSON of keypoints or boxes by time, which the page draws over the film.
    """

    film: Path | None = None
    picture: Path | None = None
    poses: Path | None = None


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result of one file and one model.

    Attributes:
        model: the model's name. file: the user's name of the file.
        seconds: duration, s; 0 for a picture.
        threshold: the bundle's own; None where no threshold decides.
        curves: the probability of a fall over time.
        decide: returns the findings at a threshold, without running a model.
        signal: (K, 2) time in s and magnitude of the sensor's signal in `signal_unit`; None for films.
        draw: writes the annotated film or picture to a path, at a threshold, private or not.
        notes: lines for the reader.
        label: class of the whole picture, film or recording, where there is one; "unknown" where it could not be judged.
        judged: whether it could be judged; where not, `notes` say why.
        seen: what is there to see, where that is all that a model shows of such a file.
        line: the plot's dashed line, where `threshold` is not of the curve.
    """

    model: str
    file: str
    seconds: float
    threshold: float | None
    curves: tuple[Curve, ...]
    decide: Callable[[float], tuple[Finding, ...]]
    media: Media = Media()
    signal: np.ndarray | None = None
    signal_unit: str = ""
    draw: Draw | None = None
    notes: tuple[str, ...] = ()
    label: str = ""
    line: float | None = None
    judged: bool = True
    seen: str = ""

    def timeline(self, panel: str, threshold: float | None, alarms: str = "") -> dict[str, Any]:
        """Return plain values for the page's timeline. alarms: the false alarms a day, which are shown beside each fall's confidence."""
        found = self.decide(0.0 if threshold is None else threshold)
        signal = None
        if self.signal is not None and len(self.signal):
            times, values = downsample_peaks(self.signal[:, 0], self.signal[:, 1])
            signal = {"unit": self.signal_unit, "t": np.round(times, 3).tolist(), "v": np.round(values, 3).tolist()}
        return {
            "panel": panel,
            "seconds": round(self.seconds, 3),
            "threshold": threshold if self.line is None else self.line,
            "curves": [curve.to_json() for curve in self.curves],
            "signal": signal,
            "events": [one.to_json() for one in found],
            "alarms": alarms,
        }

    def headline(self, found: Sequence[Finding]) -> str:
        """Return the answer in one line."""
        falls = [one for one in found if one.kind == "possible fall"]
        if not falls and not self.judged:
            return self.seen or "Unknown: this could not be judged"
        if self.threshold is None:
            return f"Looks like: {self.label}" if self.label else "No result"
        if not falls:
            return "No fall found"
        return "One possible fall" if len(falls) == 1 else f"{len(falls)} possible falls"

    def to_json(self, threshold: float) -> str:
        """Return the events as a JSON document."""
        events = [one.facts for one in self.decide(threshold)]
        document = {
            "file": self.file,
            "model": self.model,
            "threshold": threshold,
            "seconds": round(self.seconds, 3),
            "label": self.label,
            "notes": list(self.notes),
            "events": events,
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    def to_csv(self, threshold: float) -> str:
        """Return the events as CSV."""
        rows = [one.facts for one in self.decide(threshold)]
        text = io.StringIO()
        names = list(dict.fromkeys(name for row in rows for name in row)) or ["start_s", "peak_s", "confidence"]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()


def downsample_peaks(times: np.ndarray, values: np.ndarray, points: int = _MAX_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `points` of a curve: the highest value of each of `points` equal parts, and its time."""
    if len(times) <= points:
        return times, values
    parts = np.array_split(np.arange(len(times)), points)
    chosen = np.array([part[np.nanargmax(values[part])] if np.isfinite(values[part]).any() else part[0] for part in parts])
    return times[chosen], values[chosen]


def short_clock(seconds: float) -> str:
    """Format seconds, without hours where there are none: 63.44 -> "1:03.4"."""
    tenths = round(max(float(seconds), 0.0) * 10)
    hours, minutes, rest = tenths // 36_000, tenths // 600 % 60, tenths % 600
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 10:02d}.{rest % 10}"


def percent(probability: float) -> str:
    """Format a probability: .973 -> "97%"; below 1 at most "99%"."""
    return f"{min(round(100 * probability), 99) if probability < 1 else 100}%"
