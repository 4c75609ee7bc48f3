from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from featherfall.recorders import turned
from featherfall.recorders.recorder import Block
from featherfall.signals.spool import IN_MEMORY


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_rows_come_from_the_last_to_the_first(sizes: list[int]) -> None:
    times = np.arange(sum(sizes), dtype=np.float64)
    rows = turned.Turned(2)
    at = 0
    for size in sizes:
        part = times[at : at + size]
        rows.add(Block(2 + at, part, np.stack([part, -part], axis=1)))
        at += size
    given_back = [(t, v, r) for part in rows.blocks() for t, v, r in zip(*part, strict=True)]
    assert [t for t, *_ in given_back] == times[::-1].tolist()
    assert all(v.tolist() == [t, -t] and r == t + 2 for t, v, r in given_back)


def test_rows_on_disk_come_back_too() -> None:
    count = IN_MEMORY // 24 + 1000
    rows = turned.Turned(3)
    rows.add(Block(2, np.arange(count, 0, -1, dtype=np.float64), np.zeros((count, 3))))
    parts = list(rows.blocks())
    assert max(len(part[0]) for part in parts) == turned.ROWS
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), np.arange(1, count + 1))
    assert parts[0][2][0] == count + 1 and parts[-1][2][-1] == 2
