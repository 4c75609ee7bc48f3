"""Write films as MP4 and as contact sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write

from ..world.motion import SIM_RATE, Motion
from .raster import Renderer

if TYPE_CHECKING:
    from PIL.Image import Image

_INSTALL = "give `pip install 'featherfall[sim]'`"


def write_film(path: str | Path, frames: Iterable[np.ndarray], rate: float = 30.0) -> Path:
    """Write images (H, W, 3) uint8 of one even size as MP4 (H.264, yuv420p) at `rate` Hz, whole or not at all.

    Raises `UserError` where PyAV is not installed, there is no picture, a side is odd, or the folder cannot be written.
    """
    try:
        import av
    except ImportError:
        raise UserError(f"{path}: a film needs the package av; {_INSTALL}") from None
    path = Path(path)
    if rate <= 0:
        raise UserError(f"{path}: {rate} pictures a second; give more than 0")
    with atomic_write(path) as file, av.open(file, "w", format="mp4") as container:
        stream = None
        for frame in frames:
            if stream is None:
                height, width = frame.shape[:2]
                if height % 2 or width % 2:
                    raise UserError(f"{path}: pictures of {width} x {height}; H.264 needs even numbers of pixels")
                stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.options = {"crf": "20", "preset": "veryfast", "threads": "1"}  # one thread: the same bytes every time
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        if stream is None:
            raise UserError(f"{path}: no pictures to write; the motion is empty")
        container.mux(stream.encode())
    return path


def image_grid(images: Sequence[np.ndarray], columns: int, labels: Sequence[str] = ()) -> Image:
    """Arrange images (H, W, 3) uint8 of one size on white, `columns` in a row, each with a small caption below it.

    Raises `UserError` where Pillow is not installed, or there is nothing to show.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise UserError(f"a contact sheet needs the package pillow; {_INSTALL}") from None
    if not images or columns < 1:
        raise UserError(f"contact sheet: {len(images)} pictures in {columns} columns; give at least one of each")
    height, width = images[0].shape[:2]
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    letter = max(10, round(height / 18))
    gap, caption = max(4, round(width / 30)), round(letter * 1.6) if labels else 0
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + caption + gap) + gap), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=letter)
    for index, image in enumerate(images):
        left, top = gap + index % columns * (width + gap), gap + index // columns * (height + caption + gap)
        sheet.paste(Image.fromarray(image), (left, top))
        if index < len(labels):
            draw.text((left + width / 2, top + height + caption / 2), labels[index], fill=(70, 70, 70), font=font, anchor="mm")
    return sheet


def motion_sheet(motion: Motion, renderer: Renderer, moments: Sequence[float], columns: int | None = None) -> Image:
    """Render a motion at some moments (s; beyond its end: the last pose) as one captioned sheet, in one row or `columns`.

    The captions of the images nearest to a fall's onset and impact name it.
    """
    poses = np.clip(np.round(np.asarray(moments, dtype=float) * SIM_RATE), 0, len(motion.positions) - 1).astype(int)
    labels = [f"{pose / SIM_RATE:.2f} s" for pose in poses]
    if motion.fall is not None and len(poses):
        for word, time in (("onset", motion.fall.onset), ("impact", motion.fall.impact)):
            if time is not None:
                nearest = int(np.abs(poses / SIM_RATE - time).argmin())
                if abs(poses[nearest] / SIM_RATE - time) < 0.05:
                    labels[nearest] += f", {word}"
    return image_grid([renderer.frame(motion.positions[pose], motion.rotations[pose]) for pose in poses], columns or len(poses), labels)
