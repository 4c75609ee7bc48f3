"""Frames of the Le2i (ImViA) films as still pictures with the boxes that their annotations give; see `featherfall.datasets.le2i`.

About two pictures a second (every 12th frame) are taken, without writing any: a picture is a place in a film. After the two rows about the
fall, an annotation has a row for each frame: number, label, and the box's corners in pixels, all 0 without a person. A frame shows a
"fall" from the first to the last frame of the fall, and a "person" before and in films without one; frames after the fall are left out,
since no row says when the person gets up. A film is a subject; `split.group: room` keeps whole rooms together.

Written from third-party documentation and not tested on original files.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recording import Box, Recording, Video
from featherfall.core.registry import register
from featherfall.core.tables import read_text
from featherfall.datasets.dataset import Dataset, Reader, Source, Unlisted
from featherfall.datasets.le2i import FRAME_RATE, Le2i
from featherfall.datasets.streams import make_recording
from featherfall.signals.video import probe

from .names import activity_of, shows_fall
from .picture import VIEW
from .yolo_labels import clipped

EVERY = 12  # frames from one picture to the next: about two pictures a second
_FALL, _PERSON = "fall", "person"


@register("dataset", "le2i-frames", pictures=True)
class Le2iFrames(Reader):
    """Frames of the Le2i films as pictures with boxes."""

    folder = Le2i.folder
    layout = Le2i.layout

    def scan(self, folder: Path) -> Dataset:
        """List the pictures of every annotated film, without those reported in `problems`."""
        films = Le2i().scan(folder)
        problems = list(films.problems)
        sources: list[Source] = []
        for film in films.sources:
            try:
                sources += _frames(film, problems)
            except UserError as error:
                problems.append(Unlisted(f"{error}; its film is left out"))
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems), class_names=(_FALL, _PERSON))


def _frames(film: Source, problems: list[str]) -> list[Source]:
    path, notes = film.files
    rows = read_rows(notes)
    if not rows:
        problems.append(Unlisted(f"{notes}: no box of any frame; the film is left out"))
        return []
    facts = probe(Video(path))
    first, last = _span(film)
    sources, outside, late = [], 0, 0
    for number in sorted(rows)[EVERY // 2 :: EVERY]:
        if number > last:
            break
        if number > facts.frames:
            late += 1
            continue
        name = _FALL if number >= first else _PERSON
        boxes: list[Box] = []
        if any(rows[number]):
            left, top, right, bottom = rows[number]
            box = clipped(Box(name, left / facts.width, top / facts.height, right / facts.width, bottom / facts.height))
            outside += box is None
            if box is None:
                continue
            boxes = [box]
        sources.append(_source(film, number, boxes, facts.rate or FRAME_RATE))
    if outside:
        problems.append(f"{notes}: {outside} frames whose box lies outside the film ({facts.width} x {facts.height}); they are left out")
    if late:
        problems.append(f"{notes}: {late} frames are after the film's last ({facts.frames}); they are left out")
    return sources


def _span(film: Source) -> tuple[float, float]:
    """Return first and last frame of the fall, counted from 1; infinity where there is no fall."""
    times = film.fall_times
    if times is None or times.onset is None or times.end is None:
        return math.inf, math.inf
    return round(times.onset * FRAME_RATE) + 1, round(times.end * FRAME_RATE)


def _source(film: Source, number: int, boxes: list[Box], rate: float) -> Source:
    names = tuple(box.name for box in boxes)
    return Source(
        dataset=Le2iFrames.name,
        subject=f"{film.subject} {film.trial}",
        activity=activity_of(names),
        trial=str(number),
        fall=shows_fall(names),
        files=film.files,
        traits={"room": film.subject},
        read=partial(_read, boxes=tuple(boxes), still=max(0.0, (number - 1.5) / rate)),  # half a frame early
        roles=(VIEW, "labels"),
        names=names,
    )


def _read(source: Source, boxes: tuple[Box, ...], still: float) -> Recording:
    """Return the recording of a frame: its place in the film, and its boxes."""
    return replace(make_recording(source, {}, {VIEW: Video(source.files[0], still=still)}), boxes=boxes)


def read_rows(path: Path) -> dict[int, tuple[float, float, float, float]]:
    """Return left, top, right, bottom (pixels) of each frame by its number, from 1; raises `UserError` that names an invalid row."""
    found = {}
    for row, line in enumerate(read_text(path).splitlines(), start=1):
        fields = line.strip().split(",")
        if len(fields) == 1:  # the two rows about the fall, and empty ones
            continue
        try:
            number, _, *edges = (float(field) for field in fields)
            left, top, right, bottom = edges
        except ValueError:
            raise UserError(f"{path}: row {row}: expected frame,label,x1,y1,x2,y2, found {line.strip()[:60]!r}") from None
        if not all(map(math.isfinite, (number, *edges))):
            raise UserError(f"{path}: row {row}: a value is not finite; correct or delete the row")
        if any(edges) and (left >= right or top >= bottom):
            raise UserError(f"{path}: row {row}: a box from {left:g}, {top:g} to {right:g}, {bottom:g}; correct or delete the row")
        found[int(number)] = (left, top, right, bottom)
    return found
