"""Save and load tensors; files are written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from featherfall.core.files import atomic_write


def save_tensors(path: Path, value: Any) -> None:
    """Write tensors (or a tree of them). Serialised in memory first, because torch's error for a full disk does not name the cause."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with atomic_write(path) as file:
        file.write(buffer.getbuffer())


def load_tensors(path: Path) -> Any:
    """Read what `save_tensors` wrote; tensors and plain values only, never code."""
    return torch.load(path, weights_only=True)
