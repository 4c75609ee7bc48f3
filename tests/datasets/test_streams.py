from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from featherfall.core.errors import UserError
from featherfall.datasets.streams import clock_of, images_in, read_clock, strictly


def test_equal_stamps_are_spread_up_to_the_next() -> None:
    np.testing.assert_allclose(strictly(np.array([0.0, 1.0, 1.0, 3.0])), [0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(strictly(np.array([0.0, 2.0, 4.0, 4.0])), [0.0, 2.0, 4.0, 5.0])  # the last by the median step


@given(some.lists(some.integers(0, 50), min_size=1, max_size=40))
def test_spread_stamps_increase_and_stay_in_place(ticks: list[int]) -> None:
    times = np.sort(np.asarray(ticks, dtype=float)) / 64
    spread = strictly(times)
    assert (np.diff(spread) > 0).all()
    first = np.diff(times, prepend=-1) > 0
    np.testing.assert_array_equal(spread[first], times[first])


def test_clocks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("2018-07-04T12:05:19.5,1\n2018-07-04T12:05:20,2\n")
    np.testing.assert_allclose(np.diff(read_clock(path)), [0.5])
    with pytest.raises(UserError, match=r"a\.csv: row 7: 'x' is not a date and time like 2018-07-04T12:05:19\.608268"):
        clock_of(path, ["x"], first_row=7)


def test_images_below_a_doubled_folder(tmp_path: Path) -> None:
    inner = tmp_path / "fall-01-cam0-rgb" / "fall-01-cam0-rgb"
    inner.mkdir(parents=True)
    for number in (2, 1):
        (inner / f"fall-01-cam0-rgb-{number:03}.png").touch()
    assert [path.stem[-3:] for path in images_in(tmp_path / "fall-01-cam0-rgb")] == ["001", "002"]
