"""The result of a model on one recording, film or picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featherfall.api.extras import axes, data_frame
from featherfall.core.manifest import Manifest
from featherfall.runtime.decide.events import Event
from featherfall.runtime.observation import AnalysisResult, Fall
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import picture_verdict
from featherfall.runtime.prediction import Prediction
from featherfall.runtime.verdict import Verdict

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

MOST_LINES = 6  # classes in one plot; more colours cannot be told apart


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What a model found.

    Attributes:
        label: of the whole; "unknown" where it could not be judged, or a detector finds nobody in a picture.
        events: detected falls in order of time, each with `start_s`, `peak_s`, `raised_s` (s) and `confidence` (0..1); those of cameras
            also with `track`, `still_down_s`, `up_s`, `sign_s` and `kind`.
        labels: names of the columns of `probabilities`.
        probabilities: (K, classes) float32, 0..1, one row for each window; of a camera each person's windows, of a detector's picture each
            person.
        columns: what else is known of each row, (K,) by name: times in s, person, box, ...
        problems: what of a film could not be read, one line each.
        manifest: of the bundle.
        raw: as the runtime gave it.
    """

    label: str
    events: Sequence[Event | Fall]
    labels: tuple[str, ...]
    probabilities: np.ndarray
    columns: Mapping[str, np.ndarray]
    manifest: Manifest
    raw: Prediction | AnalysisResult | tuple[Found, ...]
    problems: tuple[str, ...] = ()
    picture: Path | None = None

    @property
    def _verdict(self) -> Verdict:
        return picture_verdict(self.raw, str(self.manifest.positive)) if isinstance(self.raw, tuple) else self.raw.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the label is unknown, what share was not judged, and what else limits the result; one line each."""
        return self._verdict.reasons

    def to_frame(self) -> pandas.DataFrame:
        """Return a DataFrame with one row for each window (or person in a picture) and a column for each class; needs pandas."""
        return data_frame(dict(self.columns) | dict(zip(self.labels, self.probabilities.T, strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dump`, as `featherfall predict --json` prints of a file."""
        if isinstance(self.raw, tuple):
            return {"found": [one.to_json() for one in self.raw], **self._verdict.to_json()}
        return self.raw.to_json()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw probabilities over time with threshold and events; of a picture its boxes, or its classes. Needs matplotlib.

        Arguments:
            ax: axes to draw into; None makes a figure.
        Returns: the axes.
        """
        if isinstance(self.raw, tuple):
            return _draw_boxes(axes(ax, 5.0, 4.0), self)
        if self.picture is not None and len(self.probabilities) == 1:
            return _draw_classes(axes(ax, 5.0, 2.0), self)
        return _draw_times(axes(ax), self)

    def __repr__(self) -> str:
        return f"<Result {self.label!r}: {self._summary()}{''.join(f'; {reason}' for reason in self.reasons)}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: label, summary, events."""
        rows = "".join(
            f"<tr><td>{event.start_s:.2f}</td><td>{event.peak_s:.2f}</td><td>{event.raised_s:.2f}</td><td>{event.confidence:.3f}</td></tr>"
            for event in self.events
        )
        head = "<tr><th>start (s)</th><th>peak (s)</th><th>raised (s)</th><th>confidence</th></tr>"
        table = f"<table>{head}{rows}</table>" if rows else ""
        notes = "".join(f"<p>{escape(reason)}</p>" for reason in self.reasons)
        return f"<p><b>{escape(str(self.label))}</b>: {escape(self._summary())}</p>{notes}{table}"

    def _summary(self) -> str:
        what = {"detector": "people", "picture": "pictures"}.get(self.manifest.kind, "windows")
        unit = "windows" if isinstance(self.raw, AnalysisResult) else what
        events = f"{len(self.events)} event(s), " if self.manifest.positive is not None and not isinstance(self.raw, tuple) else ""
        problems = f", {len(self.problems)} problem(s)" if self.problems else ""
        return f"{events}{len(self.probabilities)} {unit} by {self.manifest.name!r}{problems}"


def result_of_windows(manifest: Manifest, prediction: Prediction, picture: Path | None = None) -> Result:
    """Return the result of a bundle's windows. picture: the file, where it is one picture."""
    columns = {
        "start_s": prediction.start_s,
        "end_s": prediction.end_s,
        "centre_s": prediction.centre_s,
        "valid": prediction.valid,
        "label": np.array(prediction.window_labels, dtype=object),
    }
    return Result(
        prediction.label, prediction.events, prediction.labels, prediction.probabilities, columns, manifest, prediction, picture=picture
    )


def result_of_film(manifest: Manifest, analysis: AnalysisResult, problems: Sequence[str] = ()) -> Result:
    """Return the result of a camera's bundle or a detector on a film."""
    positive = str(manifest.positive)
    other = next(name for name in manifest.labels if name != positive)
    times, people, falls = analysis.curve.T
    return Result(
        analysis.label,
        analysis.falls,
        (positive, other),
        np.stack([falls, 1 - falls], axis=1).astype(np.float32),
        {"time_s": times, "person": people.astype(np.int64)},
        manifest,
        analysis,
        tuple(problems),
    )


def result_of_picture(manifest: Manifest, people: Sequence[Found], picture: Path) -> Result:
    """Return the result of a detector on one picture."""
    columns: dict[str, np.ndarray] = {"name": np.array([one.name for one in people], dtype=object)}
    boxes = np.array([one.box for one in people], dtype=np.float32).reshape(-1, 4)
    columns |= dict(zip(("left", "top", "right", "bottom"), boxes.T, strict=True))
    scores = np.array([one.scores for one in people], dtype=np.float32).reshape(-1, len(manifest.labels))
    label = picture_verdict(people, str(manifest.positive)).label
    return Result(label, (), tuple(manifest.labels), scores, columns, manifest, tuple(people), picture=picture)


def _draw_times(ax: Axes, result: Result) -> Axes:
    times = result.columns["centre_s" if "centre_s" in result.columns else "time_s"]
    people = result.columns.get("person", np.zeros(len(times), dtype=np.int64))
    positive = result.manifest.positive
    if positive is not None:
        shown = [positive]
        ax.axhline(result.manifest.decision.threshold, color="0.5", linewidth=0.8, linestyle="--", label="threshold")
        ax.set_ylabel(f"probability of {positive}")
    else:
        mean = result.probabilities.mean(axis=0) if len(times) else np.zeros(len(result.labels))
        shown = [result.labels[k] for k in np.argsort(-mean)[:MOST_LINES]]
        ax.set_ylabel("probability")
    # Windows around impacts are moments apart from each other: a line between two would claim what nobody looked at.
    apart = result.manifest.window.kind == "impact"
    for person in np.unique(people):
        mine = people == person
        for name in shown:
            values = result.probabilities[mine, result.labels.index(name)]
            label = f"person {person}" if "person" in result.columns else name
            if apart:
                ax.vlines(times[mine], 0, values, color="C0", linewidth=1)
            ax.plot(times[mine], values, "C0o" if apart else ".-", markersize=4, linewidth=1, label=label)
    for number, event in enumerate(result.events):
        first = number == 0
        ax.axvspan(event.start_s, event.raised_s, color="C3", alpha=0.15, linewidth=0, label="until raised" if first else None)
        ax.plot(event.peak_s, event.confidence, "v", color="C3", markersize=9, label="event" if first else None)
    if len(times):
        columns = result.columns
        ax.set_xlim(float(columns.get("start_s", times).min()), float(columns.get("end_s", times).max()) or None)
    ax.set_ylim(-0.02, 1.05)
    ax.set_xlabel("s")
    ax.set_title(f"{result.manifest.name}: {result.label}", loc="left", fontsize=10)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    return ax


def _draw_classes(ax: Axes, result: Result) -> Axes:
    order = np.argsort(result.probabilities[0])
    ax.barh([result.labels[k] for k in order], result.probabilities[0][order])
    ax.set_xlim(0, 1)
    ax.set_xlabel("probability")
    return ax


def _draw_boxes(ax: Axes, result: Result) -> Axes:
    from matplotlib.patches import Rectangle

    from featherfall.core.recording import Video
    from featherfall.signals.video import read_frames

    image = next(iter(read_frames(Video(result.picture, images=True)))).image if result.picture is not None else np.zeros((1, 1, 3))
    height, width = image.shape[:2]
    ax.imshow(image)
    ax.set_axis_off()
    for one in result.raw if isinstance(result.raw, tuple) else ():
        left, top, right, bottom = np.asarray(one.box) * (width, height, width, height)
        colour = "C3" if one.name == result.manifest.positive else "C2"
        ax.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, color=colour, linewidth=2))
        ax.text(left, top, f"{one.name} {one.score:.2f}", color="white", backgroundcolor=colour, fontsize=8, va="bottom")
    return ax
