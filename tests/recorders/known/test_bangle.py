from __future__ import annotations

from pathlib import Path

from tests.recorders.reading import answer, of, read
from tests.recorders.samples import bangle, motion, rows, write


def test_counts_and_place_are_known(tmp_path: Path) -> None:
    series = of(read("bangle", bangle(tmp_path).path), "accelerometer")
    assert (series.unit, series.counts_per_g, series.placement) == ("count", 8192.0, "wrist")


def test_its_names_in_another_unit_are_another_programs(tmp_path: Path) -> None:
    fall = motion(12.5)
    assert answer("bangle", write(tmp_path / "a.csv", ["Time (ms),X,Y,Z", *rows(1000 * fall.times, 9.81 * fall.total)])) is None
