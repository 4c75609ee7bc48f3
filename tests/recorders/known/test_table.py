from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import of, read, samples
from tests.recorders.samples import iso, motion, write

from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.capture import open_capture
from featherfall.recorders.known.table import generic_table, sensor_columns, time_columns
from featherfall.recorders.recognise import recognise
from featherfall.recorders.recorder import SensorFile
from featherfall.recorders.table import Stated

ROWS = np.arange(60)


def recognised(path: Path, header: str, *cells: str, stated: Stated = Stated()) -> SensorFile:
    """Write rows of which each cell is a format of {t}, in s, and {i}, and read them."""
    lines = [",".join(cell.format(t=i * 0.02, i=i, ms=i * 20) for cell in cells) for i in ROWS]
    path.write_text("\n".join([*([header] if header else []), *lines]) + "\n")
    found = generic_table(open_capture(path, stated))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("header", "sensors"),
    [
        ("time,x,y,z,gx,gy,gz", ["accelerometer", "gyroscope"]),
        ("time,ax,ay,az,wx,wy,wz", ["accelerometer", "gyroscope"]),
        ("t,AccelX (g),AccelY (g),AccelZ (g),GyroX (dps),GyroY (dps),GyroZ (dps)", ["accelerometer", "gyroscope"]),
        ("timestamp_ms,acc_x_mg,acc_y_mg,acc_z_mg,mag_x,mag_y,mag_z", ["accelerometer", "magnetometer"]),
        ("Time,X-Axis [g],Y-Axis [g],Z-Axis [g],X-Axis [deg/s],Y-Axis [deg/s],Z-Axis [deg/s]", ["accelerometer", "gyroscope"]),
        (
            "time,linear_acceleration_x,linear_acceleration_y,linear_acceleration_z,gravity.x,gravity.y,gravity.z",
            ["linear acceleration", "gravity"],
        ),
        ("time,userAcceleration.x,userAcceleration.y,userAcceleration.z,1,2,3", ["linear acceleration"]),
        ("time,accelerometerX,accelerometerY,accelerometerZ,x,y,z", ["accelerometer"]),
    ],
)
def test_sensors_are_found_by_the_names_of_their_columns(header: str, sensors: list[str], tmp_path: Path) -> None:
    found = recognised(tmp_path / "a.csv", header, "{ms}" if "_ms" in header else "{t:.2f}", *["{i}.5"] * 6)
    assert [one.sensor for one in found.series] == sensors
    units = [one.unit for one in found.series]
    if "mg" in header:
        assert units[0] == "mg"
    if "dps" in header or "deg/s" in header:
        assert units == ["g", "deg/s"]


def test_sensors_at_several_places(tmp_path: Path) -> None:
    header = "time,LeftWrist_AccX,LeftWrist_AccY,LeftWrist_AccZ,chest acc x,chest acc y,chest acc z"
    found = recognised(tmp_path / "a.csv", header, "{t:.2f}", *["{i}"] * 6)
    assert [(one.sensor, one.placement) for one in found.series] == [("accelerometer", "wrist"), ("accelerometer", "chest")]


@pytest.mark.parametrize(
    ("cells", "columns"), [(("{t:.2f}", "{i}.1", "-{i}.2", "1"), [1, 2, 3]), (("2024-05-01 10:00:{i:02d}.5", "1", "2", "{i}"), [1, 2, 3])]
)
def test_without_a_header_time_comes_first(cells: tuple[str, ...], columns: list[int], tmp_path: Path) -> None:
    found = recognised(tmp_path / "a.csv", "", *cells)
    assert found.notes == ("columns without names are taken as x, y, z",)
    assert len(found.series) == 1
    table = open_capture(tmp_path / "a.csv").table()
    assert table is not None and time_columns(table) == (0,)


def test_columns_under_a_header_that_does_not_fit_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("z and y,x\n" + "".join(f"{i * 0.02:.2f},{i % 3},{i % 5},1.5\n" for i in ROWS))
    assert recognise(open_capture(tmp_path / "a.csv")).series == ()


def test_without_times_the_rate_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f"{i % 3},{i % 5},1.5\n" for i in ROWS))
    assert recognise(open_capture(tmp_path / "a.csv")).series == ()
    found = recognise(open_capture(tmp_path / "a.csv", Stated(rate=50.0)))
    times = next(iter(found.series[0].blocks())).times
    np.testing.assert_allclose(times, ROWS / 50)


def test_the_stamps_with_the_finer_steps_are_taken(tmp_path: Path) -> None:
    recognised(tmp_path / "a.csv", "Date,Time,elapsed,x,y,z", "2024-05-01", "10:00:00", "{t:.2f}", "1", "2", "{i}")
    table = open_capture(tmp_path / "a.csv").table()
    assert table is not None and time_columns(table) == (2,)
    recognised(tmp_path / "b.csv", "Date,Time,x,y,z", "2024-05-01", "10:00:00.{ms:04d}", "1", "2", "{i}")
    table = open_capture(tmp_path / "b.csv").table()
    assert table is not None and time_columns(table) == (0, 1)
    assert len(list(sensor_columns(table))) == 1


def test_the_stated_time_column_wins(tmp_path: Path) -> None:
    header = "time,stamp,x,y,z"
    for stated in ("stamp", "2"):
        found = recognised(tmp_path / "a.csv", header, "{t:.2f}", "{ms}", "1", "2", "{i}", stated=Stated(time=stated, time_unit="ms"))
        np.testing.assert_allclose(next(iter(found.series[0].blocks())).times, ROWS * 0.02)
    with pytest.raises(UserError, match=r"a\.csv: no time column 'clock'; the file has time, stamp, x, y, z"):
        recognised(tmp_path / "a.csv", header, "{t:.2f}", "{ms}", "1", "2", "{i}", stated=Stated(time="clock"))


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize(
    ("words", "unit", "factor"), [(("accel_g", "gyro_dps"), "g", 1.0), (("Accelerometer", "Gyroscope"), None, STANDARD_GRAVITY)]
)
def test_rows_of_several_sensors_in_the_same_columns(
    words: tuple[str, str], unit: str | None, factor: float, dated: bool, tmp_path: Path
) -> None:
    fall = motion()
    lines = ["time,sensor,x,y,z"]
    for t, (x, y, z) in zip(fall.times, factor * fall.total, strict=True):
        stamp = iso(t) if dated else f"{t:.3f}"
        lines += [f"{stamp},{words[0]},{x:.5f},{y:.5f},{z:.5f}", f"{stamp},{words[1]},1,2,3", f"{stamp},heart_rate,65,,"]
    file = read("table", write(tmp_path / "a.csv", lines))
    times, values = samples(of(file, "accelerometer"))
    assert of(file, "accelerometer").unit == unit
    np.testing.assert_allclose(values, factor * fall.total, atol=1e-4)
    np.testing.assert_allclose(times - times[0], fall.times, atol=0.001)
    assert (samples(of(file, "gyroscope"))[1] == (1, 2, 3)).all()


def test_a_column_of_labels_names_no_sensor(tmp_path: Path) -> None:
    lines = ["time,label,x,y,z", *[f"{i / 50},{'acceleration' if i % 2 else 'gravity'},0.1,0.2,0.9" for i in range(100)]]
    series = of(read("table", write(tmp_path / "a.csv", lines)), "accelerometer")
    assert len(samples(series)[0]) == 100
