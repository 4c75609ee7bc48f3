from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import of, read, samples, total
from tests.recorders.samples import iso, motion, rows, write


def test_an_old_header_without_units(tmp_path: Path) -> None:
    fall = motion()
    head = "loggingTime,accelerometerTimestamp_sinceReboot,accelerometerAccelerationX,accelerometerAccelerationY,accelerometerAccelerationZ"
    path = write(tmp_path / "a.csv", [head, *rows([iso(t) for t in fall.times], fall.times + 100, fall.total)])
    times, values = total(read("sensorlog", path))
    np.testing.assert_allclose(values, fall.total, atol=1e-5)
    np.testing.assert_allclose(times, fall.times + 100, atol=1e-5)


def test_gravity_follows_from_roll_and_pitch(tmp_path: Path) -> None:
    fall = motion()
    pitch = -np.arcsin(fall.gravity[:, 1])
    roll = np.arctan2(fall.gravity[:, 0], -fall.gravity[:, 2])
    head = (
        "loggingTime(txt),motionUserAccelerationX(G),motionUserAccelerationY(G),motionUserAccelerationZ(G),motionRoll(rad),motionPitch(rad)"
    )
    path = write(tmp_path / "a.csv", [head, *rows([iso(t) for t in fall.times], fall.linear, roll, pitch)])
    np.testing.assert_allclose(total(read("sensorlog", path))[1], fall.total, atol=1e-4)


def test_flat_and_upright_phones(tmp_path: Path) -> None:
    head = (
        "loggingTime(txt),motionUserAccelerationX(G),motionUserAccelerationY(G),motionUserAccelerationZ(G),motionRoll(rad),motionPitch(rad)"
    )
    quarter = np.pi / 2
    lines = [f"{iso(i / 50)},0.0,0.0,0.0,{roll:.9f},{pitch:.9f}" for i, (roll, pitch) in enumerate(((0, 0), (0, quarter), (quarter, 0)))]
    gravity = samples(of(read("sensorlog", write(tmp_path / "a.csv", [head, *lines])), "gravity"))[1]
    np.testing.assert_allclose(gravity, [(0, 0, -1), (0, -1, 0), (1, 0, 0)], atol=1e-8)


def test_user_acceleration_alone_is_without_gravity(tmp_path: Path) -> None:
    fall = motion()
    head = "loggingTime(txt),motionUserAccelerationX(G),motionUserAccelerationY(G),motionUserAccelerationZ(G)"
    file = read("sensorlog", write(tmp_path / "a.csv", [head, *rows([iso(t) for t in fall.times], fall.linear)]))
    assert [series.sensor for series in file.series] == ["linear acceleration"] and "Accelerometer" in file.mend


def test_a_watch_says_so(tmp_path: Path) -> None:
    fall = motion()
    head = "loggingTime(txt),accelerometerAccelerationX(G),accelerometerAccelerationY(G),accelerometerAccelerationZ(G),deviceID(txt)"
    lines = rows([iso(t) for t in fall.times], fall.total, ["my_watchOS_device"] * len(fall.times))
    file = read("sensorlog", write(tmp_path / "a.csv", [head, *lines]))
    assert file.title == "SensorLog, watch" and of(file, "accelerometer").placement == "wrist"
