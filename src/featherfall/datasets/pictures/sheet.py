"""Draw a contact sheet of a data set of pictures, with the boxes and their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.class_names import ClassNames, Meaning
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write
from featherfall.core.recording import Box
from featherfall.datasets.dataset import Dataset, Source
from featherfall.signals.video import is_image, read_frames

from .names import COMMON_NAMES, is_picture, shows_fall

SHEET_COLUMNS, MAX_PICTURES = 6, 30
_CELL, _TEXT, _GAP = (260, 195), 34, 10
_COLOURS: dict[Meaning | None, str] = {"fall": "#e5484d", "not_fall": "#30a46c", "ignore": "#8b8d98", None: "#f5a524"}
_PAPER, _FAINT = "#ffffff", "#60646c"


def draw_sheet(dataset: Dataset, path: Path, known: ClassNames | None = None) -> int:
    """Write a PNG of at most 30 pictures, spread evenly over the falls and over the others; give their number.

    Raises: `UserError` where there is no picture, or none that can be read.
    """
    cells = []
    for source in _spread([source for source in dataset.sources if is_picture(source)], known or COMMON_NAMES):
        try:
            cells.append(_cell(source, known or COMMON_NAMES))
        except UserError:
            continue  # `data inspect` reports unreadable pictures
    if not cells:
        raise UserError(f"{dataset.folder}: no picture to draw")
    image, _ = _pillow()
    rows = -(-len(cells) // SHEET_COLUMNS)
    width, height = _CELL[0] + _GAP, _CELL[1] + _TEXT + _GAP
    sheet = image.new("RGB", (min(len(cells), SHEET_COLUMNS) * width + _GAP, rows * height + _GAP), _PAPER)
    for i, cell in enumerate(cells):
        sheet.paste(cell, (_GAP + i % SHEET_COLUMNS * width, _GAP + i // SHEET_COLUMNS * height))
    with atomic_write(path) as file:
        sheet.save(file, "PNG")
    return len(cells)


def _spread(pictures: Sequence[Source], known: ClassNames) -> list[Source]:
    falls = [source for source in pictures if shows_fall(source.names, known)]
    others = [source for source in pictures if not shows_fall(source.names, known)]
    share = max(MAX_PICTURES // 2, MAX_PICTURES - min(len(falls), len(others)))
    return [
        part[i] for part in (falls, others) for i in np.unique(np.linspace(0, len(part) - 1, min(len(part), share)).round().astype(int))
    ]


def _cell(source: Source, known: ClassNames) -> Any:
    """Draw a picture with its boxes, above its id and meaning."""
    image, draws = _pillow()
    recording = source.load()
    video = next(video for video in recording.videos.values() if is_image(video))
    picture = image.fromarray(next(read_frames(video)).image)
    picture.thumbnail(_CELL)
    cell = image.new("RGB", (_CELL[0], _CELL[1] + _TEXT), _PAPER)
    left, top = (_CELL[0] - picture.width) // 2, (_CELL[1] - picture.height) // 2
    cell.paste(picture, (left, top))
    draw = draws.Draw(cell)
    for meaning in ("ignore", "not_fall", None, "fall"):  # falls above all
        for box in [box for box in recording.boxes if known.meaning(box.name) == meaning]:
            _mark(draw, box, (left, top, picture.width, picture.height), meaning)
    fall = shows_fall(source.names, known)
    draw.text((0, _CELL[1] + 3), source.activity[:40], fill=_COLOURS["fall" if fall else "not_fall"], font_size=13)
    draw.text((0, _CELL[1] + 18), f"{source.subject}, {source.trial}"[:44], fill=_FAINT, font_size=11)
    return cell


def _mark(draw: Any, box: Box, place: tuple[int, int, int, int], meaning: Meaning | None) -> None:
    """A box with its name: a fall's above, any other's at its foot, so that both can be read where they mark one person."""
    left, top, width, height = place
    edges = (left + box.left * width, top + box.top * height, left + box.right * width - 1, top + box.bottom * height - 1)
    draw.rectangle(edges, outline=_COLOURS[meaning], width=2)
    at = max(edges[1] - 14, top) if meaning == "fall" else edges[3] - 14
    draw.rectangle((edges[0], at, edges[0] + draw.textlength(box.name, font_size=11) + 6, at + 14), fill=_COLOURS[meaning])
    draw.text((edges[0] + 3, at + 1), box.name, fill=_PAPER, font_size=11)


def _pillow() -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise UserError("a contact sheet needs Pillow; install it: pip install 'featherfall[video]'") from None
    return Image, ImageDraw
