from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import read, samples, total
from tests.recorders.samples import iso, motion, rows, write

from featherfall.core.units import STANDARD_GRAVITY


def test_commas_and_other_names_of_the_times(tmp_path: Path) -> None:
    fall = motion()
    head = "GPS LATITUDE (degrees), TIME SINCE START (ms), DATE (YYYY-MO-DD HH-MI-SS_SSS), ACCELEROMETER X (m/s²) "
    head += ", ACCELEROMETER Y (m/s²), ACCELEROMETER Z (m/s²)"
    lines = rows(
        [51.5] * len(fall.times), 1000 * fall.times, [iso(t, "%Y-%m-%d %H:%M:%S:%f") for t in fall.times], STANDARD_GRAVITY * fall.total
    )
    times, values = total(read("androsensor", write(tmp_path / "a.csv", [head, *lines])))
    np.testing.assert_allclose(values, fall.total, atol=1e-5)
    np.testing.assert_allclose(times, fall.times, atol=1e-5)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    fall = motion()
    head = ";".join(f"ACCELEROMETER {axis} (m/s²)" for axis in "XYZ") + ";YYYY-MO-DD HH-MI-SS_SSS"
    lines = rows(STANDARD_GRAVITY * fall.total, [iso(t, "%Y-%m-%d %H:%M:%S:%f") for t in fall.times], delimiter=";")
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(["sep=;", head, *lines]).encode(encoding))
    times, values = total(read("androsensor", path))
    np.testing.assert_allclose(values, fall.total, atol=1e-5)
    np.testing.assert_allclose(times - times[0], fall.times, atol=1e-5)


def test_linear_acceleration_alone_is_without_gravity(tmp_path: Path) -> None:
    fall = motion()
    head = ";".join(f"LINEAR ACCELERATION {axis} (m/s²)" for axis in "XYZ") + ";Time since start in ms "
    file = read("androsensor", write(tmp_path / "a.csv", [head, *rows(STANDARD_GRAVITY * fall.linear, 1000 * fall.times, delimiter=";")]))
    assert [series.sensor for series in file.series] == ["linear acceleration"] and file.mend
    np.testing.assert_allclose(samples(file.series[0])[0], fall.times, atol=1e-5)
