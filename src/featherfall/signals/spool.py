"""Arrays that may be longer than the memory: written block by block, kept in memory as long as they are small, else in a temporary file."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from featherfall.core.errors import UserError

IN_MEMORY = 4 << 20  # bytes; two hours of three axes at 50 Hz
_BLOCK = 1 << 16  # samples of a long stream that are looked at together


class Spool:
    """A growing array of rows. Its temporary file has no name and is gone with the last array of it, however the program ends."""

    def __init__(self, dtype: type, columns: int | None = None, in_memory: int = IN_MEMORY) -> None:
        """Arguments:
        columns: of a row; None for an array of one dimension.
        in_memory: bytes beyond which the rows go to a file.
        """
        self._dtype = np.dtype(dtype)
        self._row: tuple[int, ...] = () if columns is None else (columns,)
        self._limit, self._size = in_memory, 0
        self._parts: list[np.ndarray] = []
        self._file: BinaryIO | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._size // (self._dtype.itemsize * int(np.prod(self._row, initial=1)))

    def add(self, rows: np.ndarray) -> None:
        """Append rows, (n,) or (n, columns). Raises `UserError` when the disk of temporary files is full."""
        rows = np.ascontiguousarray(rows, dtype=self._dtype)
        if not rows.size:
            return
        self._size += rows.nbytes
        if self._file is None:
            self._parts.append(rows)
            if self._size > self._limit:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed in `array`)
                self._write(self._parts)
                self._parts = []
        else:
            self._write([rows])

    def array(self) -> np.ndarray:
        """Return all rows, in memory or as a writable map of the file; nothing can be added afterwards."""
        if self._file is None:
            return np.concatenate([np.zeros((0, *self._row), self._dtype), *self._parts])
        with self._file as file:
            return np.frombuffer(mmap.mmap(file.fileno(), 0), self._dtype).reshape(-1, *self._row)

    def _write(self, parts: list[np.ndarray]) -> None:
        assert self._file is not None
        try:
            for part in parts:
                left = part.data.cast("B")
                while left:
                    left = left[self._file.write(left) :]
        except OSError as error:
            self._file.close()
            full = f"{tempfile.gettempdir()}: the samples cannot be kept there ({error.strerror})"
            raise UserError(f"{full}; set TMPDIR to a folder with free space") from error


def release(*arrays: np.ndarray) -> None:
    """Give the memory of arrays that lie in a file back to the system; they are read again when they are needed."""
    for array in arrays:
        base: object = array
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, memoryview):
            base = base.obj
        if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):
            base.madvise(mmap.MADV_DONTNEED)


def stretches(times: np.ndarray, gap: float) -> Iterator[tuple[float, float]]:
    """Yield the first and the last time of each stretch without a step longer than `gap`; single samples between two gaps are left out.

    Arguments:
        times: (N,) s, increasing, N >= 1.
    """
    start = previous = float(times[0])
    for at in range(0, len(times), _BLOCK):
        block = np.concatenate([[previous], times[at : at + _BLOCK]])
        release(times)
        for k in np.flatnonzero(np.diff(block) > gap):
            if block[k] > start:
                yield start, float(block[k])
            start = float(block[k + 1])
        previous = float(block[-1])
    if previous > start:
        yield start, previous
