"""`featherfall predict` of films: falls that a camera's bundle sees in them, and what it saw drawn over them."""

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
    from featherfall.runtime.camera import Watched
    from featherfall.runtime.perceive.pose import Estimator, EstimatorKind


@dataclass(frozen=True)
class FilmChoices:
    """How films are watched; see `runtime.camera.watch_film`."""

    estimator: EstimatorKind = "several"
    weights: Path | None = None
    still_down_s: float = 7.0
    drawing: Drawing | None = None


def judge_films(bundle: Bundle, choices: FilmChoices, count: int) -> Callable[[Path], Answer]:
    """Watches one of `count` films, and draws it where asked.

    Raises: `UserError` where the estimator's weights are not to be had.
    """
    from featherfall.runtime.perceive.pose import open_estimator

    poses = open_estimator(choices.estimator, choices.weights)

    def judge(file: Path) -> Answer:
        problems: list[str] = []
        watched = _watch(bundle, poses, file, choices, count, problems)
        return Answer(watched.to_json(), lines(file, watched), problems)

    return judge


def _watch(bundle: Bundle, estimator: Estimator, file: Path, choices: FilmChoices, count: int, problems: list[str]) -> Watched:
    from featherfall.runtime.camera import watch_film

    if choices.drawing is None:
        return watch_film(file, bundle, estimator, still_down_s=choices.still_down_s, problems=problems)
    from featherfall.runtime.sinks.draw import Painter
    from featherfall.runtime.sinks.film import film_writer

    painter = Painter(bundle.manifest.decision.threshold, private=choices.drawing.private)
    with film_writer(choices.drawing.path(file, count)) as add:
        return watch_film(
            file,
            bundle,
            estimator,
            still_down_s=choices.still_down_s,
            problems=problems,
            on_picture=lambda frame, seen, watcher: add(frame.time, painter.paint(frame.image, seen, watcher.falls)),
        )


def lines(file: Path, said: Watched) -> list[str]:
    """One film's answer, aligned."""

    def moment(seconds: float | None) -> str:
        return "" if seconds is None else clock_time(seconds)

    head = ("start", "peak", "raised", "confidence", "track", "still down", "got up")
    rows: list[tuple[str, ...]] = [
        (
            *(clock_time(seconds) for seconds in (max(fall.start_s, 0.0), max(fall.peak_s, 0.0), fall.raised_s)),
            *(f"{fall.confidence:.3f}", str(fall.track), moment(fall.still_down_s), moment(fall.up_s)),
        )
        for fall in said.falls
    ]
    return [
        str(file),
        f"  label    {said.label}",
        f"  watched  {said.seconds:.1f} s, {said.pictures} pictures",
        f"  events   {len(said.falls) or 'none'}",
        *table([head, *rows]),
    ]
