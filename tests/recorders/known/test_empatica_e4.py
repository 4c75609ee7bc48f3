from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, samples
from tests.recorders.samples import write

from featherfall.core.errors import UserError


def test_the_first_sample_is_at_the_start(tmp_path: Path) -> None:
    path = write(tmp_path / "ACC.csv", ["1551453301.000000, 1551453301.000000, 1551453301.000000", "32.0, 32.0, 32.0", *["-1,65,5"] * 64])
    series = of(read("empatica-e4", path), "accelerometer")
    times, values = samples(series)
    assert len(times) == 64 and times[0] == 1_551_453_301 and times[32] == 1_551_453_302
    np.testing.assert_allclose(values[0], (-1 / 64, 65 / 64, 5 / 64))
    assert (series.unit, series.rate, series.placement) == ("g", 32.0, "wrist")


def test_saved_again_with_semicolons(tmp_path: Path) -> None:
    path = write(tmp_path / "ACC.csv", ["1551453301;1551453301;1551453301", "32;32;32", *["-1;65;5"] * 64])
    assert of(read("empatica-e4", path), "accelerometer").rate == 32.0


def test_other_sensors_are_refused(tmp_path: Path) -> None:
    error = answer("empatica-e4", write(tmp_path / "BVP.csv", ["1551453301.000000", "64.000000", *["-0.12"] * 64]))
    assert isinstance(error, UserError) and "ACC.csv" in str(error)


def test_any_table_of_three_columns_is_not_claimed(tmp_path: Path) -> None:
    assert answer("empatica-e4", write(tmp_path / "a.csv", ["1,1,1", "32,32,32", *["-1,65,5"] * 64])) is None
    assert answer("empatica-e4", write(tmp_path / "b.csv", ["0.1,0.2,0.9", "0.1,0.1,0.9", *["-1,65,5"] * 64])) is None
