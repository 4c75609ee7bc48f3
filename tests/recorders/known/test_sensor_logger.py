from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, in_g, of, read, total
from tests.recorders.samples import motion, ns, rows, sensor_logger, write

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.reading import ReadOptions, read_sensors

NEED = [Input(name="accelerometer", unit="g", channels=["x", "y", "z"])]
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


def turn(quaternion: np.ndarray) -> np.ndarray:
    """Return (N, 3, 3) from the device's frame to the Earth's, by the formula of Android's `SensorManager.getRotationMatrixFromVector`."""
    w, x, y, z = quaternion.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def android(folder: Path, seed: int, platform: str = "android", name: str = "Orientation") -> tuple[Path, np.ndarray]:
    """Write a phone that turns while it moves; returns the folder, and (N, 3) m/s2 that its accelerometer measured."""
    random = np.random.default_rng(seed)
    times = np.arange(500) / 50
    quaternion = random.standard_normal(4) + 0.3 * np.stack([np.sin(times * one) for one in random.uniform(0.2, 2, 4)], axis=1)
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    moved = random.standard_normal(3) * np.stack([np.sin(3 * times), np.cos(4 * times), np.sin(5 * times)], axis=1)  # Earth's frame, z up
    to_device = np.swapaxes(turn(quaternion), 1, 2)
    linear = (to_device @ moved[..., None])[..., 0]
    measured = (to_device @ (moved + np.array([0, 0, STANDARD_GRAVITY]))[..., None])[..., 0]
    folder.mkdir(exist_ok=True)
    write(folder / "Accelerometer.csv", [HEAD, *rows(ns(times), times, linear[:, ::-1])])
    head = "time,seconds_elapsed,qz,qy,qx,qw,roll,pitch,yaw"
    write(folder / f"{name}.csv", [head, *rows(ns(times), times, quaternion[:, ::-1], np.zeros((500, 3)))])
    if platform:
        write(folder / "Metadata.csv", ["version,device name,platform,appVersion", f"3,phone,{platform},1.64"])
    return folder, measured


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["Orientation", "GameOrientation"])
def test_gravity_follows_from_the_orientation_of_an_android_phone(seed: int, name: str, tmp_path: Path) -> None:
    folder, measured = android(tmp_path / "a", seed, name=name)
    recording = read_sensors(folder, NEED, ReadOptions())
    assert recording.recognised.startswith("Sensor Logger, phone; acceleration without gravity + gravity by the orientation = total; m/s2")
    np.testing.assert_allclose(recording.streams["accelerometer"].values, measured / STANDARD_GRAVITY, atol=1e-4)


@pytest.mark.parametrize("platform", ["ios", ""])
def test_the_orientation_of_another_system_is_not_used(platform: str, tmp_path: Path) -> None:
    folder, _ = android(tmp_path / "a", 0, platform)
    with pytest.raises(
        UserError, match=r"acceleration without gravity.* Gravity\.csv .* of an Android phone Orientation\.csv and Metadata\.csv"
    ):
        read_sensors(folder, NEED, ReadOptions())
    (folder / "Accelerometer.csv").unlink()
    assert answer("sensor-logger", folder) is None  # an orientation alone


def test_recorded_gravity_is_better_than_that_of_the_orientation(tmp_path: Path) -> None:
    folder, _ = android(tmp_path / "a", 0)
    sensor_logger(folder)
    write(folder / "Metadata.csv", ["version,platform", "3,Android"])
    assert "+ gravity = total" in read_sensors(folder, NEED, ReadOptions()).recognised


def test_orientation_in_json(tmp_path: Path) -> None:
    folder, measured = android(tmp_path / "a", 1)
    objects: list[dict[str, str]] = [{"sensor": "Metadata", "platform": "android"}]
    for name in ("Accelerometer", "Orientation"):
        head, *lines = (folder / f"{name}.csv").read_text().splitlines()
        objects += [{"sensor": name} | dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
    (tmp_path / "a.json").write_text(json.dumps(objects))
    recording = read_sensors(tmp_path / "a.json", NEED, ReadOptions())
    np.testing.assert_allclose(recording.streams["accelerometer"].values, measured / STANDARD_GRAVITY, atol=1e-4)
