from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, in_g, of, read, total
from tests.recorders.samples import motion, ns, rows, sensor_logger, write

from featherfall.core.units import STANDARD_GRAVITY

HEAD = "time,seconds_elapsed,z,y,x"
WATCH = "time,seconds_elapsed,gravityX,gravityY,gravityZ,accelerationX,accelerationY,accelerationZ"


def one(path: Path, values: np.ndarray) -> Path:
    fall = motion()
    return write(path, [HEAD, *rows(ns(fall.times), fall.times, values[:, ::-1])])


def test_acceleration_alone_is_without_gravity_and_says_where_that_is(tmp_path: Path) -> None:
    file = read("sensor-logger", one(tmp_path / "Accelerometer.csv", 9.81 * motion().linear))
    assert [series.sensor for series in file.series] == ["linear acceleration"]
    assert "Gravity.csv" in file.mend and file.title == "Sensor Logger, phone"


@pytest.mark.parametrize("name", ["Accelerometer.csv", "run.csv"])
def test_a_lively_recording_without_gravity_is_not_taken_for_one_in_g(name: str, tmp_path: Path) -> None:
    """Walking fast, its calm stretches show about 1 m/s2, which is the number of gravity in g."""
    times = np.arange(1500) / 50
    lively = 0.8 * np.stack([np.sin(11 * times), np.cos(11 * times), np.sin(17 * times)], axis=1)
    path = write(tmp_path / name, [HEAD, *rows(ns(times), times, lively)])
    assert [series.sensor for series in read("sensor-logger", path).series] == ["linear acceleration"]


def test_the_total_of_android_is_taken_alone(tmp_path: Path) -> None:
    sensor_logger(tmp_path)
    one(tmp_path / "TotalAcceleration.csv", STANDARD_GRAVITY * motion().total)
    one(tmp_path / "AccelerometerUncalibrated.csv", STANDARD_GRAVITY * motion().total)
    file = read("sensor-logger", tmp_path)
    assert [(series.sensor, series.unit) for series in file.series] == [("accelerometer", "m/s2")]


@pytest.mark.parametrize(("factor", "unit"), [(1.0, "g"), (STANDARD_GRAVITY, "m/s2")])
def test_the_unit_of_uncalibrated_values_follows_from_rest(factor: float, unit: str, tmp_path: Path) -> None:
    file = read("sensor-logger", one(tmp_path / "AccelerometerUncalibrated.csv", factor * motion().total))
    assert [(series.sensor, series.unit) for series in file.series] == [("accelerometer", unit)]


@pytest.mark.parametrize("factor", [1.0, STANDARD_GRAVITY])
def test_a_watch_beside_a_phone(factor: float, tmp_path: Path) -> None:
    sensor_logger(tmp_path)
    fall = motion()
    write(tmp_path / "WristMotion.csv", [WATCH, *rows(ns(fall.times), fall.times, factor * fall.gravity, factor * fall.linear)])
    file = read("sensor-logger", tmp_path)
    assert file.title == "Sensor Logger, phone and watch"
    assert {series.placement for series in file.series} == {"", "wrist"}
    np.testing.assert_allclose(total(file, "wrist")[1], fall.total, atol=1e-4)


def test_headphones_are_no_watch(tmp_path: Path) -> None:
    fall = motion()
    path = write(tmp_path / "Headphone.csv", [WATCH, *rows(ns(fall.times), fall.times, fall.gravity, fall.linear)])
    assert answer("sensor-logger", path) is None


def test_a_renamed_file_is_judged_at_rest(tmp_path: Path) -> None:
    file = read("sensor-logger", one(tmp_path / "monday.csv", STANDARD_GRAVITY * motion().total))
    np.testing.assert_allclose(in_g(of(file, "accelerometer")), motion().total, atol=1e-4)
    file = read("sensor-logger", one(tmp_path / "tuesday.csv", STANDARD_GRAVITY * motion().linear))
    assert of(file, "linear acceleration").unit == "m/s2"
    assert answer("sensor-logger", one(tmp_path / "wednesday.csv", 45 * motion().gravity)) is None  # a magnetometer


def test_the_name_decides_even_within_a_longer_one(tmp_path: Path) -> None:
    file = read("sensor-logger", one(tmp_path / "anna-Gravity.csv", motion().down))
    assert [series.sensor for series in file.series] == ["gravity"]
    file = read("sensor-logger", one(tmp_path / "Gyroscope.csv", motion().down))
    assert [(series.sensor, series.unit) for series in file.series] == [("gyroscope", "rad/s")]


def test_json(tmp_path: Path) -> None:
    fall = motion()
    objects = [
        {"sensor": name, "time": str(stamp), "seconds_elapsed": str(t), **dict(zip("xyz", map(str, row), strict=True))}
        for name, values in (("Accelerometer", fall.linear), ("Gravity", fall.gravity))
        for stamp, t, row in zip(ns(fall.times), fall.times, STANDARD_GRAVITY * values, strict=True)
    ]
    path = tmp_path / "2023.json"
    path.write_text(json.dumps([*objects, {"sensor": "Pedometer", "time": "1", "seconds_elapsed": "0", "steps": "3"}]))
    times, values = total(read("sensor-logger", path))
    np.testing.assert_allclose(values, fall.total, atol=1e-6)
    np.testing.assert_allclose(np.diff(times), 0.02, atol=1e-5)
