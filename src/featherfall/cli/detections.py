"""`featherfall predict` with a detector: people in pictures, falls in films, both drawn where asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from featherfall.cli import film

if TYPE_CHECKING:
    from featherfall.runtime.boxes import Found
    from featherfall.runtime.bundle import Bundle
    from featherfall.runtime.camera import Watched
    from featherfall.runtime.detector import BoxDetector


def detections(bundle: Bundle, files: Sequence[Path], drawing: film.Drawing | None, still_down_s: float, json: bool) -> None:
    """Say what is in pictures and films: a broken one is one line, and the others are still judged."""
    from featherfall.ground.errors import UserError
    from featherfall.runtime.detector import BoxDetector
    from featherfall.signals.picture_file import is_picture

    if drawing is not None and drawing.private:
        raise UserError("--private draws keypoints, a detector has none; leave it out")
    detector = BoxDetector(bundle)
    _check(drawing, files)
    facts: list[dict[str, Any]] = []
    for file in files:
        problems: list[str] = []
        try:
            if is_picture(file):
                found = _picture(detector, file, drawing, len(files))
                said = {"found": [one.to_json() for one in found], "label": label(detector, found)}
                text = _picture_lines(file, detector, found)
            else:
                watched = _film(detector, file, drawing, still_down_s, len(files), problems)
                said, text = watched.to_json(), film.lines(file, watched)
        except UserError as error:
            typer.echo(f"featherfall: {error}", err=True)
            facts.append({"file": str(file), "error": str(error)})
            continue
        for problem in problems:
            typer.echo(f"featherfall: {problem}", err=True)
        facts.append({"file": str(file), **({"error": problems[0]} if problems else {}), **(said if json else {})})
        if not json:
            typer.echo("\n".join(text) + "\n")
    if json:
        from featherfall.cli.predict import _print_json

        _print_json({"bundle": bundle.manifest.name, "model": bundle.model.precision, "files": facts})
    if any("error" in fact for fact in facts):
        raise typer.Exit(2)


def label(detector: BoxDetector, found: Sequence[Found]) -> str:
    """A picture's: the fall class where it is found, else the best other one, else "nobody"."""
    names = [one.name for one in found]
    return detector.positive if detector.positive in names else names[0] if names else "nobody"


def _drawn(drawing: film.Drawing, file: Path, count: int) -> Path:
    """Where one of `count` files is drawn to: a picture stays a picture, a film becomes an mp4."""
    from featherfall.signals.picture_file import is_picture

    if count == 1 and drawing.out.suffix:
        return drawing.out
    return drawing.out / (f"{file.stem}.png" if is_picture(file) else f"{file.stem}.mp4")


def _check(drawing: film.Drawing | None, files: Sequence[Path]) -> None:
    from featherfall.ground.errors import UserError
    from featherfall.signals.picture_file import is_picture

    if drawing is None:
        return
    out = [_drawn(drawing, file, len(files)) for file in files]
    if len(files) > 1 and drawing.out.suffix:
        raise UserError(f"--draw {drawing.out}: {len(files)} files; name a folder")
    if len(set(out)) < len(out):
        raise UserError(f"--draw {drawing.out}: two of the files have one name; draw them into different folders")
    for file, drawn in zip(files, out, strict=True):
        if drawn.resolve() == file.resolve():
            raise UserError(f"--draw {drawn}: that is the file itself; give another name")
        if is_picture(file) and not is_picture(drawn):
            raise UserError(f"--draw {drawn}: {file.name} is a picture; give a name that ends in .png or .jpg, or a folder")


def _picture(detector: BoxDetector, file: Path, drawing: film.Drawing | None, count: int) -> list[Found]:
    from featherfall.ground.recording import Video
    from featherfall.signals.video import read_frames

    image = next(iter(read_frames(Video(file, images=True)))).image if drawing is not None else None
    found = detector.detect_file(file)
    if drawing is not None and image is not None:
        from PIL import Image

        from featherfall.ground.files import atomic_write
        from featherfall.runtime.box_draw import draw_found

        path = _drawn(drawing, file, count)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as target:
            Image.fromarray(draw_found(image, found, detector.positive)).save(target, "PNG" if path.suffix.lower() == ".png" else "JPEG")
    return found


def _film(detector: BoxDetector, file: Path, drawing: film.Drawing | None, still_down_s: float, count: int, problems: list[str]) -> Watched:
    from featherfall.runtime.box_watch import watch_boxes

    if drawing is None:
        return watch_boxes(file, detector, still_down_s=still_down_s, problems=problems)
    from featherfall.runtime.box_draw import BoxPainter
    from featherfall.runtime.film_out import film_writer

    painter = BoxPainter(0.5)
    with film_writer(_drawn(drawing, file, count)) as add:
        return watch_boxes(
            file,
            detector,
            still_down_s=still_down_s,
            problems=problems,
            on_picture=lambda frame, seen, watcher: add(frame.time, painter.paint(frame.image, seen, watcher.falls)),
        )


def _picture_lines(file: Path, detector: BoxDetector, found: Sequence[Found]) -> list[str]:
    from featherfall.cli.predict import table

    rows: list[tuple[str, ...]] = [("name", "score", "left", "top", "right", "bottom")]
    rows += [(one.name, *(f"{value:.3f}" for value in (one.score, *one.box))) for one in found]
    return [str(file), f"  label    {label(detector, found)}", f"  people   {len(found) or 'none'}", *table(rows)]
