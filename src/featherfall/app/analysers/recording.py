"""Analyse a recording of worn sensors: a CSV and a bundle that takes windows of samples."""

from __future__ import annotations

import numpy as np

from featherfall.app.analysers.request import AnalysisRequest
from featherfall.app.analysis import Analysis
from featherfall.app.predictions import activity_findings, fall_findings, prediction_curves
from featherfall.runtime.sources.csv import read_file


def analyse_recording(request: AnalysisRequest) -> Analysis:
    """Find falls, or activities, in a CSV. Raises: `UserError`."""
    manifest = request.model.manifest
    request.progress.report(0.1, "reading")
    recording = read_file(request.path, manifest.inputs, request.table)
    request.progress.report(0.4, "analysing")
    prediction = request.model.bundle.predict(recording, placement_ok=request.placement_ok)
    notes = list(prediction.verdict.reasons)
    if prediction.verdict.judged and not len(prediction.usable):
        notes.append("The recording holds no impact strong enough for a fall.")
    stream = next(iter(recording.streams.values()))
    names_activities = manifest.positive is None
    return Analysis(
        model=request.model.name,
        file=request.name,
        seconds=recording.duration,
        threshold=None if names_activities else manifest.decision.threshold,
        curves=prediction_curves(prediction),
        decide=lambda threshold: activity_findings(prediction) if names_activities else fall_findings(prediction, threshold),
        signal=np.stack([stream.times, np.linalg.norm(stream.values, axis=1)], axis=1),
        signal_unit=manifest.inputs[0].unit,
        notes=(*notes, f"Read as: {recording.recognised}."),
        label=prediction.label,
        judged=prediction.verdict.judged,
    )
