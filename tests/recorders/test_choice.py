from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.capture import open_capture
from featherfall.recorders.choice import choose_series, refuse_shared, stated_series
from featherfall.recorders.names import Header
from featherfall.recorders.recognise import recognise
from featherfall.recorders.recorder import SensorFile, Series

ACCELEROMETER = Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="left wrist")
GYROSCOPE = Input(name="gyroscope", unit="deg/s", channels=["x", "y", "z"])


def series(sensor: str, placement: str = "", channels: tuple[str, ...] = ("x", "y", "z")) -> Series:
    return Series(sensor, channels, "g", lambda: iter(()), placement)  # type: ignore[arg-type]


def write(path: Path, header: str) -> Path:
    rows = [",".join([f"{i * 0.02:.2f}", *[str(i % (k + 3)) for k in range(header.count(","))]]) for i in range(60)]
    path.write_text("\n".join([header, *rows]))
    return path


def test_the_sensor_at_the_models_place_is_taken(tmp_path: Path) -> None:
    capture = open_capture(write(tmp_path / "a.csv", "t,p,q"))
    wrist, chest = series("accelerometer", "Watch"), series("accelerometer", "chest")
    assert choose_series(capture, SensorFile("x", "X", (chest, wrist)), [ACCELEROMETER]) == {"accelerometer": wrist}
    assert choose_series(capture, SensorFile("x", "X", (chest,)), [ACCELEROMETER]) == {"accelerometer": chest}
    with pytest.raises(
        UserError, match=r"2 sensors fit 'accelerometer', worn at: chest, foot; state the columns .*--columns accelerometer=NAME,"
    ):
        choose_series(capture, SensorFile("x", "X", (chest, series("accelerometer", "foot"))), [ACCELEROMETER])


def test_acceleration_without_gravity_is_refused_with_the_recorders_mend(tmp_path: Path) -> None:
    capture = open_capture(write(tmp_path / "a.csv", "t,p,q"))
    with pytest.raises(UserError, match=r"a\.csv: App: acceleration without gravity, .*; give the folder with Gravity\.csv"):
        choose_series(
            capture, SensorFile("app", "App", (series("linear acceleration"),), mend="give the folder with Gravity.csv"), [ACCELEROMETER]
        )
    with pytest.raises(UserError, match=r"no columns found for 'gyroscope'.*; App gives accelerometer; choose another model"):
        choose_series(capture, SensorFile("app", "App", (series("accelerometer"),)), [GYROSCOPE])


def test_channels_by_name(tmp_path: Path) -> None:
    both = write(tmp_path / "a.csv", "time,x,y,z,gx,gy,gz,wrist_gyroscope_x,wrist_gyroscope_y,wrist_gyroscope_z")
    capture = open_capture(both)
    need = GYROSCOPE.model_copy(update={"name": "wrist_gyroscope"})
    chosen = choose_series(capture, recognise(capture), [ACCELEROMETER, need])
    assert next(iter(chosen["wrist_gyroscope"].blocks())).values[8].tolist() == [8.0, 8.0, 8.0]
    flat = Input(name="accelerometer", unit="g", channels=["z", "x"])
    assert next(iter(choose_series(capture, recognise(capture), [flat])["accelerometer"].blocks())).values[4].tolist() == [4.0, 1.0]
    joints = Input(name="skeleton", unit="m", channels=["head_u", "head_v"])
    names = open_capture(write(tmp_path / "b.csv", "time,head_u,head_v,x,y,z"))
    assert choose_series(names, recognise(names), [joints])["skeleton"].channels == ("head_u", "head_v")
    with pytest.raises(UserError, match="no columns found for 'skeleton'"):
        choose_series(capture, recognise(capture), [joints])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "name,points\nA,3\nB,4\n",
            "no columns found for 'accelerometer' .*, nor their times; the file has name, points; .* and --time NAME, or --rate HZ",
        ),
        (
            "time,points\n1,3\n2,4\n",
            "no columns found for 'accelerometer' \\(x, y, z\\); the file has time, points; state them with --columns",
        ),
        ("1,2,3\n4,5,6\n", "no columns found for 'accelerometer' .*, nor their times; the file has 3 columns without a header"),
    ],
)
def test_tables_without_the_sensor(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(content)
    capture = open_capture(tmp_path / "a.csv")
    with pytest.raises(UserError, match=message):
        choose_series(capture, recognise(capture), [ACCELEROMETER])


def test_stated_columns(tmp_path: Path) -> None:
    table = open_capture(write(tmp_path / "a.csv", "t,front [g],side [g],up [g],p")).table()
    assert table is not None
    found = stated_series(table, [ACCELEROMETER], {"accelerometer": ["front", "side [g]", "4"]})["accelerometer"]
    assert (found.unit, found.channels) == ("g", ("x", "y", "z"))
    with pytest.raises(UserError, match=r"no column '6' for 'accelerometer'; the file has t, front \[g\]"):
        stated_series(table, [ACCELEROMETER], {"accelerometer": ["front", "side", "6"]})
    with pytest.raises(UserError, match=r"gives 2 column\(s\) for 'accelerometer', which has 3: x, y, z"):
        stated_series(table, [ACCELEROMETER], {"accelerometer": ["front", "side"]})
    with pytest.raises(UserError, match="column 'p' is taken for both 'accelerometer' and 'gyroscope'"):
        stated_series(table, [ACCELEROMETER, GYROSCOPE], {"accelerometer": ["2", "3", "p"], "gyroscope": ["p", "4", "2"]})


def test_one_column_cannot_serve_two_inputs() -> None:
    with pytest.raises(UserError, match=r"walk\.csv: column 'x' is taken for both 'phone_accelerometer' and 'watch_accelerometer'"):
        refuse_shared("walk.csv", {"phone_accelerometer": [0, 1, 2], "watch_accelerometer": [0, 1, 2]}, Header(("x", "y", "z"), 3))
