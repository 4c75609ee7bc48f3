"""Try a model that is opened for the first time in a child process: one window, in bounded time and memory.

A graph of a few bytes may compute for ever or fill the memory, when it is run or as early as it is optimised, and some damaged ones crash
ONNX Runtime. A model that passed is not tried again on this machine; those that ship with the package are not tried at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from featherfall.core.child import Child, ChildError, Refused
from featherfall.core.errors import UserError
from featherfall.core.files import digest
from featherfall.core.manifest import Manifest
from featherfall.runtime.onnx_file import external_files
from featherfall.runtime.session import fits, open_session, window_arrays

_MOST_BYTES = 1 << 30
_SECONDS = 4.0  # of computing; the slowest bundled model takes .05 s on a Raspberry Pi 4
_BYTES_PER_SECOND = 5_000_000  # more time for a larger file
_MEMORY = 400 << 20  # bytes, and `_COPIES` of the file: its weights as read, as optimised, and packed for the processor
_COPIES = 4


def try_model(file: Path, manifest: Manifest, known: Path | None = None) -> None:
    """Run one window through a model in a child process, unless it has passed before.

    Arguments:
        file: whose digest has been checked against the manifest's.
        known: folder in which models that passed are noted; None takes ~/.cache/featherfall/models.
    Raises: `UserError` for a model that crashes, takes too long or too much memory, or refers to other files.
    """
    shapes = {name: (str(window.dtype), list(window.shape)) for name, window in window_arrays(manifest).items()}
    with trying(file, digest([manifest.sha256[file.name], repr(sorted(shapes.items()))]), known) as size:
        if size is None:
            return
        _refuse_other_files(file)
        with trial_child(size) as child:
            try:
                child(str(file.absolute()), shapes)
            except Refused as error:
                raise UserError(f"{file}: ONNX Runtime cannot run it ({error}); update onnxruntime, or export the bundle again") from error
            except ChildError as error:
                raise UserError(f"{file}: one window {error}, so it is not used; export the bundle again") from error


@contextlib.contextmanager
def trying(file: Path, key: str, known: Path | None = None) -> Iterator[int | None]:
    """Yield the bytes of a model that is to be tried, None where it has passed before; note that it passed where nothing is raised.

    Arguments:
        key: of the file's content and of how it is run; a file name.
        known: as in `try_model`.
    Raises: `UserError` for a file that is too large.
    """
    folder = Path.home() / ".cache" / "featherfall" / "models" if known is None else known
    passed = folder / key
    if passed.is_file():
        yield None
        return
    size = file.stat().st_size
    if size > _MOST_BYTES:
        raise UserError(f"{file}: larger than {_MOST_BYTES / 1e6:.0f} MB; no model for a small device is")
    yield size
    with contextlib.suppress(OSError):  # it is only tried again
        folder.mkdir(parents=True, exist_ok=True)
        passed.touch()


@contextlib.contextmanager
def trial_child(size: int, function: str = "featherfall.runtime.trial:run_once") -> Iterator[Child]:
    """Yield the child process of a function for a model of `size` bytes; it ends with its model, as a small board has no memory to spare
    for it."""
    child = Child(function, _SECONDS + size / _BYTES_PER_SECOND, _MEMORY + _COPIES * size)
    try:
        yield child
    finally:
        child.close()


def run_once(file: str, shapes: Mapping[str, tuple[str, list[int]]]) -> bytes:
    """Open a model and run one window of zeros. For the child process; raises `ValueError` with the reason."""
    try:
        session = open_session(Path(file))
        graph = {one.name: one.shape for one in session.get_inputs()}
        if graph.keys() == shapes.keys() and all(
            fits(graph[name][1:], shape[1:]) for name, (_, shape) in shapes.items()
        ):  # else refused later
            session.run(None, {name: np.zeros(shape, dtype) for name, (dtype, shape) in shapes.items()})
    except Exception as error:
        if "bad_alloc" in str(error) or "Failed to allocate memory" in str(error):
            raise MemoryError from error
        raise ValueError(next(iter(str(error).splitlines()), "no reason given")) from error
    return b""


def _refuse_other_files(file: Path) -> None:
    try:
        others = external_files(file.read_bytes())
    except ValueError as error:
        raise UserError(f"{file}: not an ONNX model ({error}); copy the bundle again or re-export it") from error
    if others:
        raise UserError(f"{file}: its weights are in another file ({others[0]!r}), which no digest covers; export it as one file")
