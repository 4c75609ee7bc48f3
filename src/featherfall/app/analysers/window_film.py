"""Analyse a film window by window, with a bundle that takes pixels."""

from __future__ import annotations

from pathlib import Path

from featherfall.app.analysers.request import AnalysisRequest
from featherfall.app.analysis import Analysis, Media
from featherfall.app.film_copy import FilmLength, check_length, resize_for_page
from featherfall.app.predictions import fall_findings, prediction_curves
from featherfall.runtime.sinks.film import FilmSink
from featherfall.signals.video import read_frames

_COPY_RATE = 15.0  # Hz, of the page's copy


def analyse_window_film(request: AnalysisRequest) -> Analysis:
    """Find falls in a film's windows of pixels; where `private`, no copy of the film is made.

    Raises: `UserError`; `Cancelled`.
    """
    length = check_length(request.video, request.name)
    film = None if request.private else _copy(request, length)
    request.progress.report(0.6, "analysing")
    prediction = request.model.bundle.predict(request.video)
    return Analysis(
        model=request.model.name,
        file=request.name,
        seconds=length.seconds or float(prediction.end_s[-1] if len(prediction.end_s) else 0.0),
        threshold=None if prediction.positive is None else prediction.decision.threshold,
        curves=prediction_curves(prediction),
        decide=lambda threshold: fall_findings(prediction, threshold),
        media=Media(film=film),
        notes=prediction.verdict.reasons,
        label=prediction.label,
        judged=prediction.verdict.judged,
    )


def _copy(request: AnalysisRequest, length: FilmLength) -> Path:
    target = request.folder / "film.mp4"
    with FilmSink(target) as film:
        for frame in read_frames(request.video, rate=_COPY_RATE):
            length.report(0.5 * frame.time, request.progress, "copying")  # copying is the first half of the work
            film.frame(frame.time, resize_for_page(frame.image))
    return target
