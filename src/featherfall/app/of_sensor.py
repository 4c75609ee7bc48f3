"""What a watch's or a phone's motion shows: a CSV and a bundle for worn sensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.app.analysis import Analysis, Curve, Finding, Progress, clock, percent
from featherfall.app.models import Model
from featherfall.core.recording import Recording
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction
from featherfall.runtime.sources.csv import CsvOptions, read_table


def of_sensor(path: Path, name: str, model: Model, table: CsvOptions, progress: Progress) -> Analysis:
    """Look for falls in a CSV. name: the file's, as its owner knows it. Raises: `UserError`."""
    progress.at(0.1, "reading")
    recording = read_table(path, model.manifest.inputs, table)
    progress.at(0.4, "looking for falls")
    return show_recording(recording, name, model)


def show_recording(recording: Recording, name: str, model: Model) -> Analysis:
    """Look for falls in streams that are read already."""
    prediction = model.bundle.predict(recording)
    notes = [f"{prediction.skipped} windows hold too little signal and were not judged."] if prediction.skipped else []
    if not len(prediction.usable):
        notes.append("No impact in it: nothing was felt that is strong enough to be a fall.")
    stream = next(iter(recording.streams.values()))
    activities = model.manifest.positive is None
    return Analysis(
        model=model.name,
        file=name,
        seconds=recording.duration,
        threshold=None if activities else model.manifest.decision.threshold,
        curves=curves(prediction),
        decide=(lambda threshold: _stretches(prediction)) if activities else (lambda threshold: falls(prediction, threshold)),
        signal=np.stack([stream.times, np.linalg.norm(stream.values, axis=1)], axis=1),
        signal_unit=model.manifest.inputs[0].unit,
        notes=tuple(notes),
        label=prediction.label or "",
    )


def falls(prediction: Prediction, threshold: float) -> tuple[Finding, ...]:
    """The falls at a threshold, decided again from the same probabilities."""
    return tuple(fall_of(one) for one in prediction.events_at(threshold))


def curves(prediction: Prediction) -> tuple[Curve, ...]:
    """The probability of a fall over time; none of a bundle that names activities only."""
    if prediction.positive is None:
        return ()
    centre_s, _, probability = prediction.curve().T
    return (Curve("probability of a fall", 0, centre_s, probability),)


def fall_of(event: Event) -> Finding:
    """A detected fall in plain words."""
    text = f"Possible fall at {clock(event.start_s)}, {percent(event.confidence)} sure"
    facts = {key: value for key, value in event.to_json().items() if key != "state"}
    return Finding("possible fall", max(event.start_s, 0.0), text, event.confidence, facts, mark_s=event.start_s)


def _stretches(prediction: Prediction) -> tuple[Finding, ...]:
    """Neighbouring windows of one label, of bundles that name activities."""
    out: list[Finding] = []
    for one in prediction.stretches():
        if one.label is not None:
            facts = {
                "start_s": round(one.start_s, 3),
                "end_s": round(one.end_s, 3),
                "label": one.label,
                "confidence": round(one.confidence, 4),
            }
            text = f"{clock(one.start_s)} to {clock(one.end_s)}: {one.label}, {percent(one.confidence)} sure"
            out.append(Finding("activity", one.start_s, text, one.confidence, facts))
    return tuple(out)
