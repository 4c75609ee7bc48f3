from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import read, samples, total
from tests.recorders.samples import motion, movella_dot, rows, write

from featherfall.core.units import STANDARD_GRAVITY


def test_the_counter_of_microseconds_turns_over(tmp_path: Path) -> None:
    times, _ = samples(read("movella-dot", movella_dot(tmp_path).path).series[0])
    np.testing.assert_allclose(times - times[0], motion(60.0).times, atol=2e-6)


def test_measured_acceleration_is_preferred(tmp_path: Path) -> None:
    fall = motion(60.0)
    head = "PacketCounter,SampleTimeFine,FreeAcc_X,FreeAcc_Y,FreeAcc_Z,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z"
    lines = rows(range(len(fall.times)), np.round(1e6 * fall.times).astype(int), 0 * fall.total, STANDARD_GRAVITY * fall.total, fall.total)
    file = read("movella-dot", write(tmp_path / "a.csv", ["sep=,", "DeviceTag:,1", head, *lines]))
    np.testing.assert_allclose(total(file)[1], fall.total, atol=1e-5)
    assert [series.sensor for series in file.series] == ["accelerometer", "gyroscope"]


def test_euler_angles(tmp_path: Path) -> None:
    """Sensors at rest, turned by roll, pitch and yaw: what they feel is the last row of the turn's matrix."""
    angles = np.array([(0.0, 0.0, 0.0), (90.0, 0.0, 0.0), (0.0, 90.0, 0.0), (0.0, 0.0, 90.0), (30.0, 40.0, 50.0)])
    head = "PacketCounter,SampleTimeFine,Euler_X,Euler_Y,Euler_Z,FreeAcc_X,FreeAcc_Y,FreeAcc_Z"
    path = write(tmp_path / "a.csv", [head, *rows(range(5), [16667 * i for i in range(5)], angles, 0 * angles)])
    roll, pitch = np.deg2rad(angles[:, :2]).T
    expected = np.stack([-np.sin(pitch), np.cos(pitch) * np.sin(roll), np.cos(pitch) * np.cos(roll)], axis=1)
    np.testing.assert_allclose(total(read("movella-dot", path))[1], expected, atol=1e-6)


def test_free_acceleration_alone_is_without_gravity(tmp_path: Path) -> None:
    fall = motion(60.0)
    lines = rows(range(len(fall.times)), np.round(1e6 * fall.times).astype(int), STANDARD_GRAVITY * fall.linear)
    file = read("movella-dot", write(tmp_path / "a.csv", ["PacketCounter,SampleTimeFine,FreeAcc_X,FreeAcc_Y,FreeAcc_Z", *lines]))
    assert [series.sensor for series in file.series] == ["linear acceleration"] and "quaternion" in file.mend


def test_files_of_the_server(tmp_path: Path) -> None:
    fall = motion(60.0)
    head = "Timestamp,Address,Quaternion_w,Quaternion_x,Quaternion_y,Quaternion_z,FreeAcc_x,FreeAcc_y,FreeAcc_z"
    still = np.tile([1.0, 0.0, 0.0, 0.0], (len(fall.times), 1))
    free = STANDARD_GRAVITY * (fall.total - (0, 0, 1))
    lines = rows(np.round(1e6 * fall.times).astype(int), ["D4:22:CD:00:00:01"] * len(still), still, free)
    times, values = total(
        read("movella-dot", write(tmp_path / "a.csv", ["sep=,", "Measurement Mode:,Complete (Quaternion)", "", head, *lines]))
    )
    np.testing.assert_allclose(values, fall.total, atol=1e-5)
    np.testing.assert_allclose(times, fall.times, atol=1e-5)


def test_text_of_mt_manager_is_timed_by_its_rate(tmp_path: Path) -> None:
    fall = motion(100.0)
    head = [
        "// Start Time: Unknown",
        "// Update Rate: 100.0Hz",
        "// Filter Profile: human (46.1)",
        "PacketCounter\tSampleTimeFine\tAcc_X\tAcc_Y\tAcc_Z",
    ]
    lines = rows(range(len(fall.times)), [100 * i for i in range(len(fall.times))], STANDARD_GRAVITY * fall.total, delimiter="\t")
    times, values = total(read("movella-dot", write(tmp_path / "a.txt", [*head, *lines])))
    np.testing.assert_allclose(times, fall.times, atol=1e-9)
    np.testing.assert_allclose(values, fall.total, atol=1e-5)
