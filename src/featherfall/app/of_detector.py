"""What a detector shows: boxes of people in a picture; in a film, who was up and is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.app.films import Screen, fitted, open_film
from featherfall.app.models import Model
from featherfall.app.of_film import load, save
from featherfall.app.people import curves_of, draw_film, told, write_people
from featherfall.app.shown import Happening, Media, Progress, Shown, percent
from featherfall.core.recording import Video
from featherfall.runtime.box_watch import RATE, BoxWatcher
from featherfall.runtime.camera import Seen
from featherfall.runtime.decide.incidents import Fall
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.sinks.box_draw import BoxPainter, draw_found
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import read_frames

LEAST = 0.05  # score of boxes that are remembered, so that a lower threshold needs no second look


@dataclass(frozen=True, eq=False)
class Boxes:
    """Every box of a film's pictures, so that it can be decided again without looking again.

    Attributes:
        found: time (s) and people of each picture, best first.
        height, width: of the pictures, pixels.
    """

    detector: BoxDetector
    found: tuple[tuple[float, list[Found]], ...]
    height: int
    width: int

    def watch(self, threshold: float) -> tuple[tuple[Seen, ...], tuple[Fall, ...]]:
        """What boxes of at least this score give, by the rule of the runtime."""
        watcher = BoxWatcher(self.detector)
        seen = tuple(watcher.take(time, above(found, threshold), self.height, self.width) for time, found in self.found)
        return seen, tuple(watcher.falls)


def above(found: Sequence[Found], threshold: float) -> list[Found]:
    """Those of at least this score. Greedy suppression goes by the score, so that it gives the same before and after."""
    return [one for one in found if one.score >= threshold]


def of_detector(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Shown:
    """Watch a film by boxes. Private: boxes on black."""
    detector = BoxDetector(model.bundle)
    length = open_film(path, name)
    problems: list[str] = []
    found: list[tuple[float, list[Found]]] = []
    size = (0, 0)
    copy = folder / "film.mp4"
    with film_writer(copy) as add:
        for frame in read_frames(Video(path), rate=RATE, problems=problems):
            length.at(frame.time, progress, "watching")
            size = frame.image.shape[:2]
            found.append((frame.time, detector.detect(frame.image, LEAST)))
            add(frame.time, fitted(frame.image, private))
    boxes, screen = Boxes(detector, tuple(found), *size), Screen(*size)
    seen, _ = boxes.watch(detector.threshold)

    def draw(out: Path, threshold: float, hidden: bool, doing: Progress) -> Path:
        again, falls = boxes.watch(threshold)
        return draw_film(copy, out, again, screen, falls, BoxPainter(0.5, private=hidden or private), doing)

    curve = np.array([(one.time, number, share) for one in seen for number, share in one.judged.items()], np.float64)
    notes = problems + ([] if len(curve) else ["Nobody was seen in this film."])
    return Shown(
        model=model.name,
        file=name,
        seconds=found[-1][0] - found[0][0],
        threshold=detector.threshold,
        curves=curves_of(curve, "looks fallen: person"),
        decide=lambda threshold: tuple(told(fall) for fall in boxes.watch(threshold)[1]),
        media=Media(film=copy, poses=write_people(folder / "people.json", seen, screen, boxes=True)),
        draw=draw,
        notes=(*notes, "The threshold is of finding somebody; the curve says how far who was found looks fallen."),
        line=0.5,
    )


def of_boxes(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Shown:
    """One picture: who looks fallen in it."""
    progress.at(0.2, "looking")
    detector = BoxDetector(model.bundle)
    image = fitted(load(path), private=False)
    found = detector.detect(image, LEAST)

    def decide(threshold: float) -> tuple[Happening, ...]:
        return tuple(_of(one) for one in above(found, threshold) if one.name == detector.positive)

    def draw(out: Path, threshold: float, hidden: bool, doing: Progress) -> Path:
        ground = fitted(image, private or hidden)
        return save(out, draw_found(ground, above(found, threshold), detector.positive))

    people = len(above(found, detector.threshold))
    return Shown(
        model=model.name,
        file=name,
        seconds=0.0,
        threshold=detector.threshold,
        curves=(),
        decide=decide,
        media=Media(picture=draw(folder / "picture.jpg", detector.threshold, private, progress)),
        draw=draw,
        notes=(
            f"{people or 'No'} {'person' if people == 1 else 'people'} found.",
            "One picture shows how somebody lies or stands, not that they fell.",
        ),
    )


def _of(found: Found) -> Happening:
    facts = {**found.to_json(), **dict(zip(("left", "top", "right", "bottom"), found.to_json()["box"], strict=True))}
    del facts["box"]
    return Happening("possible fall", 0.0, f"Somebody looks fallen, {percent(found.score)} sure", found.score, facts)
