from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals.quality import worn

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.reading import ReadOptions, read_sensors
from featherfall.recorders.recorder import Block, SensorFile, Series
from featherfall.recorders.total import gravity_of_orientation, to_sensor, total_acceleration, with_total

TIMES = worn.clock(4.0)
GRAVITY = np.stack([np.sin(TIMES), 0 * TIMES, np.cos(TIMES)], axis=1)
LINEAR = worn.moving(4.0)
NEED = Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="wrist")


def series(sensor: str, times: np.ndarray, values: np.ndarray, unit: str | None = "g", size: int = 64, **facts: object) -> Series:
    def blocks() -> Iterator[Block]:
        for at in range(0, len(times), size):
            yield Block(at + 2, times[at : at + size], values[at : at + size])

    channels = ("w", "x", "y", "z") if values.shape[1] == 4 else ("x", "y", "z")
    return Series(sensor, channels, unit, blocks, **facts)  # type: ignore[arg-type]


def values_of(one: Series) -> np.ndarray:
    return np.concatenate([block.values for block in one.blocks()])


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_sum_of_the_same_rows(size: int, other: int) -> None:
    total = total_acceleration(series("linear acceleration", TIMES, LINEAR, size=size), series("gravity", TIMES, GRAVITY, size=other))
    np.testing.assert_array_equal(values_of(total), LINEAR + GRAVITY)
    assert (total.sensor, total.unit) == ("accelerometer", "g")
    np.testing.assert_array_equal(np.concatenate([block.times for block in total.blocks()]), TIMES)  # each reading starts anew


@given(st.integers(1, 300), st.integers(1, 300))
def test_gravity_at_another_rate_is_interpolated(size: int, other: int) -> None:
    slow = 0.003 + np.arange(-1, 62) / 15
    gravity = np.stack([np.sin(slow), 0 * slow, np.cos(slow)], axis=1)
    total = total_acceleration(series("linear acceleration", TIMES, LINEAR, size=size), series("gravity", slow, gravity, size=other))
    np.testing.assert_allclose(values_of(total), LINEAR + GRAVITY, atol=1e-3)


@pytest.mark.parametrize(
    ("linear", "gravity", "factor", "unit"),
    [
        ("m/s2", "g", STANDARD_GRAVITY, "m/s2"),
        ("g", "m/s2", 1 / STANDARD_GRAVITY, "g"),
        ("mg", "g", 1000, "mg"),
        (None, "g", 1, "g"),
        ("g", None, 1, "g"),
    ],
)
def test_units_may_differ(linear: str | None, gravity: str | None, factor: float, unit: str) -> None:
    total = total_acceleration(series("linear acceleration", TIMES, LINEAR, linear), series("gravity", TIMES, GRAVITY, gravity))
    np.testing.assert_allclose(values_of(total), LINEAR + factor * GRAVITY)
    assert total.unit == unit


def test_where_gravity_is_far_away_the_sum_is_missing() -> None:
    keep = (TIMES < 1) | (TIMES > 3)
    total = values_of(total_acceleration(series("linear acceleration", TIMES, LINEAR), series("gravity", TIMES[keep], GRAVITY[keep])))
    far = (TIMES > 1.5) & (TIMES < 2.5)
    assert np.isnan(total[far]).all() and np.isfinite(total[TIMES < 1.4]).all() and np.isfinite(total[TIMES > 2.6]).all()
    nothing = series("gravity", TIMES[:0], GRAVITY[:0])
    assert np.isnan(values_of(total_acceleration(series("linear acceleration", TIMES, LINEAR), nothing))).all()


def test_rows_of_gravity_without_values_are_no_zeros() -> None:
    shared = GRAVITY.copy()
    shared[1::2] = np.nan
    late = TIMES + 0.001
    total = values_of(total_acceleration(series("linear acceleration", TIMES, LINEAR), series("gravity", late, shared)))
    np.testing.assert_allclose(total, LINEAR + GRAVITY, atol=0.05)


@pytest.mark.parametrize(
    ("quaternion", "gravity"),
    [
        ((1, 0, 0, 0), (0, 0, 1)),  # lying on its back
        ((0.5**0.5, 0.5**0.5, 0, 0), (0, 1, 0)),  # upright: turned by 90 degrees about x, its y points up
        ((0.5**0.5, 0, 0.5**0.5, 0), (-1, 0, 0)),  # turned by 90 degrees about y, its x points down
        ((0.5**0.5, 0, 0, 0.5**0.5), (0, 0, 1)),  # turned about the vertical
        ((0, 3, 0, 0), (0, 0, -1)),  # on its face; a length of 3 does not matter
    ],
)
def test_gravity_by_hand_of_an_orientation(quaternion: tuple[float, ...], gravity: tuple[float, ...]) -> None:
    turned = gravity_of_orientation(series("orientation", TIMES[:1], np.array([quaternion], float), None), "g")
    np.testing.assert_allclose(values_of(turned)[0], gravity, atol=1e-12)
    assert np.isnan(to_sensor(np.zeros((1, 4)), np.ones((1, 3)))).all()


@given(st.tuples(*[st.floats(-1, 1)] * 4), st.tuples(*[st.floats(-5, 5)] * 3))
def test_turning_keeps_lengths_and_angles(quaternion: tuple[float, ...], vector: tuple[float, ...]) -> None:
    q = np.array([quaternion])
    if np.linalg.norm(q) < 0.01:
        return
    turned = to_sensor(q, np.array([vector]))
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(vector), abs=1e-9)
    np.testing.assert_allclose(to_sensor(q * [1, -1, -1, -1], turned)[0], vector, atol=1e-9)


def turned_device() -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 4) quaternions of a device that turns about a tilted axis, and (N, 3) gravity as it measures it, g."""
    axis, angle = np.array([0.6, 0.0, 0.8]), TIMES
    quaternion = np.column_stack([np.cos(angle / 2), np.sin(angle / 2)[:, None] * axis])
    # Rodrigues' formula for the inverse turn of (0, 0, 1)
    up = np.array([0.0, 0.0, 1.0])
    gravity = (
        np.cos(angle)[:, None] * up - np.sin(angle)[:, None] * np.cross(axis, up) + ((1 - np.cos(angle)) * (axis @ up))[:, None] * axis
    )
    return quaternion, gravity


def test_orientation_gives_what_the_accelerometer_measures() -> None:
    quaternion, gravity = turned_device()
    flipped = quaternion * np.where(np.arange(len(TIMES)) % 7 < 3, 1, -1)[:, None]  # q and -q are the same orientation
    file = SensorFile(
        "x",
        "X",
        (
            series("linear acceleration", TIMES, LINEAR * STANDARD_GRAVITY, "m/s2"),
            series("orientation", TIMES + 0.002, flipped, None, size=17),
        ),
    )
    total = with_total(file).series[-1]
    assert total.sensor == "accelerometer" and total.made_of.endswith("by the orientation")
    np.testing.assert_allclose(values_of(total) / STANDARD_GRAVITY, LINEAR + gravity, atol=0.01)


def test_what_is_there_is_not_made_again() -> None:
    linear, gravity = series("linear acceleration", TIMES, LINEAR), series("gravity", TIMES, GRAVITY)
    measured = series("accelerometer", TIMES, LINEAR + GRAVITY)
    for kept in ((linear, gravity, measured), (linear,), (gravity,), (linear, series("gravity", TIMES, GRAVITY, placement="chest"))):
        assert with_total(SensorFile("x", "X", kept)).series == kept
    watch = (series("linear acceleration", TIMES, LINEAR, placement="watch"), series("gravity", TIMES, GRAVITY, placement="wrist"))
    assert with_total(SensorFile("x", "X", (*watch, measured))).series[-1].placement == "watch"


def test_columns_of_one_table_are_summed_and_said(tmp_path: Path) -> None:
    day = worn.day()
    times = worn.clock(40.0)
    gravity = np.tile([0.0, 0.6, 0.8], (len(day), 1))
    file = tmp_path / "phone.csv"
    header = "time,linear_acceleration_x,linear_acceleration_y,linear_acceleration_z,gravity_x,gravity_y,gravity_z"
    np.savetxt(file, np.column_stack([times, day - gravity, gravity]), delimiter=",", header=header, comments="")
    recording = read_sensors(file, [NEED], ReadOptions())
    np.testing.assert_allclose(recording.streams["accelerometer"].values, day, atol=1e-6)
    assert "acceleration without gravity + gravity = total" in recording.recognised
    file.write_text("\n".join(line.rsplit(",", 3)[0] for line in file.read_text().splitlines()))
    with pytest.raises(UserError, match="acceleration without gravity, in which a fall cannot be told"):
        read_sensors(file, [NEED], ReadOptions())


@pytest.mark.parametrize("unit", [1.0, STANDARD_GRAVITY])
@pytest.mark.parametrize("names", ["x,y,z", "ax,ay,az", "accelerometer_x,accelerometer_y,accelerometer_z"])
def test_a_table_that_does_not_say_that_gravity_is_missing_is_found_out(tmp_path: Path, unit: float, names: str) -> None:
    rest = 0.01 * np.random.default_rng(3).standard_normal((300, 3))
    file = tmp_path / "phone.csv"
    values = unit * np.concatenate([rest, worn.moving(10.0), rest])
    np.savetxt(file, np.column_stack([np.arange(len(values)) / 50, values]), delimiter=",", header=f"time,{names}", comments="")
    for units in ({}, {"accelerometer": "m/s2"}, {"accelerometer": "g"}):
        with pytest.raises(UserError, match=r"gravity is missing .*; give the raw accelerometer, not linear acceleration"):
            read_sensors(file, [NEED], ReadOptions(units=units))
