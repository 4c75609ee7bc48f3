from __future__ import annotations

from pathlib import Path

import pytest
from tests.recorders.reading import answer, read
from tests.recorders.samples import wisdm, write


@pytest.mark.parametrize(
    ("name", "sensor", "placement"),
    [
        ("data_1600_accel_watch.txt", "accelerometer", "wrist"),
        ("data_1600_gyro_watch.txt", "gyroscope", "wrist"),
        ("data_1600_accel_phone.txt", "accelerometer", "pocket"),
        ("WISDM_ar_v1.1_raw.txt", "accelerometer", "pocket"),
    ],
)
def test_sensor_and_place_follow_from_the_name(name: str, sensor: str, placement: str, tmp_path: Path) -> None:
    series = read("wisdm", wisdm(tmp_path).path.rename(tmp_path / name)).series
    assert [(one.sensor, one.placement) for one in series] == [(sensor, placement)]


def test_activities_by_name(tmp_path: Path) -> None:
    lines = [f"33,Jogging,{49105962326000 + 50_000_000 * i},-0.6946377,12.680544,0.50395286;" for i in range(40)]
    assert read("wisdm", write(tmp_path / "WISDM_ar_v1.1_raw.txt", lines)).series[0].unit == "m/s2"


def test_other_rows_are_not_claimed(tmp_path: Path) -> None:
    assert answer("wisdm", write(tmp_path / "a.csv", [f"{i},walk,0.1,0.2,0.9" for i in range(40)])) is None
