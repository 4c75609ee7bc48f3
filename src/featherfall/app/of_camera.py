"""Analyse a camera's film: people, their keypoints, the probability of a fall over time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from featherfall.app.analysis import Analysis, Media, Progress
from featherfall.app.films import Screen, fitted, open_film
from featherfall.app.models import Model
from featherfall.app.people import curves_of, draw_film, finding_of, write_people
from featherfall.runtime.decide.incidents import DecisionSettings, decide
from featherfall.runtime.observation import Fall, FrameResult
from featherfall.runtime.sinks.draw import Painter
from featherfall.runtime.sinks.film import film_writer
from featherfall.runtime.watch import Monitor, watch_film
from featherfall.signals.video import Frame


def of_camera(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Analysis:
    """Analyse a film by keypoints. Another threshold decides the film's trace again; no model runs.

    Arguments:
        folder: where the page's copy of the film goes: at most `films.SIDE` pixels wide, without sound; black where `private`.
    Raises: `UserError`; `Cancelled`.
    """
    problems: list[str] = []
    trace: list[FrameResult] = []
    film = open_film(path, name)
    copy = folder / "film.mp4"
    with film_writer(copy) as add:

        def on_picture(frame: Frame, result: FrameResult, monitor: Monitor) -> None:
            film.at(frame.time, progress, "watching")
            trace.append(result)
            add(frame.time, fitted(frame.image, private))

        found = watch_film(path, model.bundle, problems=problems, on_picture=on_picture)
    settings, screen = DecisionSettings.of(model.manifest), Screen(trace[0].height, trace[0].width)

    def falls(threshold: float) -> tuple[Fall, ...]:
        return decide(trace, replace(settings, threshold=threshold))[0]

    def draw(out: Path, threshold: float, hidden: bool, doing: Progress) -> Path:
        return draw_film(copy, out, trace, screen, falls(threshold), Painter(threshold, private=hidden or private), doing)

    notes = list(problems)
    if not any(one.people for one in trace):
        notes.append("Nobody was seen in this film.")
    return Analysis(
        model=model.name,
        file=name,
        seconds=found.seconds,
        threshold=settings.threshold,
        curves=curves_of(found.curve),
        decide=lambda threshold: tuple(finding_of(fall) for fall in falls(threshold)),
        media=Media(film=copy, poses=write_people(folder / "people.json", trace, screen, settings)),
        draw=draw,
        notes=tuple(notes),
    )
