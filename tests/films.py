"""Films for tests: pictures of plain gray that tell their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

STEP = 6  # gray levels from one picture to the next; H.264 keeps plain gray to about one


def halves(level: int, height: int, width: int, by: int = 20) -> np.ndarray:
    """A picture whose left half is brighter and whose right half is darker than a gray level, so that it is not blank."""
    picture = np.full((height, width, 3), level - by, np.uint8)
    picture[:, : width // 2] = level + by
    return picture


def gray_film(path: Path, count: int = 30, rate: int = 10, size: int = 32, by: int = 0) -> Path:
    """An mp4 of `count` pictures at `rate` Hz; by: as of `halves`."""
    pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
    from featherfall.sim.film.film import write_film

    return write_film(path, (halves(10 + by + STEP * i, size, size, by) for i in range(count)), rate)


def number(picture: np.ndarray) -> int:
    """Which picture of a gray film it is."""
    return round((float(picture.mean()) - 10) / STEP)
