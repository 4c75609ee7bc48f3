"""What a watch's or a phone's motion shows: a CSV and a bundle that eats such streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.app.models import Model
from featherfall.app.shown import Curve, Happening, Progress, Shown, clock, percent
from featherfall.core.recording import Recording
from featherfall.runtime.decide.events import Event, events
from featherfall.runtime.prediction import Prediction
from featherfall.runtime.sources.csv import read_csv


@dataclass(frozen=True)
class Table:
    """How to read a CSV whose columns do not tell; see `runtime.read_csv`. Empty: found by name."""

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    time_unit: Any = None
    rate: float | None = None


def of_sensor(path: Path, name: str, model: Model, table: Table, progress: Progress) -> Shown:
    """Judge a CSV. name: the file's, as its owner knows it. Raises: `UserError`."""
    progress.at(0.1, "reading")
    recording = read_csv(
        path,
        model.manifest.inputs,
        units=table.units,
        columns=table.columns,
        time=table.time,
        time_unit=table.time_unit,
        rate=table.rate,
    )
    progress.at(0.4, "looking for falls")
    return show_recording(recording, name, model)


def show_recording(recording: Recording, name: str, model: Model) -> Shown:
    """Judge streams that are read already."""
    said = model.bundle.predict(recording)
    notes = [f"{said.skipped} windows hold too little signal and were not judged."] if said.skipped else []
    if not len(said.judged):
        notes.append("No impact in it: nothing was felt that is strong enough to be a fall.")
    times, size = _size(recording)
    positive = model.manifest.positive
    return Shown(
        model=model.name,
        file=name,
        seconds=recording.duration,
        threshold=None if positive is None else model.manifest.decision.threshold,
        curves=() if positive is None else (_curve(said, positive),),
        decide=(lambda threshold: _stretches(said)) if positive is None else (lambda threshold: decided(said, model, threshold)),
        signal=np.stack([times, size], axis=1),
        signal_unit=model.manifest.inputs[0].unit,
        notes=tuple(notes),
        said=said.label or "",
    )


def decided(said: Prediction, model: Model, threshold: float) -> tuple[Happening, ...]:
    """The falls at a threshold, by the rule of the runtime."""
    column = said.probabilities[said.judged, said.labels.index(str(model.manifest.positive))]
    decision = model.manifest.decision.model_copy(update={"threshold": threshold})
    return tuple(fall_of(one) for one in events(said.centre_s[said.judged], said.end_s[said.judged], column, decision))


def fall_of(event: Event) -> Happening:
    """A detected fall in plain words."""
    text = f"Possible fall at {clock(event.start_s)}, {percent(event.confidence)} sure"
    facts = {key: value for key, value in event.to_json().items() if key != "state"}
    return Happening("possible fall", max(event.start_s, 0.0), text, event.confidence, facts, mark_s=event.start_s)


def _curve(said: Prediction, positive: str) -> Curve:
    values = said.probabilities[said.judged, said.labels.index(positive)].astype(np.float64)
    return Curve("probability of a fall", 0, said.centre_s[said.judged], values)


def _size(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """(N,) s and magnitude of the first stream."""
    stream = next(iter(recording.streams.values()))
    return stream.times, np.linalg.norm(stream.values, axis=1)


def _stretches(said: Prediction) -> tuple[Happening, ...]:
    """Neighbouring windows of one label, of bundles that name activities."""
    labels = said.window_labels
    out: list[Happening] = []
    first = 0
    for k in range(1, len(labels) + 1):
        if k < len(labels) and labels[k] == labels[first]:
            continue
        label = labels[first]
        if label is not None:
            start, end = max(float(said.start_s[first]), 0.0), float(said.end_s[k - 1])
            confidence = float(said.probabilities[first:k].max(axis=1).mean())
            facts = {"start_s": round(start, 3), "end_s": round(end, 3), "label": label, "confidence": round(confidence, 4)}
            text = f"{clock(start)} to {clock(end)}: {label}, {percent(confidence)} sure"
            out.append(Happening("activity", start, text, confidence, facts))
        first = k
    return tuple(out)
