"""What every part of the corpus is written with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fuzz.doors import CORPUS

RESTING = np.random.default_rng(0).normal([0.0, 0.6, 0.8], 0.01, (30, 3))


def put(name: str, data: bytes | str) -> Path:
    """Write one file of the corpus."""
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
