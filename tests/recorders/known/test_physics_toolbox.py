from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, of, read, samples, total
from tests.recorders.samples import iso, motion, rows, write

from featherfall.core.units import STANDARD_GRAVITY


@pytest.mark.parametrize("last", ["aT", "atotal"])
def test_the_linear_accelerometer_is_without_gravity(last: str, tmp_path: Path) -> None:
    fall = motion()
    path = write(tmp_path / "a.csv", [f"time,ax,ay,az,{last}", *rows(fall.times, STANDARD_GRAVITY * fall.linear, fall.times)])
    file = read("physics-toolbox", path)
    assert [(series.sensor, series.unit) for series in file.series] == [("linear acceleration", "m/s2")] and "G-Force" in file.mend


def test_the_same_columns_with_gravity_are_an_accelerometer(tmp_path: Path) -> None:
    fall = motion()
    path = write(tmp_path / "a.csv", ["time,ax,ay,az,aT", *rows(fall.times, STANDARD_GRAVITY * fall.total, fall.times)])
    np.testing.assert_allclose(total(read("physics-toolbox", path))[1], fall.total, atol=1e-4)


def test_multi_record_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    fall = motion()
    lines = rows(fall.times, fall.total, STANDARD_GRAVITY * fall.linear, fall.total, delimiter=";")
    path = write(tmp_path / "a.csv", ["time;gFx;gFy;gFz;ax;ay;az;wx;wy;wz", *(line.replace(".", ",") for line in lines)])
    file = read("physics-toolbox", path)
    assert {series.sensor for series in file.series} == {"accelerometer", "linear acceleration", "gyroscope"}
    np.testing.assert_allclose(total(file)[1], fall.total, atol=1e-5)


def test_times_of_day(tmp_path: Path) -> None:
    fall = motion()
    path = write(tmp_path / "a.csv", ["time,gFx,gFy,gFz,TgF", *rows([iso(t, "%H:%M:%S:%f") for t in fall.times], fall.total, fall.times)])
    times, _ = samples(of(read("physics-toolbox", path), "accelerometer"))
    np.testing.assert_allclose(times - times[0], fall.times, atol=1e-6)


def test_plain_axes_are_not_claimed(tmp_path: Path) -> None:
    fall = motion()
    assert answer("physics-toolbox", write(tmp_path / "a.csv", ["time,ax,ay,az", *rows(fall.times, fall.total)])) is None
