"""YOLO label files: one object a row, "class x y width height" or "class x1 y1 x2 y2 x3 y3 ...", in fractions of the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recording import Box
from featherfall.core.tables import read_text

SLIGHTLY = 0.01  # of the picture's side; boxes that reach farther beyond the edge, more than by rounding, are reported

Name = Callable[[int], str]


def read_labels(path: Path, name: Name, problems: list[str]) -> list[Box]:
    """Return the boxes of one file, in order; an empty file has none.

    Arguments:
        name: returns the name of a class number, or raises `UserError`.
        problems: one line is added for each box that is clipped or left out.
    Raises: `UserError` that names the row which cannot be read, since the picture's labels are then unknown.
    """
    boxes = []
    for row, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            number, edges = parse(line.split())
            box = Box(name(number), *edges)
        except UserError as error:
            raise UserError(f"{path}: row {row}: {error}") from None
        kept = clipped(box)
        if kept is None:
            problems.append(f"{path}: row {row}: the box lies outside the picture ({_shown(box)}); it is left out")
            continue
        if beyond(box) > SLIGHTLY:
            problems.append(f"{path}: row {row}: the box reaches beyond the picture ({_shown(box)}); it is clipped")
        boxes.append(kept)
    return boxes


def parse(fields: Sequence[str]) -> tuple[int, tuple[float, float, float, float]]:
    """Return class number and left, top, right, bottom of one row (of a polygon, of its box); raises `UserError` that names no row."""
    if len(fields) != 5 and (len(fields) < 7 or len(fields) % 2 == 0):
        raise UserError(f"{len(fields)} columns; a box has 5, a polygon 7, 9, 11 ...; correct or delete the row")
    try:
        values = [float(field) for field in fields]
    except ValueError:
        odd = next(field for field in fields if not _is_number(field))
        raise UserError(f"{odd[:40]!r} is not a number; correct or delete the row") from None
    if not all(map(math.isfinite, values)):
        raise UserError("a value is not finite; correct or delete the row")
    if values[0] != int(values[0]) or values[0] < 0:
        raise UserError(f"class {fields[0]} is not a number from 0 on; correct the row")
    if len(values) == 5:
        _, x, y, width, height = values
        edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    else:
        across, down = values[1::2], values[2::2]
        edges = (min(across), min(down), max(across), max(down))
    if edges[0] >= edges[2] or edges[1] >= edges[3]:
        raise UserError(f"a box of {edges[2] - edges[0]:g} x {edges[3] - edges[1]:g}; correct or delete the row")
    return int(values[0]), edges


def clipped(box: Box) -> Box | None:
    """Return the part of a box inside the picture; None where there is none."""
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (box.left, box.top, box.right, box.bottom))
    return Box(box.name, left, top, right, bottom) if left < right and top < bottom else None


def beyond(box: Box) -> float:
    """Return how far a box reaches beyond the picture, in fractions of its sides; 0 for a box inside."""
    return max(-box.left, -box.top, box.right - 1, box.bottom - 1, 0.0)


def _shown(box: Box) -> str:
    return f"from {box.left:.2f}, {box.top:.2f} to {box.right:.2f}, {box.bottom:.2f}"


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
