from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.signals.quality import worn

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.inspect import inspect_file
from featherfall.recorders.reading import ReadOptions, read_sensors

NEED = [Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="left wrist")]
GYROSCOPE = Input(name="gyroscope", unit="deg/s", channels=["x", "y", "z"])


def write(path: Path, values: np.ndarray, times: np.ndarray | None = None, header: str = "time,x,y,z") -> Path:
    times = np.arange(len(values)) / 50 if times is None else times
    np.savetxt(path, np.column_stack([times, values]), "%.4f", ",", header=header, comments="")
    return path


@pytest.mark.parametrize(("factor", "unit"), [(1.0, "g"), (1000.0, "mg"), (9.80665, "m/s2")])
def test_an_unstated_unit_is_found_by_gravity(factor: float, unit: str, tmp_path: Path) -> None:
    values = worn.day()
    recording = read_sensors(write(tmp_path / "a.csv", values * factor), NEED, ReadOptions())
    np.testing.assert_allclose(recording.streams["accelerometer"].values, values, atol=2e-4)
    assert recording.recognised == f"table; accelerometer; {unit} by its gravity; 50 Hz"


def test_a_stated_unit_wins_and_a_refusal_names_the_way_that_works(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", worn.day() * 9.80665, header="time,x (g),y (g),z (g)")
    with pytest.raises(UserError, match=r"a\.csv: accelerometer: gravity is 9\.\d+ .*; state --unit accelerometer=m/s2$"):
        read_sensors(file, NEED, ReadOptions())
    assert read_sensors(file, NEED, ReadOptions(units={"accelerometer": "m/s2"})).streams["accelerometer"].unit == "g"
    counts = write(tmp_path / "b.csv", np.round(worn.day() * 5000))
    with pytest.raises(UserError, match=r"counts of a converter; state --counts-per-g (\S+)$") as asked:
        read_sensors(counts, NEED, ReadOptions())
    stated = float(str(asked.value).rsplit(" ", 1)[1])
    assert read_sensors(counts, NEED, ReadOptions(counts_per_g=stated)).recognised == "raw counts; accelerometer; 5000 counts a g; 50 Hz"


@pytest.mark.parametrize("level", [0.6, 1.0, 1.6])
def test_movement_without_gravity_or_unit_is_refused_without_naming_a_unit_in_which_it_passes(level: float, tmp_path: Path) -> None:
    file = write(tmp_path / "linear.csv", worn.moving(20.0, size=level))  # m/s2
    with pytest.raises(UserError, match=r"linear\.csv: accelerometer: (nothing says the unit|gravity is missing)") as refused:
        read_sensors(file, NEED, ReadOptions())
    assert "=g" not in str(refused.value) and str(refused.value).isprintable()
    with pytest.raises(UserError, match="accelerometer: gravity is missing"):  # the true unit, as the message asks
        read_sensors(file, NEED, ReadOptions(units={"accelerometer": "m/s2"}))


def test_lively_movement_of_which_nothing_shows_the_unit_is_read_in_the_one_that_is_stated(tmp_path: Path) -> None:
    turning = worn.moving(20.0, size=0.6) + np.array([np.cos(np.arange(1000) / 5), np.sin(np.arange(1000) / 5), 0 * np.arange(1000)]).T
    file = write(tmp_path / "lively.csv", turning)
    with pytest.raises(UserError, match=r"state the unit that the device's documentation gives: --unit accelerometer=UNIT \(.*g.*\)$"):
        read_sensors(file, NEED, ReadOptions())
    stream = read_sensors(file, NEED, ReadOptions(units={"accelerometer": "g"})).streams["accelerometer"]
    np.testing.assert_allclose(stream.values, turning, atol=1e-4)
    assert any(note.kind == "unit" for note in stream.notes)


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_a_long_file_whose_newest_row_comes_first_is_turned(unit: float, tmp_path: Path) -> None:
    values = np.tile(worn.day(), (25, 1))  # 50,000 rows: more than are put in order together
    times = np.arange(len(values)) / 50
    values[30_000:30_100] = np.array([0.1, -0.3, 0.95]) + 0.004 * np.random.default_rng(0).standard_normal((100, 3))
    values[30_050] = [50.0, 0.0, 0.0]
    there = read_sensors(write(tmp_path / "a.csv", values, unit * times), NEED, ReadOptions()).streams["accelerometer"]
    back = read_sensors(write(tmp_path / "b.csv", values[::-1], unit * times[::-1]), NEED, ReadOptions()).streams["accelerometer"]
    np.testing.assert_allclose(back.times, there.times, atol=1e-9)
    np.testing.assert_array_equal(back.values, there.values)
    assert len(back.times) == 49_999
    assert [note.text for note in there.notes] == ["accelerometer: a corrupt sample was left out: row 30052 (x is 50)"]
    assert [note.text for note in back.notes] == [
        "the rows are in falling order of time and were read from the last to the first",
        "accelerometer: a corrupt sample was left out: row 19951 (x is 50)",
    ]


def test_streams_share_the_clock_of_the_first(tmp_path: Path) -> None:
    values = worn.day()
    both = np.column_stack([values, 10 * values])
    times = 100 + np.arange(len(values)) / 50
    np.savetxt(tmp_path / "a.csv", np.column_stack([times, both]), "%.4f", ",", header="time,ax,ay,az,gx,gy,gz", comments="")
    text = (tmp_path / "a.csv").read_text().splitlines()
    text[1] = ",".join([*text[1].split(",")[:4], "", "", ""])  # the gyroscope begins a sample later
    (tmp_path / "a.csv").write_text("\n".join(text))
    streams = read_sensors(tmp_path / "a.csv", [*NEED, GYROSCOPE], ReadOptions()).streams
    assert streams["accelerometer"].times[0] == 0 and streams["gyroscope"].times[0] == pytest.approx(0.02)


def test_sensors_of_other_rates_share_a_table(tmp_path: Path) -> None:
    values = worn.day()[:1500]
    lines = ["time,ax,ay,az,gx,gy,gz"]
    for i, row in enumerate(values):
        lines += [f"{i / 50:.3f},{row[0]:.4f},{row[1]:.4f},{row[2]:.4f},,,", f"{i / 50 + 0.007:.3f},,,,{i},1,{-i}"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    stream = read_sensors(tmp_path / "a.csv", NEED, ReadOptions()).streams["accelerometer"]
    np.testing.assert_allclose(stream.times, np.arange(1500) / 50, atol=1e-9)
    assert stream.rate == pytest.approx(50)


def test_a_stated_rate_takes_the_place_of_the_times(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", worn.day())
    assert read_sensors(file, NEED, ReadOptions(rate=25.0)).streams["accelerometer"].rate == pytest.approx(25)
    with pytest.raises(UserError, match="--rate 0 should be a positive number"):
        read_sensors(file, NEED, ReadOptions(rate=0.0))
    with pytest.raises(UserError, match="--counts-per-g 0 should be the number that the sensor gives for 1 g"):
        read_sensors(file, NEED, ReadOptions(counts_per_g=0.0))


def test_facts_of_a_file(tmp_path: Path) -> None:
    times = np.arange(2000) / 50 + np.where(np.arange(2000) >= 1000, 7.0, 0)
    found = inspect_file(write(tmp_path / "a.csv", worn.day(), times), ReadOptions())
    (sensor,) = found.sensors
    assert (found.recorder, sensor.samples, sensor.gaps, sensor.longest_gap_s) == ("table", 2000, 1, 7.02)
    assert sensor.rate == 50 and not found.problems
    assert "gap" in " ".join(sensor.notes)


def test_times_too_large_to_tell_apart_are_refused(tmp_path: Path) -> None:
    lines = ["time,x,y,z", *(f"1e25,{x:.4f},{y:.4f},{z:.4f}" for x, y, z in worn.day()[:500])]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(UserError, match="the time is 1e\\+25 s; check the time column and its unit"):
        read_sensors(tmp_path / "a.csv", NEED, ReadOptions())
