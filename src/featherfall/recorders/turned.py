"""Rows from the last to the first: files whose newest sample comes first; on disk while they are large."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from featherfall.recorders.recorder import Block
from featherfall.signals.spool import Spool, release

ROWS = 1 << 15  # given back together


class Turned:
    """Keep blocks of rows, and give them back from the last row to the first; memory is bounded."""

    def __init__(self, channels: int) -> None:
        self._times, self._values, self._rows = Spool(np.float64), Spool(np.float64, channels), Spool(np.int64)

    def add(self, block: Block) -> None:
        """Take consecutive rows. Raises `UserError` when the disk of temporary files is full."""
        self._times.add(block.times)
        self._values.add(block.values)
        self._rows.add(block.row + np.arange(len(block.times)))

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield times (N,), values (N, C) and their rows (N,); nothing can be added afterwards."""
        arrays = self._times.array(), self._values.array(), self._rows.array()
        for end in range(len(arrays[0]), 0, -ROWS):
            times, values, rows = (np.array(one[max(end - ROWS, 0) : end][::-1]) for one in arrays)
            yield times, values, rows
            release(*arrays)
