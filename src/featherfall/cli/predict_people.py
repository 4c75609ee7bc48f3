"""`featherfall predict` with a camera's or a detector's bundle: falls in films, people in pictures, both drawn on request."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from featherfall.cli.drawing import Drawing
from featherfall.cli.file_results import FileResult, align_columns, verdict_lines
from featherfall.core.text import clock_time

if TYPE_CHECKING:
    import numpy as np

    from featherfall.runtime import Bundle
    from featherfall.runtime.decide.incidents import CameraOptions
    from featherfall.runtime.observation import AnalysisResult, FrameResult
    from featherfall.runtime.perceive.boxes import Found
    from featherfall.runtime.perceive.detector import BoxDetector
    from featherfall.runtime.sources.film import FilmOptions
    from featherfall.runtime.verdict import Verdict
    from featherfall.runtime.watch import Monitor, Perception
    from featherfall.signals.video import Frame


@dataclass(frozen=True)
class FilmPredictor:
    """Predict films with one bundle.

    Attributes:
        bundle, perception, options: as for `runtime.watch.watch_film`.
        film: how films are read.
        drawing: where to draw; None draws nothing.
        count: number of files in the command, which decides the names of the drawings.
    """

    bundle: Bundle
    perception: Perception
    options: CameraOptions
    film: FilmOptions
    drawing: Drawing | None
    count: int

    def __call__(self, file: Path) -> FileResult:
        """Predict one film; raises `UserError` where it cannot be read."""
        from featherfall.runtime.sources.film import as_video
        from featherfall.runtime.watch import watch_film

        problems: list[str] = []
        with contextlib.ExitStack() as stack:
            result = watch_film(
                self.film.of(as_video(file)),
                self.bundle,
                self.perception,
                problems=problems,
                on_picture=None if self.drawing is None else self._draw(self.drawing, file, stack),
                **self.options,
            )
        return FileResult(result.to_json(), film_lines(file, result), problems, result.verdict.judged)

    def _draw(self, drawing: Drawing, file: Path, stack: contextlib.ExitStack) -> Callable[[Frame, FrameResult, Monitor], None]:
        """Open the drawing of a film in `stack`; return a function that draws a picture."""
        from featherfall.runtime.decide.incidents import DecisionSettings
        from featherfall.runtime.sinks.draw import Painter
        from featherfall.runtime.sinks.film import FilmSink

        painter = Painter(DecisionSettings.of(self.bundle.manifest).threshold, private=drawing.private)
        film = stack.enter_context(FilmSink(drawing.path(file, self.count)))
        return lambda frame, result, monitor: film.frame(frame.time, painter.paint(frame.image, result, monitor.falls))


@dataclass(frozen=True)
class DetectorPredictor:
    """Predict pictures with a detector, and films through `film`."""

    detector: BoxDetector
    film: FilmPredictor

    def __call__(self, file: Path) -> FileResult:
        """Predict one picture or film; raises `UserError` where it cannot be read."""
        from featherfall.runtime.perceive.detector import picture_verdict
        from featherfall.runtime.sources.film import as_video
        from featherfall.signals.picture_file import is_image_file

        if not is_image_file(file):
            return self.film(file)
        found = self.detector.detect_file(self.film.film.of(as_video(file)))
        if self.film.drawing is not None:
            self._draw(file, found, self.film.drawing.path(file, self.film.count))
        verdict = picture_verdict(found, self.detector.positive)
        facts = {"found": [one.to_json() for one in found], **verdict.to_json()}
        return FileResult(facts, picture_lines(file, verdict, found), judged=verdict.judged)

    def _draw(self, file: Path, found: Sequence[Found], out: Path) -> None:
        from featherfall.runtime.sinks.draw import draw_found
        from featherfall.runtime.sources.film import as_video
        from featherfall.signals.video import read_frames

        (frame,) = read_frames(self.film.film.of(as_video(file)))
        _write_image(out, draw_found(frame.image, found, self.detector.positive))


def _write_image(path: Path, image: np.ndarray) -> None:
    from PIL import Image

    from featherfall.core.files import atomic_write

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as target:
        Image.fromarray(image).save(target, "PNG" if path.suffix.lower() == ".png" else "JPEG")


def film_lines(file: Path, result: AnalysisResult) -> list[str]:
    """Return the lines that show one film's result."""

    def moment(seconds: float | None) -> str:
        return "" if seconds is None else clock_time(seconds)

    head = ("kind", "start", "peak", "sign", "raised", "confidence", "track", "still down", "got up")
    rows: list[tuple[str, ...]] = [
        (
            *(fall.kind, clock_time(fall.start_s), clock_time(fall.peak_s), moment(fall.sign_s), clock_time(fall.raised_s)),
            *(f"{fall.confidence:.3f}" if fall.kind == "fall" else "", str(fall.track), moment(fall.still_down_s), moment(fall.up_s)),
        )
        for fall in result.falls
    ]
    return [
        str(file),
        *verdict_lines(result.verdict),
        f"  watched  {result.seconds:.1f} s, {result.pictures} pictures",
        f"  events   {len(result.falls) or 'none'}",
        *align_columns([head, *rows]),
    ]


def picture_lines(file: Path, verdict: Verdict, found: Sequence[Found]) -> list[str]:
    """Return the lines that show one picture's result."""
    rows: list[tuple[str, ...]] = [("name", "score", "left", "top", "right", "bottom")]
    rows += [(one.name, *(f"{value:.3f}" for value in (one.score, *one.box))) for one in found]
    return [str(file), *verdict_lines(verdict), f"  people   {len(found) or 'none'}", *align_columns(rows)]
