from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.tiny import motion, write_bundle, write_csv

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.runtime import load_bundle, read_csv

INPUTS = [Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="left wrist")]
BOTH = [*INPUTS, Input(name="gyroscope", unit="deg/s", channels=["x", "y", "z"])]
IMPACTS = ((3.0, 1.9), (8.0, 4.0))


def altered(file: Path, row: int, change: Callable[[list[str]], list[str]]) -> Path:
    """Change the fields of one row, counted from 1 as an editor does."""
    lines = file.read_text().splitlines()
    lines[row - 1] = ",".join(change(lines[row - 1].split(",")))
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.mark.parametrize("rate", [20.0, 50.0, 100.0])
@pytest.mark.parametrize(("factor", "header"), [(1.0, "time,ax,ay,az"), (STANDARD_GRAVITY, "time,ax [m/s2],ay [m/s2],az [m/s2]")])
def test_any_rate_and_unit_gives_the_same_answer(tmp_path: Path, rate: float, factor: float, header: str) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    file = write_csv(tmp_path / "fall.csv", rate, IMPACTS, factor=factor, header=header)
    said = bundle.predict(read_csv(file, bundle.manifest.inputs))
    assert said.label == "fall"
    assert said.window_labels == ["other", "fall"]
    assert said.events[0].peak_s == pytest.approx(8.0, abs=0.03)


def test_stream_is_complete(tmp_path: Path) -> None:
    recording = read_csv(write_csv(tmp_path / "walk.csv", 50, (), factor=STANDARD_GRAVITY), INPUTS, units={"accelerometer": "m/s2"})
    stream = recording.streams["accelerometer"]
    assert (stream.unit, stream.placement, stream.channels, recording.trial) == ("g", "left wrist", ("x", "y", "z"), "walk.csv")
    assert stream.rate == pytest.approx(50)
    assert stream.values.dtype == np.float32
    np.testing.assert_allclose(stream.values, motion(stream.times), atol=1e-5)


def test_without_a_header_and_without_time(tmp_path: Path) -> None:
    file = tmp_path / "bare.csv"
    np.savetxt(file, motion(np.arange(500) / 25), delimiter=",")
    stream = read_csv(file, INPUTS, columns={"accelerometer": ["3", "2", "1"]}, rate=25).streams["accelerometer"]
    np.testing.assert_allclose(stream.values[:, ::-1], motion(stream.times), atol=1e-5)
    recording = read_csv(file, INPUTS, rate=25)
    np.testing.assert_allclose(recording.streams["accelerometer"].values, motion(stream.times), atol=1e-5)
    assert "columns without names are taken as x, y, z" in recording.remarks
    with pytest.raises(
        UserError, match=r"no time column found; the file has 3 columns without a header; state it with --time NAME, or .* --rate HZ"
    ):
        read_csv(file, INPUTS, columns={"accelerometer": ["1", "2", "3"]})


def test_dates_as_time(tmp_path: Path) -> None:
    times = np.arange(200) / 50
    rows = [f"2024-05-01T12:00:{t:09.6f}Z,{x},{y},{z}" for t, (x, y, z) in zip(times, motion(times), strict=True)]
    file = tmp_path / "dates.csv"
    file.write_text("\n".join(["timestamp,ax,ay,az", *rows]))
    np.testing.assert_allclose(read_csv(file, INPUTS).streams["accelerometer"].times, times, atol=1e-5)


def test_two_inputs_in_one_file(tmp_path: Path) -> None:
    times = np.arange(200) / 50
    turn = np.column_stack([np.sin(times), np.cos(times), times])
    file = tmp_path / "both.csv"
    header = "gz [rad/s],gy [rad/s],gx [rad/s],time,ax,ay,az"
    np.savetxt(file, np.column_stack([turn[:, ::-1], times, motion(times)]), delimiter=",", header=header, comments="")
    recording = read_csv(file, BOTH)
    np.testing.assert_allclose(recording.streams["gyroscope"].values, np.degrees(turn), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(recording.streams["accelerometer"].values, motion(times), atol=1e-5)


@pytest.mark.parametrize(
    ("row", "field", "value", "message"),
    [
        (7, 2, "oops", r"walk\.csv: row 7: column 'ay' is 'oops', not a number"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: int, field: int, value: str, message: str) -> None:
    file = altered(
        write_csv(tmp_path / "walk.csv", 50, ()), row, lambda fields: [value if i == field else old for i, old in enumerate(fields)]
    )
    with pytest.raises(UserError, match=message):
        read_csv(file, INPUTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"time,ax,ay,az\n", "no row of numbers"),
        (b"time,ax,ay,az\n0,0,0,1\n", r"1 sample\(s\) of 'accelerometer'; at least 2 are needed"),
        (b'time,"ax,ay,az\n0,0,0,1\n0.02,0,0,1\n', "no columns found"),
        (b"\x89PNG\r\n\xff\xfe\0\1", "not a table"),
        (b"time,ax,ay,az\n0,0,0,1\n0.02,0,0,1\n0.04,0,0,1\n", r"never changes on x, y, z \(always 0\); check the sensor"),
    ],
)
def test_files_that_are_no_recording(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "walk.csv"
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"walk\.csv: .*{message}"):
        read_csv(file, INPUTS)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.csv: cannot be read"):
        read_csv(tmp_path / "nowhere.csv", INPUTS)
    with pytest.raises(UserError, match="holds no file"):
        read_csv(tmp_path, INPUTS)


def test_a_dead_axis_is_named(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, ())
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    table[:, 2] = 0
    np.savetxt(file, table, delimiter=",", header="time,ax,ay,az", comments="")
    with pytest.raises(UserError, match=r"'accelerometer' never changes on y \(always 0\)"):
        read_csv(file, INPUTS)


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("time,ax (g),ay (g),az (g)", {}, "so the unit is m/s2, not g; state --unit accelerometer=m/s2"),
        ("time,ax [g],ay [m/s2],az [g]", {}, "two units for 'accelerometer': g, m/s2"),
        ("time,ax,ay,az", {"units": {"accelerometer": "deg/s"}}, "is stated in 'deg/s', which does not measure what 'g' does"),
        ("time,ax,ay,az", {"units": {"accelerometer": "m/s3"}}, "unknown unit 'm/s3'; did you mean 'm/s2'"),
        ("time,ax,ay,az", {"units": {"acceleromter": "m/s2"}}, "--unit acceleromter: .* did you mean 'accelerometer'"),
        ("time,ax,ay,az", {"rate": 50.0, "time": "time"}, "stand without --time"),
        ("time,ax,ay,az", {"rate": -1.0}, "--rate -1 should be a positive number"),
        ("time,ax,ay,az", {"time_unit": "ms"}, "probably --time-unit s"),
    ],
)
def test_wrong_units_and_settings_are_refused(tmp_path: Path, header: str, options: dict[str, Any], message: str) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, (), factor=STANDARD_GRAVITY, header=header)
    with pytest.raises(UserError, match=message):
        read_csv(file, INPUTS, **options)


@pytest.mark.parametrize("header", ["time,ax,ay,az", "time,ax (left),ay (left),az (left)"])
def test_an_unstated_unit_is_found_by_gravity(header: str, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, (), factor=STANDARD_GRAVITY, header=header)
    recording = read_csv(file, INPUTS)
    np.testing.assert_allclose(np.median(np.linalg.norm(recording.streams["accelerometer"].values, axis=1)), 1.0, atol=0.05)
    assert recording.recognised == "table; accelerometer; m/s2 by its gravity; 50 Hz"


def test_the_stated_unit_wins_over_the_header(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, (), factor=STANDARD_GRAVITY, header="time,ax (g),ay (g),az (g)")
    np.testing.assert_allclose(
        read_csv(file, INPUTS, units={"accelerometer": "m/s2"}).streams["accelerometer"].values, motion(np.arange(1000) / 50), atol=1e-5
    )


def test_missing_values_and_corrupt_ones_are_gaps(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, ())
    for row, value in ((7, "nan"), (8, ""), (9, "-1e30")):
        altered(file, row, lambda fields, value=value: [fields[0], value, *fields[2:]])  # type: ignore[misc]
    recording = read_csv(file, INPUTS)
    stream = recording.streams["accelerometer"]
    assert [round(time / 0.02) for time in stream.times[:6]] == [0, 1, 2, 3, 4, 8]
    assert any("row 9" in remark for remark in recording.remarks)


def test_brackets_that_hold_no_unit_give_way_to_the_stated_one(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, (), factor=STANDARD_GRAVITY, header="time,ax (left),ay (left),az (left)")
    assert read_csv(file, INPUTS, units={"accelerometer": "m/s2"}).streams["accelerometer"].unit == "g"
