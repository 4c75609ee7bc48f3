"""Films for tests: pictures of plain gray that tell their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

STEP = 6  # gray levels from one picture to the next; H.264 keeps plain gray to about one


def gray_film(path: Path, count: int = 30, rate: int = 10, size: int = 32) -> Path:
    """An mp4 of `count` pictures at `rate` Hz."""
    pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
    from featherfall.sim.film.film import write_film

    return write_film(path, (np.full((size, size, 3), 10 + STEP * i, np.uint8) for i in range(count)), rate)


def number(picture: np.ndarray) -> int:
    """Which picture of a gray film it is."""
    return round((float(picture.mean()) - 10) / STEP)
