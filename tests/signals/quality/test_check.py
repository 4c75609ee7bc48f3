from __future__ import annotations

import re

import numpy as np
import pytest
from tests.signals.quality import worn

from featherfall.core.errors import UserError
from featherfall.core.units import GRAVITY_UNITS
from featherfall.signals.quality.check import CheckWords, SensorCheck, check_samples

TIMES = worn.clock(40.0)
WORDS = CheckWords("walk.csv", "accelerometer", "row", "--unit accelerometer={unit}")


def notes(values: np.ndarray, unit: str = "g", row: int = 2) -> list[str]:
    return [note.text for note in check_samples(TIMES[: len(values)], values, unit, WORDS, row=row)[2]]


def test_good_samples_come_back_as_they_are() -> None:
    times, values, found = check_samples(TIMES, worn.day(), "g", WORDS)
    np.testing.assert_array_equal(times, TIMES)
    np.testing.assert_array_equal(values, worn.day())
    assert found == ()


def test_a_corrupt_sample_is_left_out_and_named() -> None:
    values = worn.day()
    values[100, 2] = 50.0
    times, kept, (note,) = check_samples(TIMES, values, "g", WORDS, row=2)
    assert len(times) == len(kept) == 1999 and 2.0 not in times
    assert (note.kind, note.text) == ("corrupt", "accelerometer: a corrupt sample was left out: row 102 (z is 50)")


def test_several_are_counted() -> None:
    values = worn.day()
    values[10::300, 0] = -9999.0
    assert notes(values) == [
        "accelerometer: 7 corrupt samples were left out: row 12 (x is -9999), row 312 (x is -9999), row 612 (x is -9999), "
        "row 912 (x is -9999), row 1212 (x is -9999) and 2 more"
    ]


def test_too_many_are_no_recording() -> None:
    values = worn.day()
    values[::10, 0] = 9999.0
    with pytest.raises(UserError, match=r"^walk\.csv: accelerometer: 200 of 2000 samples are beyond .* row 2: x is 9999\); check the unit"):
        notes(values)


def test_clipping_and_repeated_values_are_said() -> None:
    values = np.clip(worn.day(), -2, 1.3)
    values[100:103, 1] = -2.0
    values[800:1100] = values[800]
    first, second, *_ = notes(values)
    assert first.startswith("accelerometer: clipped at 2 g in ") and first.endswith(": impacts are higher than recorded")
    assert second == "accelerometer: all axes repeat the same value for 6 s from row 802 on: a fall in this time may not be seen"


def test_rows_without_values_are_gaps() -> None:
    values = worn.day()
    values[50:60, 1] = np.nan
    times, kept, found = check_samples(TIMES, values, "g", WORDS)
    assert len(times) == len(kept) == 1990 and found == ()


@pytest.mark.parametrize("true", GRAVITY_UNITS)
@pytest.mark.parametrize("stated", GRAVITY_UNITS)
def test_the_message_states_the_option_that_works(true: str, stated: str) -> None:
    values = worn.day() * GRAVITY_UNITS[true]
    if true == stated:
        return
    with pytest.raises(
        UserError, match=rf"walk\.csv: accelerometer: gravity is .* where it is quiet, so the unit is {true}, not {stated}; "
    ) as error:
        notes(values, stated)
    found = re.search(r"--unit accelerometer=(\S+)$", str(error.value))
    assert found and notes(values, found[1]) == []


def test_counts_are_asked_for_and_then_read() -> None:
    values = worn.day() * 16384
    with pytest.raises(UserError, match=r"gravity is 1\.6\de\+04 where it is quiet, .*counts of a converter; state --counts-per-g 16384$"):
        notes(values)
    check = SensorCheck("count", WORDS, counts_per_g=16384)
    check.add(TIMES, values)
    assert check.finish()[2] == ()


def test_missing_gravity_is_refused_with_what_to_give() -> None:
    rest = 0.01 * np.random.default_rng(1).standard_normal((500, 3))
    values = np.concatenate([rest, worn.moving(20.0), rest])
    with pytest.raises(UserError, match=r"gravity is missing \(the magnitude is .* g where it is calm\); give the raw accelerometer"):
        notes(values)


def test_what_cannot_be_told_is_said() -> None:
    lively = worn.moving(20.0, size=1.2) + np.array([0.0, 0.3, 0.4])
    (note,) = notes(lively)
    assert "no quiet stretch shows whether the unit is g and gravity is included" in note


def test_other_sensors_are_only_freed_of_marks() -> None:
    joints = np.full((100, 60), np.nan)
    words = CheckWords("walk.csv", "skeleton")
    assert check_samples(TIMES[:100], joints, "m", words)[1] is joints
    turning = worn.moving(10.0, size=100.0)
    turning[33, 1] = -32768.0
    times, _, (note,) = check_samples(TIMES[:500], turning, "deg/s", CheckWords("walk.csv", "gyroscope"), row=1)
    assert len(times) == 499 and note.text == "gyroscope: a corrupt sample was left out: row 34 (y is -32768)"


@pytest.mark.parametrize("size", [1e18, 1e200])
def test_numbers_of_no_sensor_are_refused_without_a_warning(size: float) -> None:
    with pytest.raises(UserError, match="counts of a converter"):
        notes(worn.day() * size)
    values = worn.day()
    values[77, 1] = size
    assert len(notes(values)) == 1
