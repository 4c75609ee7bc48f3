"""`featherfall predict` with a detector: people in pictures, falls in films, both drawn where asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featherfall.cli.answers import Answer
from featherfall.cli.drawing import Drawing
from featherfall.cli.film import FilmChoices, judge_film
from featherfall.cli.text import table

if TYPE_CHECKING:
    from featherfall.runtime.bundle import Bundle
    from featherfall.runtime.perceive.boxes import Found
    from featherfall.runtime.perceive.detector import BoxDetector


def judge_detections(bundle: Bundle, drawing: Drawing | None, still_down_s: float, count: int) -> Callable[[Path], Answer]:
    """Return a function that analyses one of `count` pictures and films, and draws it where asked.

    Raises: `UserError` where keypoints are to be drawn, which a detector has none of.
    """
    from featherfall.core.errors import UserError
    from featherfall.runtime.perceive.detector import BoxDetector
    from featherfall.signals.picture_file import is_image_file

    if drawing is not None and drawing.private:
        raise UserError("--private draws keypoints, a detector has none; leave it out")
    detector, choices = BoxDetector(bundle), FilmChoices(still_down_s=still_down_s, drawing=drawing)

    def judge(file: Path) -> Answer:
        if is_image_file(file):
            found = _picture(detector, file, drawing, count)
            facts = {"found": [one.to_json() for one in found], "label": detector.label(found)}
            return Answer(facts, _picture_lines(file, detector, found))
        return judge_film(bundle, detector, file, choices, count)

    return judge


def _picture(detector: BoxDetector, file: Path, drawing: Drawing | None, count: int) -> list[Found]:
    from featherfall.core.recording import Video
    from featherfall.signals.video import read_frames

    image = next(iter(read_frames(Video(file, images=True)))).image if drawing is not None else None
    found = detector.detect_file(file)
    if drawing is not None and image is not None:
        from PIL import Image

        from featherfall.core.files import atomic_write
        from featherfall.runtime.sinks.draw import draw_found

        path = drawing.path(file, count)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as target:
            Image.fromarray(draw_found(image, found, detector.positive)).save(target, "PNG" if path.suffix.lower() == ".png" else "JPEG")
    return found


def _picture_lines(file: Path, detector: BoxDetector, found: Sequence[Found]) -> list[str]:
    rows: list[tuple[str, ...]] = [("name", "score", "left", "top", "right", "bottom")]
    rows += [(one.name, *(f"{value:.3f}" for value in (one.score, *one.box))) for one in found]
    return [str(file), f"  label    {detector.label(found)}", f"  people   {len(found) or 'none'}", *table(rows)]
