"""Read matrices of MATLAB files in a child process: SciPy's parser crashes on some damaged files."""

from __future__ import annotations

import io
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from featherfall.core.child import Child, ChildError, Refused
from featherfall.core.errors import UserError
from featherfall.core.files import open_file

_MOST_BYTES = 64 << 20  # the largest of UTD-MHAD has .5 MB
_SECONDS = 4.0  # SciPy's import included; a file takes milliseconds


def read_matrix(path: Path, key: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return one finite matrix of numbers; None in `shape` stands for any length.

    Raises: `UserError` for a truncated or foreign file, and for another shape; `ModuleNotFoundError` without SciPy.
    """
    if find_spec("scipy") is None:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
    if size > _MOST_BYTES:
        raise UserError(f"{path}: larger than {_MOST_BYTES / 1e6:.0f} MB; a recording has less, leave it out")
    try:
        packed = _CHILD(str(path.absolute()), key)
    except Refused as error:
        raise UserError(f"{path}: {error}; copy the original file again") from error
    except ChildError as error:
        raise UserError(f"{path}: cannot be read as a MATLAB file, its reader {error}; copy it again") from error
    values: np.ndarray = np.load(io.BytesIO(packed), allow_pickle=False)
    if values.ndim != len(shape) or any(want not in (None, have) for want, have in zip(shape, values.shape, strict=True)):
        expected = " x ".join("N" if size is None else str(size) for size in shape)
        raise UserError(f"{path}: {key!r} has the shape {values.shape}, expected {expected}; copy the original file again")
    if not np.isfinite(values).all():
        raise UserError(f"{path}: {key!r} holds values that are no finite numbers; leave the trial out")
    return values


def packed_matrix(path: str, key: str) -> bytes:
    """Return a matrix in NumPy's format. For the child process; raises `ValueError`, whose text goes into the message."""
    from scipy.io import loadmat

    try:
        content = loadmat(path, variable_names=[key])
    except MemoryError:
        raise
    except Exception as error:  # a damaged file breaks SciPy's parser in many ways
        raise ValueError("cannot be read as a MATLAB file, it may be cut off") from error
    if key not in content:
        raise ValueError(f"has no variable {key!r}")
    values = np.asarray(content[key])
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{key!r} holds values that are no finite numbers")
    out = io.BytesIO()
    np.save(out, values, allow_pickle=False)
    return out.getvalue()


_CHILD = Child("featherfall.datasets.mat:packed_matrix", _SECONDS, 6 * _MOST_BYTES)
