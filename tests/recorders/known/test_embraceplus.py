from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, in_g, of, read
from tests.recorders.samples import motion, rows, write

from featherfall.core.errors import UserError


def test_counts_of_scripts_that_do_not_convert(tmp_path: Path) -> None:
    fall = motion(64.0)
    stamps = [1_700_000_000_000_000 + round(1e6 * t) for t in fall.times]
    path = write(tmp_path / "accelerometer.csv", ["unix_timestamp,x,y,z", *rows(stamps, np.round(2048 * fall.total).astype(int))])
    series = of(read("embraceplus", path), "accelerometer")
    assert (series.unit, series.counts_per_g) == ("count", 2048.0)
    np.testing.assert_allclose(in_g(series), fall.total, atol=1e-3)


def test_avro_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "1-1-100_1700000000.avro").write_bytes(b"Obj\x01\x04\x14avro.codec")
    for path in (tmp_path, tmp_path / "1-1-100_1700000000.avro"):
        error = answer("embraceplus", path)
        assert isinstance(error, UserError) and "accelerometer.csv" in str(error)


def test_the_gyroscope_is_not_taken_for_an_accelerometer(tmp_path: Path) -> None:
    fall = motion(64.0)
    assert answer("embraceplus", write(tmp_path / "gyroscope.csv", ["unix_timestamp,x,y,z", *rows(1e6 * fall.times, fall.total)])) is None
