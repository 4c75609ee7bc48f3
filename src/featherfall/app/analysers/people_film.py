"""Analyse the people in a film, by keypoints or by a detector's boxes: curves, falls, and the page's copy of the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from featherfall.app.analysers.request import AnalysisRequest
from featherfall.app.analysis import Analysis, Media, TaskProgress
from featherfall.app.film_copy import CopySize, check_length, resize_for_page
from featherfall.app.people import draw_annotated_film, fall_finding, person_curves, write_overlay
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.decide.incidents import DecisionSettings, decide
from featherfall.runtime.observation import Fall, FrameResult, Observation
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.sinks.draw import Painter
from featherfall.runtime.sinks.film import FilmSink
from featherfall.runtime.trace import BoxTracer
from featherfall.runtime.watch import Monitor, Perception, curve, watch_film
from featherfall.signals.video import Frame

# Score of the boxes that are kept, so that a lower threshold needs no second run of the detector.
_KEPT_SCORE = 0.05


class _ThresholdedTrace(Protocol):
    """The people of one film, from which falls are decided at any threshold without running a model.

    Attributes:
        perception: finds people in its pictures.
        threshold: the bundle's own.
        curve_name: what a person's curve shows.
        line: threshold of the curves, where `threshold` is of something else.
        notes: what the reader must know.
    """

    perception: Perception
    threshold: float
    curve_name: str
    line: float | None
    notes: tuple[str, ...]

    def add(self, result: FrameResult) -> None:
        """Take the next picture's result."""

    def at(self, threshold: float) -> tuple[Sequence[FrameResult], DecisionSettings]:
        """Return the trace at a threshold, and how it is decided."""


class _KeypointTrace:
    """A threshold of the fall probability: the trace stays, and is decided again."""

    curve_name: str = "person"
    line: float | None = None
    notes: tuple[str, ...] = ()

    def __init__(self, bundle: Bundle) -> None:
        self.perception: Perception = open_estimator()
        self._settings = DecisionSettings.of(bundle.manifest)
        self.threshold = self._settings.threshold
        self._trace: list[FrameResult] = []

    def add(self, result: FrameResult) -> None:
        self._trace.append(result)

    def at(self, threshold: float) -> tuple[Sequence[FrameResult], DecisionSettings]:
        return self._trace, replace(self._settings, threshold=threshold)


class _BoxTrace:
    """A threshold of the detection score: boxes of at least this score are tracked again, and decided at the fixed threshold of posture.

    Suppression keeps the best box, so boxes of a low score have suppressed none above the threshold.
    """

    curve_name: str = "looks fallen: person"
    line: float | None
    notes: tuple[str, ...] = ("The threshold applies to the detection score; the curve shows how far each detected person looks fallen.",)

    def __init__(self, bundle: Bundle) -> None:
        self.perception: Perception = self
        self._detector, self._settings = BoxDetector(bundle), DecisionSettings.of(bundle.manifest)
        self.threshold, self.line = self._detector.threshold, self._settings.threshold
        self._observations: list[Observation] = []
        self._boxes: list[PersonBox] = []  # of the last picture

    def estimate(self, image: np.ndarray) -> Sequence[PersonBox]:
        self._boxes = []  # none where the detector raises
        self._boxes = self._detector.estimate(image, _KEPT_SCORE)
        return self._boxes

    def reset(self) -> None:
        self._observations.clear()

    def add(self, result: FrameResult) -> None:
        self._observations.append(Observation(result.time, tuple(self._boxes), result.height, result.width))

    def at(self, threshold: float) -> tuple[Sequence[FrameResult], DecisionSettings]:
        tracer = BoxTracer()
        above = (replace(one, people=tuple(box for box in one.people if box.score >= threshold)) for one in self._observations)
        return [tracer.follow(one) for one in above], self._settings


def analyse_people_film(request: AnalysisRequest) -> Analysis:
    """Analyse a film with a camera's or a detector's bundle, and write the page's copy of it, black where `private`.

    Raises: `UserError`; `Cancelled`.
    """
    bundle, private = request.model.bundle, request.private
    people: _ThresholdedTrace = _BoxTrace(bundle) if request.model.kind == "detector" else _KeypointTrace(bundle)
    length = check_length(request.video, request.name)
    copy, problems = request.folder / "film.mp4", list[str]()
    with FilmSink(copy) as film:

        def on_picture(frame: Frame, result: FrameResult, monitor: Monitor) -> None:
            length.report(frame.time, request.progress, "analysing")
            people.add(result)
            film.frame(frame.time, resize_for_page(frame.image, private))

        result = watch_film(request.video, bundle, people.perception, problems=problems, on_picture=on_picture)
    trace, settings = people.at(people.threshold)
    size = CopySize(trace[0].height, trace[0].width)

    def falls(threshold: float) -> tuple[Fall, ...]:
        return decide(*people.at(threshold))[0]

    def draw(out: Path, threshold: float, hidden: bool, progress: TaskProgress) -> Path:
        drawn, decided = people.at(threshold)
        painter = Painter(decided.threshold, private=hidden or private)
        return draw_annotated_film(copy, out, drawn, size, falls(threshold), painter, progress)

    return Analysis(
        model=request.model.name,
        file=request.name,
        seconds=result.seconds,
        threshold=people.threshold,
        curves=person_curves(curve(trace), people.curve_name),
        decide=lambda threshold: tuple(fall_finding(fall) for fall in falls(threshold)),
        media=Media(film=copy, poses=write_overlay(request.folder / "people.json", trace, size, settings)),
        draw=draw,
        notes=(*problems, *result.verdict.reasons, *people.notes),
        label=result.label,
        line=people.line,
        judged=result.verdict.judged,
    )
