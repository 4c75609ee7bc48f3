"""Open networks with LiteRT."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError


def open_net(path: str | Path, threads: int = 1) -> Any:
    """Return an interpreter of a .tflite file, tensors not yet allocated; raises `UserError` where LiteRT is missing or cannot open it."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise UserError("pose estimation needs LiteRT; install it: pip install 'featherfall[camera]'") from None
    with opening(path):
        return Interpreter(str(path), num_threads=threads)


@contextlib.contextmanager
def opening(path: str | Path) -> Iterator[None]:
    """Convert LiteRT's errors to `UserError`s, and keep its notes (which CPU it found) off stderr."""
    shown = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    except (ValueError, RuntimeError) as error:
        raise UserError(f"{path}: LiteRT cannot open it ({str(error).splitlines()[0]}); give a .tflite file") from error
    finally:
        os.dup2(shown, 2)
        os.close(shown)
        os.close(nowhere)
