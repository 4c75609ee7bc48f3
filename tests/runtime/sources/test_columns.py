from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.names import Header, split_unit
from featherfall.runtime.sources.columns import find_input, find_time, refuse_shared

FILE = Path("walk.csv")
ACCELEROMETER = Input(name="accelerometer", unit="g", channels=["x", "y", "z"])
GYROSCOPE = Input(name="gyroscope", unit="deg/s", channels=["x", "y", "z"])


def header(names: str) -> Header:
    return Header(tuple(names.split(",")), names.count(",") + 1)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("accel_x [m/s2]", ("accel_x", "m/s2")),
        ("ax (m/s^2)", ("ax", "m/s2")),
        ("gx[dps]", ("gx", "deg/s")),
        (" wx (°/s) ", ("wx", "deg/s")),
        ("mx [µT]", ("mx", "uT")),
        ("Acc X [G]", ("Acc X", "g")),
        ("ax", ("ax", None)),
    ],
)
def test_units_in_brackets(name: str, parts: tuple[str, str | None]) -> None:
    assert split_unit(name) == parts


@pytest.mark.parametrize(
    "names",
    [
        "time,accelerometer_x,accelerometer_y,accelerometer_z",
        "time,accel_x,accel_y,accel_z,gyro_x,gyro_y,gyro_z",
        "time,Acc_X,Acc_Y,Acc_Z",
        "time,ax,ay,az,gx,gy,gz",
        "time,ax [m/s2],ay [m/s2],az [m/s2]",
        "accel_time_list,accel_x_list,accel_y_list,accel_z_list",
        "time,x,y,z,gx,gy,gz",
        "time,Acceleration x (g),Acceleration y (g),Acceleration z (g)",
        "time,x_acc,y_acc,z_acc",
    ],
)
def test_accelerometers_are_found_by_name(names: str) -> None:
    assert find_input(FILE, header(names), ACCELEROMETER, None) == [1, 2, 3]


def test_channels_keep_the_order_of_the_bundle() -> None:
    assert find_input(FILE, header("t,z,y,x"), ACCELEROMETER, None) == [3, 2, 1]


def test_inputs_with_a_place_in_their_name() -> None:
    wrist = GYROSCOPE.model_copy(update={"name": "wrist_gyroscope"})
    assert find_input(FILE, header("gx,gy,gz"), wrist, None) == [0, 1, 2]
    assert find_input(FILE, header("gx,gy,gz,wrist_gyroscope_x,wrist_gyroscope_y,wrist_gyroscope_z"), wrist, None) == [3, 4, 5]


def test_absent_or_ambiguous_columns_show_what_the_file_has() -> None:
    with pytest.raises(
        UserError, match=r"walk\.csv: no columns found for 'gyroscope' \(x, y, z\); the file has time, x, y, z; state them with"
    ):
        find_input(FILE, header("time,x,y,z"), GYROSCOPE, None)
    with pytest.raises(UserError, match="no columns found"):
        find_input(FILE, header("x,x,y,z"), ACCELEROMETER, None)


def test_columns_stated_by_name_or_by_number_from_one() -> None:
    head = header("t,front [g],side [g],up [g]")
    assert find_input(FILE, head, ACCELEROMETER, ["front", "side [g]", "4"]) == [1, 2, 3]
    assert find_input(FILE, Header((), 4), ACCELEROMETER, ["2", "3", "4"]) == [1, 2, 3]
    with pytest.raises(UserError, match=r"no column '5' for 'accelerometer'; the file has 4 columns without a header"):
        find_input(FILE, Header((), 4), ACCELEROMETER, ["2", "3", "5"])
    with pytest.raises(UserError, match=r"gives 2 column\(s\) for 'accelerometer', which has 3: x, y, z"):
        find_input(FILE, head, ACCELEROMETER, ["front", "side"])


def test_one_column_cannot_serve_two_inputs() -> None:
    with pytest.raises(UserError, match=r"column 'x' is taken for both 'phone_accelerometer' and 'watch_accelerometer'"):
        refuse_shared(FILE, {"phone_accelerometer": [0, 1, 2], "watch_accelerometer": [0, 1, 2]}, header("x,y,z"))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("time,x", (0, None)),
        ("x,Timestamp", (1, None)),
        ("x,time [ms]", (1, "ms")),
        ("x,timestamp_ms", (1, "ms")),
        ("x,accel_time_list", (1, None)),
        ("time,seconds_elapsed,x", (1, "s")),
        ("x,Time (s)", (1, "s")),
    ],
)
def test_time_columns(names: str, found: tuple[int, str | None]) -> None:
    assert find_time(FILE, header(names), None) == found


def test_time_column_stated() -> None:
    assert find_time(FILE, header("clock_us,x"), "clock_us") == (0, "us")
    assert find_time(FILE, Header((), 2), "2") == (1, None)
    with pytest.raises(UserError, match=r"no time column 'when'; the file has time, x"):
        find_time(FILE, header("time,x"), "when")
    with pytest.raises(UserError, match=r"no time column found; the file has x, y; state it with --time NAME, or give the rate"):
        find_time(FILE, header("x,y"), None)
