from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, of, read, total
from tests.recorders.samples import motion, rows, write

from featherfall.core.units import STANDARD_GRAVITY


def header(name: str, unit: str = "m/s^2", delimiter: str = ",") -> str:
    return delimiter.join(f'"{one}"' for one in ("Time (s)", *(f"{name} {axis} ({unit})" for axis in "xyz")))


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters(delimiter: str, tmp_path: Path) -> None:
    fall = motion()
    path = write(
        tmp_path / "a.csv",
        [header("Acceleration", delimiter=delimiter), *rows(fall.times, STANDARD_GRAVITY * fall.total, delimiter=delimiter)],
    )
    np.testing.assert_allclose(total(read("phyphox", path))[1], fall.total, atol=1e-4)


def test_translated_names(tmp_path: Path) -> None:
    fall = motion()
    for name, sensor in (("Beschleunigung", "accelerometer"), ("Lineare Beschleunigung", "linear acceleration")):
        head = header(name, delimiter=";").replace("Time", "Zeit")
        path = write(tmp_path / "a.csv", [head, *rows(fall.times, STANDARD_GRAVITY * fall.total, delimiter=";")])
        assert [series.sensor for series in read("phyphox", path).series] == [sensor]


def test_linear_acceleration_is_never_an_accelerometer(tmp_path: Path) -> None:
    fall = motion()
    path = write(tmp_path / "a.csv", [header("Linear Acceleration"), *rows(fall.times, STANDARD_GRAVITY * fall.linear)])
    file = read("phyphox", path)
    assert [series.sensor for series in file.series] == ["linear acceleration"] and "Acceleration with g" in file.mend


def test_a_zip_with_several_sensors(tmp_path: Path) -> None:
    fall = motion()
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, unit, values in (("Accelerometer", "m/s^2", STANDARD_GRAVITY * fall.total), ("Gyroscope", "rad/s", fall.total)):
            column = "Acceleration" if name == "Accelerometer" else name
            archive.writestr(f"{name}.csv", "\n".join([header(column, unit), *rows(fall.times, values)]))
        archive.writestr("meta/device.csv", '"property","value"\n"version","1.1.11"\n')
        archive.writestr("meta/time.csv", '"event","experiment time","system time"\n"START",0,1.7\n')
    file = read("phyphox", path)
    assert of(file, "accelerometer").unit == "m/s2" and of(file, "gyroscope").unit == "rad/s"


def test_another_table_with_a_time_is_not_claimed(tmp_path: Path) -> None:
    assert answer("phyphox", write(tmp_path / "a.csv", ["time,acceleration x,acceleration y,acceleration z", "0,1,2,3", "1,1,2,3"])) is None
