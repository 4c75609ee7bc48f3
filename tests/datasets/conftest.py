"""Real recordings where this machine has them, and tiny ones in the same formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

REAL = Path(os.environ.get("FEATHERFALL_REAL_DATA", "~/.cache/featherfall/real")).expanduser()


@pytest.fixture(scope="session")
def real() -> Callable[[str], Path]:
    """The folder that holds a real dataset; skips the test where it is absent."""

    def find(name: str) -> Path:
        if not (REAL / name).is_dir():
            pytest.skip(f"no {REAL / name}; set FEATHERFALL_REAL_DATA to the folder of the real datasets")
        return REAL

    return find


@pytest.fixture
def resting() -> np.ndarray:
    """(40, 3) g: a wrist at rest with a little noise."""
    return np.random.default_rng(0).normal([0.0, 0.6, 0.8], 0.01, (40, 3))
