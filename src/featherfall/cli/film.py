"""`featherfall predict` of films: falls that a camera's bundle sees in them, and what it saw drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featherfall.runtime import Bundle
    from featherfall.runtime.camera import Watched
    from featherfall.runtime.pose import Estimator, EstimatorKind


@dataclass(frozen=True)
class Drawing:
    """Where films are drawn to: a file for one film, a folder for several. private: no picture, keypoints on black."""

    out: Path
    private: bool = False

    def path(self, film: Path, count: int) -> Path:
        """The mp4 of one of `count` films."""
        return self.out if count == 1 and self.out.suffix else self.out / f"{film.stem}.mp4"


@dataclass(frozen=True)
class FilmChoices:
    """How films are watched; see `runtime.camera.watch_film`."""

    estimator: EstimatorKind = "several"
    weights: Path | None = None
    still_down_s: float = 7.0
    drawing: Drawing | None = None

    def check(self, files: Sequence[Path]) -> None:
        """Raises `UserError` where the drawings of several films would be one file, or a film would be overwritten by its drawing."""
        from featherfall.ground.errors import UserError

        if self.drawing is None:
            return
        out = [self.drawing.path(file, len(files)) for file in files]
        if len(files) > 1 and self.drawing.out.suffix:
            raise UserError(f"--draw {self.drawing.out}: {len(files)} films; name a folder")
        if len(set(out)) < len(out):
            raise UserError(f"--draw {self.drawing.out}: two of the films have one name; draw them into different folders")
        for file, drawn in zip(files, out, strict=True):
            if drawn.resolve() == file.resolve():
                raise UserError(f"--draw {drawn}: that is the film itself; give another name")


def watch(bundle: Bundle, estimator: Estimator, file: Path, choices: FilmChoices, count: int, problems: list[str]) -> Watched:
    """Watch one of `count` films, and draw it where asked. problems: is told what of the film is lost."""
    from featherfall.runtime.camera import watch_film

    if choices.drawing is None:
        return watch_film(file, bundle, estimator, still_down_s=choices.still_down_s, problems=problems)
    from featherfall.runtime.draw import Painter
    from featherfall.runtime.film_out import film_writer

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
    from featherfall.cli.predict import clock_time, table

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


def facts(file: Path, said: Watched, problems: Sequence[str], json: bool) -> dict[str, Any]:
    """What goes into the JSON document; a film that is damaged has an "error" beside what could be seen."""
    return {"file": str(file), **({"error": problems[0]} if problems else {}), **(said.to_json() if json else {})}
