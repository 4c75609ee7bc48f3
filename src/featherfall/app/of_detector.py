"""Analyse by a detector: people's boxes in a picture; in a film, who was up and is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from featherfall.app.analysis import Analysis, Finding, Media, Progress, percent
from featherfall.app.films import Screen, fitted, open_film
from featherfall.app.models import Model
from featherfall.app.of_film import load, save
from featherfall.app.people import curves_of, draw_film, finding_of, write_people
from featherfall.core.recording import Video
from featherfall.runtime.decide.incidents import DecisionSettings, decide
from featherfall.runtime.observation import Fall, FrameResult, Observation
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.sinks.draw import Painter, draw_found
from featherfall.runtime.sinks.film import film_writer
from featherfall.runtime.trace import BoxTracer
from featherfall.runtime.watch import curve
from featherfall.signals.video import read_frames

LEAST = 0.05  # score of boxes that are kept, so that a lower threshold needs no second look


def trace_of(observations: Sequence[Observation], threshold: float) -> list[FrameResult]:
    """Track a film's boxes of at least this score; suppression goes from the best box on, so it chose no others with a higher threshold."""
    tracer = BoxTracer()
    above = (replace(seen, people=tuple(box for box in seen.people if box.score >= threshold)) for seen in observations)
    return [tracer.follow(seen) for seen in above]


def of_detector(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Analysis:
    """Analyse a film by boxes. Private: boxes on black."""
    detector, settings = BoxDetector(model.bundle), DecisionSettings.of(model.manifest)
    length = open_film(path, name)
    problems: list[str] = []
    observations: list[Observation] = []
    copy = folder / "film.mp4"
    with film_writer(copy) as add:
        for frame in read_frames(Video(path), rate=BoxTracer.rate, problems=problems):
            length.at(frame.time, progress, "watching")
            observations.append(Observation(frame.time, tuple(detector.estimate(frame.image, LEAST)), *frame.image.shape[:2]))
            add(frame.time, fitted(frame.image, private))
    screen, trace = Screen(observations[0].height, observations[0].width), trace_of(observations, detector.threshold)

    def falls(threshold: float) -> tuple[Fall, ...]:
        return decide(trace_of(observations, threshold), settings)[0]

    def draw(out: Path, threshold: float, hidden: bool, doing: Progress) -> Path:
        painter = Painter(settings.threshold, private=hidden or private)
        return draw_film(copy, out, trace_of(observations, threshold), screen, falls(threshold), painter, doing)

    shares = curve(trace)
    notes = problems + ([] if len(shares) else ["Nobody was seen in this film."])
    return Analysis(
        model=model.name,
        file=name,
        seconds=observations[-1].time - observations[0].time,
        threshold=detector.threshold,
        curves=curves_of(shares, "looks fallen: person"),
        decide=lambda threshold: tuple(finding_of(fall) for fall in falls(threshold)),
        media=Media(film=copy, poses=write_people(folder / "people.json", trace, screen, settings)),
        draw=draw,
        notes=(*notes, "The threshold is of finding somebody; the curve says how far who was found looks fallen."),
        line=settings.threshold,
    )


def of_boxes(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Analysis:
    """Analyse one picture: who looks fallen in it."""
    progress.at(0.2, "looking")
    detector = BoxDetector(model.bundle)
    image = fitted(load(path), private=False)
    found = detector.detect(image, LEAST)

    def above(threshold: float) -> list[Found]:
        return [one for one in found if one.score >= threshold]

    def draw(out: Path, threshold: float, hidden: bool, doing: Progress) -> Path:
        return save(out, draw_found(fitted(image, private or hidden), above(threshold), detector.positive))

    people = len(above(detector.threshold))
    return Analysis(
        model=model.name,
        file=name,
        seconds=0.0,
        threshold=detector.threshold,
        curves=(),
        decide=lambda threshold: tuple(_finding(one) for one in above(threshold) if one.name == detector.positive),
        media=Media(picture=draw(folder / "picture.jpg", detector.threshold, private, progress)),
        draw=draw,
        notes=(
            f"{people or 'No'} {'person' if people == 1 else 'people'} found.",
            "One picture shows how somebody lies or stands, not that they fell.",
        ),
    )


def _finding(found: Found) -> Finding:
    facts = {**found.to_json(), **dict(zip(("left", "top", "right", "bottom"), found.to_json()["box"], strict=True))}
    del facts["box"]
    return Finding("possible fall", 0.0, f"Somebody looks fallen, {percent(found.score)} sure", found.score, facts)
