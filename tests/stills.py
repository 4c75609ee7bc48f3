"""Pictures for tests: plain colours with a bright box, written as any kind of file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


def still(path: Path, width: int = 40, height: int = 30, colour: tuple[int, int, int] = (200, 40, 40), orientation: int = 1) -> Path:
    """A picture file of one colour by its ending, a white block in its first quarter (as stored)."""
    image = np.zeros((height, width, 3), np.uint8) + np.array(colour, np.uint8)
    image[: height // 2, : width // 2] = 255
    return write(path, image, orientation)


def write(path: Path, image: np.ndarray, orientation: int = 1) -> Path:
    """(H, W, 3) uint8 RGB as a file, with EXIF's orientation where it is not 1."""
    pillow = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'featherfall[video]'")
    path.parent.mkdir(parents=True, exist_ok=True)
    settings: dict[str, object] = {".webp": {"lossless": True}, ".jpg": {"quality": 95, "subsampling": 0}}.get(path.suffix, {})
    if orientation != 1:
        exif = pillow.Exif()
        exif[0x112] = orientation
        settings = settings | {"exif": exif}
    pillow.fromarray(image).save(path, **settings)
    return path


def scene(seed: int, width: int = 48, height: int = 40) -> np.ndarray:
    """(height, width, 3) uint8: smooth light that differs from seed to seed, and looks alike under a little noise."""
    coarse = np.random.default_rng(seed).integers(0, 255, (8, 9, 3))
    return np.kron(coarse, np.ones((-(-height // 8), -(-width // 9), 1)))[:height, :width].astype(np.uint8)
