from __future__ import annotations

import pytest

from featherfall.recorders.names import Header, find_triples, is_unit, match_channels, match_time, shown, spell_unit, split_unit, time_unit

XYZ = ("x", "y", "z")


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
        ("Accel (m/(s^2)*)", ("Accel", "m/s2")),
        ("x (left)", ("x", "left")),
        ("x ()", ("x ()", None)),
        ("ax", ("ax", None)),
    ],
)
def test_units_in_brackets(name: str, parts: tuple[str, str | None]) -> None:
    assert split_unit(name) == parts


def test_units_are_spelled_in_one_way() -> None:
    assert [spell_unit(text) for text in ("m/(s^2)*", "M/S²", "ms^-2", "mG", "microseconds", "furlong")] == [
        *("m/s2", "m/s2", "m/s2", "mg", "us", "furlong")
    ]
    assert is_unit("[m/s^2]") and is_unit("ms") and not is_unit("x")


@pytest.mark.parametrize(
    ("base", "sensor"),
    [
        *((base, "linear acceleration") for base in ("FreeAcc_", "userAcceleration", "Aceleración lineal ", "Accélération linéaire ")),
        *((base, "linear acceleration") for base in ("Lineare Beschleunigung ", "linear_acceleration_", "linacc_", "bodyAcc-")),
        *((base, "accelerometer") for base in ("Ac", "raw_", "accRaw", "gF", "Beschleunigung ")),
        *((base, "gyroscope") for base in ("Gy", "rotationRate", "w")),
        ("gravity", "gravity"),
    ],
)
def test_kinds_of_sensors_by_name(base: str, sensor: str) -> None:
    assert [one.sensor for one in find_triples([f"{base}{axis}" for axis in "XYZ"], [None] * 3)] == [sensor]


NAMES = [
    "time,accelerometer_x,accelerometer_y,accelerometer_z",
    "time,accel_x,accel_y,accel_z,gyro_x,gyro_y,gyro_z",
    "time,Acc_X,Acc_Y,Acc_Z",
    "time,ax,ay,az,gx,gy,gz",
    "time,ax [m/s2],ay [m/s2],az [m/s2]",
    "accel_time_list,accel_x_list,accel_y_list,accel_z_list",
    "time,x,y,z,gx,gy,gz",
    "time,Acceleration x (g),Acceleration y (g),Acceleration z (g)",
    "time,x_acc,y_acc,z_acc",
    "time,Accel-X (g), Accel-Y (g), Accel-Z (g)",
    "time,Acceleration.X,Acceleration.Y,Acceleration.Z",
    "time,X acceleration,Y acceleration,Z acceleration",
]


@pytest.mark.parametrize("names", NAMES)
def test_accelerometers_are_found_by_name(names: str) -> None:
    one = header(names)
    assert match_channels(one, "accelerometer", XYZ) == [1, 2, 3] or "X acceleration" in names or "Accel-X" in names
    parts = [split_unit(name) for name in one.names]
    triples = find_triples([name for name, _ in parts], [unit for _, unit in parts])
    assert [triple.places for triple in triples if triple.sensor == "accelerometer"] == [(1, 2, 3)]


def test_channels_keep_the_order_of_the_input() -> None:
    assert match_channels(header("t,z,y,x"), "accelerometer", XYZ) == [3, 2, 1]


def test_inputs_with_a_place_in_their_name() -> None:
    assert match_channels(header("gx,gy,gz"), "wrist_gyroscope", XYZ) == [0, 1, 2]
    assert match_channels(header("gx,gy,gz,wrist_gyroscope_x,wrist_gyroscope_y,wrist_gyroscope_z"), "wrist_gyroscope", XYZ) == [3, 4, 5]


def test_absent_or_ambiguous_channels() -> None:
    assert match_channels(header("time,x,y,z"), "gyroscope", XYZ) is None
    assert match_channels(header("x,x,y,z"), "accelerometer", XYZ) is None
    assert find_triples(["x", "x", "y", "z"], [None] * 4) == []
    assert find_triples(["x", "y", "z"], ["g", "m/s2", "g"]) == []


def test_units_tell_sensors_with_the_same_names_apart() -> None:
    triples = find_triples([*XYZ, *XYZ], ["m/s2"] * 3 + ["rad/s"] * 3)
    assert [(one.sensor, one.places, one.unit) for one in triples] == [
        ("accelerometer", (0, 1, 2), "m/s2"),
        ("gyroscope", (3, 4, 5), "rad/s"),
    ]
    assert find_triples(["ax", "ay", "az"], ["deg/s"] * 3)[0].sensor == "gyroscope"


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
        ("millis,x", (0, "ms")),
        ("x,y", (None, None)),
    ],
)
def test_time_columns(names: str, found: tuple[int | None, str | None]) -> None:
    at = match_time(header(names))
    assert (at, None if at is None else time_unit(header(names).names[at])) == found


def test_columns_stated_by_name_or_by_number_from_one() -> None:
    head = header("t,front [g],side [g],up [g]")
    assert [head.position(name) for name in ("front", "side [g]", "4", "5", "back", "²")] == [1, 2, 3, None, None, None]
    assert Header((), 4).position("2") == 1


def test_names_in_messages_hold_nothing_that_a_terminal_obeys() -> None:
    assert shown("a\x1b[31mb" + "c" * 99) == r"a\x1b[31mb" + "c" * 30
    assert str(Header(("a\nb",), 1)) == r"a\nb"
    assert str(Header((), 3)) == "3 columns without a header"
