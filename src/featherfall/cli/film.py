"""`featherfall predict` of films by a camera's or a detector's bundle: the falls in them, drawn where asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from featherfall.cli.answers import Answer
from featherfall.cli.drawing import Drawing
from featherfall.cli.text import clock_time, table

if TYPE_CHECKING:
    from featherfall.runtime import Bundle
    from featherfall.runtime.observation import AnalysisResult
    from featherfall.runtime.watch import Perception


@dataclass(frozen=True)
class FilmChoices:
    """How films are watched; see `runtime.watch.watch_film`."""

    estimator: str = "several"
    weights: Path | None = None
    still_down_s: float = 7.0
    drawing: Drawing | None = None


def judge_films(bundle: Bundle, choices: FilmChoices, count: int) -> Callable[[Path], Answer]:
    """Return a function that watches one of `count` films by keypoints, and draws it where asked.

    Raises: `UserError` for an unknown estimator, and where its weights are not to be had.
    """
    from featherfall.runtime.perceive.pose import open_estimator

    estimator = open_estimator(choices.estimator, choices.weights)
    return lambda file: judge_film(bundle, estimator, file, choices, count)


def judge_film(bundle: Bundle, perception: Perception, file: Path, choices: FilmChoices, count: int) -> Answer:
    """Watch one of `count` films, and draw it where asked; raises `UserError` where it cannot be read."""
    from featherfall.runtime.watch import watch_film

    problems: list[str] = []
    if choices.drawing is None:
        found = watch_film(file, bundle, perception, still_down_s=choices.still_down_s, problems=problems)
        return Answer(found.to_json(), lines(file, found), problems)
    from featherfall.runtime.decide.incidents import DecisionSettings
    from featherfall.runtime.sinks.draw import Painter
    from featherfall.runtime.sinks.film import film_writer

    painter = Painter(DecisionSettings.of(bundle.manifest).threshold, private=choices.drawing.private)
    with film_writer(choices.drawing.path(file, count)) as add:
        found = watch_film(
            file,
            bundle,
            perception,
            still_down_s=choices.still_down_s,
            problems=problems,
            on_picture=lambda frame, result, monitor: add(frame.time, painter.paint(frame.image, result, monitor.falls)),
        )
    return Answer(found.to_json(), lines(file, found), problems)


def lines(file: Path, found: AnalysisResult) -> list[str]:
    """Return one film's answer, aligned."""

    def moment(seconds: float | None) -> str:
        return "" if seconds is None else clock_time(seconds)

    head = ("start", "peak", "raised", "confidence", "track", "still down", "got up")
    rows: list[tuple[str, ...]] = [
        (
            *(clock_time(seconds) for seconds in (max(fall.start_s, 0.0), max(fall.peak_s, 0.0), fall.raised_s)),
            *(f"{fall.confidence:.3f}", str(fall.track), moment(fall.still_down_s), moment(fall.up_s)),
        )
        for fall in found.falls
    ]
    return [
        str(file),
        f"  label    {found.label}",
        f"  watched  {found.seconds:.1f} s, {found.pictures} pictures",
        f"  events   {len(found.falls) or 'none'}",
        *table([head, *rows]),
    ]
