"""What a detector found, drawn: boxes in pictures and films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from featherfall.runtime.camera import Shown
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.sinks.draw import RED, Colour, Painter

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

UPRIGHT: Colour = (64, 196, 255)


class BoxPainter(Painter):
    """As `Painter`, of a detector's people: boxes in the track's colour, thick and red while the person looks fallen."""

    def _person(self, pen: ImageDraw, one: Shown, tone: Colour, scale: float) -> None:
        fallen = (one.probability or 0.0) >= 0.5
        box = [float(side) for side in one.pose.box * scale]
        pen.rectangle(box, outline=(*(RED if fallen else tone), 255), width=round((2.5 if fallen else 1.5) * 2 * max(scale / 2, 1)))


def draw_found(image: np.ndarray, found: Sequence[Found], positive: str) -> np.ndarray:
    """One picture with its boxes, names and scores; those of `positive` in red.

    Arguments:
        image: (H, W, 3) uint8 RGB.
    Returns: the same shape.
    """
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.fromarray(image)
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    letter = max(11, round(0.03 * min(width, height)))
    font = ImageFont.load_default(size=letter)
    for one in reversed(list(found)):
        tone = RED if one.name == positive else UPRIGHT
        left, top, right, bottom = (side * whole for side, whole in zip(one.box, (width, height, width, height), strict=True))
        pen.rectangle([left, top, right, bottom], outline=tone, width=max(2, round(letter / 6)))
        text = f"{one.name} {one.score:.2f}"
        long, tall = pen.textlength(text, font=font) + 0.6 * letter, 1.4 * letter
        x, y = min(max(left, 0), max(width - long, 0)), top - tall if top >= tall else min(top, height - tall)
        pen.rectangle([x, y, x + long, y + tall], fill=tone)
        pen.text((x + 0.3 * letter, y + tall / 2), text, fill=(255, 255, 255) if tone == RED else (16, 18, 22), font=font, anchor="lm")
    return np.asarray(canvas)
