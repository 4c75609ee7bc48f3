from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, of, read, total
from tests.recorders.samples import iso, motion, rows, write

from featherfall.core.errors import UserError

DATE = "%Y-%m-%d %H:%M:%S.%f"


@pytest.mark.parametrize("header", [True, False])
def test_the_ax6_has_a_gyroscope(header: bool, tmp_path: Path) -> None:
    fall = motion(100.0)
    names = ["Time,Accel-X (g), Accel-Y (g), Accel-Z (g), Gyro-X (d/s), Gyro-Y (d/s), Gyro-Z (d/s)"] if header else []
    path = write(tmp_path / "a.csv", [*names, *rows([iso(t, DATE) for t in fall.times], fall.total, 50 * fall.total)])
    file = read("axivity", path)
    assert file.title == "Axivity AX6" and of(file, "gyroscope").unit == "deg/s"
    np.testing.assert_allclose(total(file)[1], fall.total, atol=1e-5)


def test_light_temperature_and_battery_are_no_gyroscope(tmp_path: Path) -> None:
    fall = motion(100.0)
    path = write(tmp_path / "a.csv", rows([iso(t, DATE) for t in fall.times], fall.total, np.abs(100 * fall.total)))
    assert [series.sensor for series in read("axivity", path).series] == ["accelerometer"]


@pytest.mark.parametrize("factor", [9.81, 0.1, 1000.0])
def test_rows_that_are_not_in_g_are_some_other_loggers(factor: float, tmp_path: Path) -> None:
    fall = motion()
    assert answer("axivity", write(tmp_path / "a.csv", rows([iso(t, DATE) for t in fall.times], factor * fall.total))) is None


def test_means_per_epoch_are_refused(tmp_path: Path) -> None:
    error = answer("axivity", write(tmp_path / "a.csv", ["Time, Mean SVM (g)", *[f"{iso(i, DATE)},0.0213" for i in range(60)]]))
    assert isinstance(error, UserError) and "Raw CSV" in str(error)
