"""Open networks with LiteRT; those that are not known are tried in a child process first, as damaged ones can crash it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.child import ChildError, Refused
from featherfall.core.errors import UserError
from featherfall.core.files import digest, sha256
from featherfall.runtime.perceive.weights import KNOWN
from featherfall.runtime.trial import trial_child, trying

_OPEN_SIDE = 256  # pixels of an input's side that the file leaves open, for the trial


def open_net(path: str | Path, threads: int = 1) -> Any:
    """Return an interpreter of a .tflite file, tensors not yet allocated.

    Raises: `UserError` where LiteRT is missing or cannot open it, and for a file that crashes it, takes too long or too much memory.
    """
    interpreter = _interpreter()
    _try_net(Path(path))
    with opening(path):
        return interpreter(str(path), num_threads=threads)


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


def run_net_once(file: str) -> bytes:
    """Open a network and run it on zeros. For the child process."""
    net = _interpreter()(file, num_threads=1)
    for one in net.get_input_details():
        shape = [int(side) for side in one.get("shape_signature", one["shape"])]
        if -1 in shape[1:]:
            net.resize_tensor_input(one["index"], [1, *(_OPEN_SIDE if side == -1 else side for side in shape[1:])])
    net.allocate_tensors()
    for one in net.get_input_details():
        net.set_tensor(one["index"], np.zeros(one["shape"], one["dtype"]))
    net.invoke()
    return b""


def _interpreter() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise UserError("pose estimation needs LiteRT; install it: pip install 'featherfall[camera]'") from None
    return Interpreter


def _try_net(file: Path) -> None:
    """Run a network on zeros in a child process, unless its content is known or has passed before."""
    if not file.is_file():  # LiteRT says so
        return
    content = sha256(file)
    if content in {one.sha256 for one in KNOWN.values()}:
        return
    with trying(file, digest([content, "litert"])) as size:
        if size is None:
            return
        with trial_child(size, f"{__name__}:run_net_once") as child:
            try:
                child(str(file.absolute()))
            except Refused as error:
                reason = next(iter(str(error).splitlines()), "no reason given")
                raise UserError(f"{file}: LiteRT cannot open it ({reason}); give a .tflite file") from error
            except ChildError as error:
                raise UserError(f"{file}: one picture {error}, so it is not used; download the file again") from error
