from __future__ import annotations

import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.signals.spool import Spool, release, stretches


@given(sizes=st.lists(st.integers(0, 50), max_size=20), limit=st.integers(0, 3000), columns=st.sampled_from([None, 1, 3]))
def test_all_rows_come_back_in_order(sizes: list[int], limit: int, columns: int | None) -> None:
    spool = Spool(np.float32, columns, in_memory=limit)
    total = sum(sizes)
    rows = np.arange(total * (columns or 1), dtype=np.float32).reshape(total, *([] if columns is None else [columns]))
    for first, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        spool.add(rows[first : first + size])
    assert len(spool) == total
    found = spool.array()
    np.testing.assert_array_equal(found, rows)
    release(found)
    np.testing.assert_array_equal(found, rows)  # read again from the file


def test_what_is_written_to_a_released_array_stays() -> None:
    spool = Spool(np.float64, in_memory=0)
    spool.add(np.arange(10_000.0))
    found = spool.array()
    found[5000] = -1
    release(found)
    assert found[5000] == -1


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> object:
        return open("/dev/full", "w+b", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(UserError, match=r"the samples cannot be kept there \(No space left on device\); set TMPDIR"):
        Spool(np.float64, in_memory=0).add(np.zeros(10))


@given(steps=st.lists(st.sampled_from([0.1, 0.2, 5.0]), max_size=30))
def test_stretches_hold_no_long_step_and_leave_out_single_samples(steps: list[float]) -> None:
    times = np.concatenate([[0.0], np.cumsum(steps)])
    pieces = np.split(times, np.flatnonzero(np.diff(times) > 1) + 1)
    assert list(stretches(times, 1.0)) == [(piece[0], piece[-1]) for piece in pieces if len(piece) > 1]
