"""Arrays and tables in memory as sources: the same streams as from a file, and one line for what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.runtime.tiny import motion

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.runtime.sources.array import ArrayOptions, read_array

ACCELEROMETER = Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="left wrist")
GYROSCOPE = Input(name="gyroscope", unit="deg/s", channels=["x", "y", "z"])
TIMES = np.arange(500) / 50
ACC = motion(TIMES, ((5.0, 4.0),))
TURN = 10 * np.stack([np.sin(TIMES), np.cos(TIMES), np.sin(2 * TIMES)], axis=1)


def columns(values: np.ndarray = ACC, names: str = "xyz", **more: Any) -> dict[str, Any]:
    return {f"a{name}": values[:, k] for k, name in enumerate(names)} | more


def test_an_array_with_a_rate_becomes_a_stream() -> None:
    stream = read_array(ACC, [ACCELEROMETER], ArrayOptions(rate=50)).streams["accelerometer"]
    assert (stream.unit, stream.placement, stream.channels, stream.values.dtype) == ("g", "left wrist", ("x", "y", "z"), np.float32)
    assert stream.rate == pytest.approx(50)
    np.testing.assert_allclose(stream.values, ACC, atol=1e-6)
    np.testing.assert_allclose(stream.times, TIMES)


@pytest.mark.parametrize("data", [ACC * STANDARD_GRAVITY, (ACC * STANDARD_GRAVITY).tolist(), {"accelerometer": ACC * STANDARD_GRAVITY}])
def test_units_are_converted(data: Any) -> None:
    for unit in ("m/s2", {"accelerometer": "m/s2"}):
        stream = read_array(data, [ACCELEROMETER], ArrayOptions(rate=50, unit=unit)).streams["accelerometer"]
        np.testing.assert_allclose(stream.values, ACC, atol=1e-5)


def test_several_inputs_stand_side_by_side_or_by_name() -> None:
    inputs = [ACCELEROMETER, GYROSCOPE]
    beside = read_array(np.hstack([ACC, TURN]), inputs, ArrayOptions(rate=50))
    named = read_array({"gyroscope": TURN, "accelerometer": ACC}, inputs, ArrayOptions(times=TIMES + 100))
    for recording in (beside, named):
        np.testing.assert_allclose(recording.streams["gyroscope"].values, TURN, atol=1e-5)
        np.testing.assert_allclose(recording.streams["accelerometer"].times, TIMES, atol=1e-9)


def test_a_table_goes_by_its_names() -> None:
    table = {"timestamp [ms]": 1000 * TIMES} | {f"a{name} [m/s2]": STANDARD_GRAVITY * ACC[:, k] for k, name in enumerate("xyz")}
    stream = read_array(table, [ACCELEROMETER], ArrayOptions()).streams["accelerometer"]
    np.testing.assert_allclose(stream.values, ACC, atol=1e-5)
    np.testing.assert_allclose(stream.times, TIMES, atol=1e-9)
    turned = read_array(columns(), [ACCELEROMETER], ArrayOptions(rate=50, columns=["az", "ay", "ax"])).streams["accelerometer"]
    np.testing.assert_allclose(turned.values[:, ::-1], ACC, atol=1e-6)


def test_a_pandas_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(columns())
    for dates in (pandas.Timestamp("2024-05-01"), pandas.Timestamp("2024-05-01", tz="Europe/Paris")):
        dated = frame.set_index(dates + pandas.to_timedelta(TIMES, unit="s"))
        stream = read_array(dated, [ACCELEROMETER], ArrayOptions()).streams["accelerometer"]
        np.testing.assert_allclose(stream.times, TIMES, atol=1e-6)
        column = dated.reset_index(names="time")
        np.testing.assert_allclose(read_array(column, [ACCELEROMETER], ArrayOptions()).streams["accelerometer"].times, TIMES, atol=1e-6)
    with pytest.raises(UserError, match=r"no time column found; it has ax, ay, az; give time='NAME', or rate=HZ"):
        read_array(frame, [ACCELEROMETER], ArrayOptions())


def holed(value: float) -> np.ndarray:
    values = ACC.copy()
    values[12, 1] = value
    return values


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (ACC, {}, "no times; give rate=HZ"),
        (ACC, {"rate": 0}, "rate 0; give a positive number"),
        (ACC, {"rate": np.nan}, "rate nan; give a positive number"),
        (ACC, {"rate": 50, "times": TIMES}, "both rate and times"),
        (ACC, {"times": TIMES[:-1]}, r"times have shape \(499,\); give \(500,\)"),
        (ACC, {"times": np.zeros(500)}, "every row has the same time"),
        (ACC, {"times": 1000 * TIMES}, "0.05 samples per second, which no worn sensor gives; give time_unit='ms'"),
        (ACC[:, :2], {"rate": 50}, r"shape \(500, 2\); give \(samples, 3\), with the channels of accelerometer: x, y, z"),
        (ACC[:, 0], {"rate": 50}, r"shape \(500,\)"),
        (ACC[:1], {"rate": 50}, "1 sample"),
        (np.zeros((0, 3)), {"rate": 50}, "0 sample"),
        (ACC.astype(complex), {"rate": 50}, "dtype complex128; give floats"),
        (ACC > 0, {"rate": 50}, "dtype bool; give floats"),
        ([["a", "b", "c"]] * 5, {"rate": 50}, "dtype <U1; give floats"),
        ([[1, 2, 3], [1, 2]], {"rate": 50}, "not an array of numbers"),
        ([{"x": 1}], {"rate": 50}, "dtype object; give floats"),
        (holed(np.nan), {"rate": 50}, "sample 13: 'accelerometer' y is nan; drop the sample or fill it"),
        (holed(np.inf), {"rate": 50}, "sample 13: 'accelerometer' y is inf"),
        (ACC * 9.8, {"rate": 50}, "so the unit is m/s2, not g; state unit='m/s2'"),
        (ACC, {"rate": 50, "unit": "m/s3"}, "unknown unit 'm/s3'; did you mean 'm/s2'"),
        (ACC, {"rate": 50, "unit": {"acceleromter": "g"}}, "no input 'acceleromter'; did you mean 'accelerometer'"),
        (columns(names="xyw"), {"rate": 50}, r"no columns found for 'accelerometer' \(x, y, z\); it has ax, ay, aw; give columns="),
        (columns(), {"rate": 50, "columns": ["ax", "ay"]}, r"columns gives 2 name\(s\)"),
        (columns(), {"rate": 50, "columns": ["ax", "ay", "aq"]}, "no column 'aq' for 'accelerometer'"),
        (columns(), {"time": "when"}, "no time column 'when'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(data: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_array(data, [ACCELEROMETER], ArrayOptions(**options))
    assert "\n" not in str(caught.value)


def test_inputs_of_different_length_and_bare_options_for_two_inputs() -> None:
    inputs = [ACCELEROMETER, GYROSCOPE]
    with pytest.raises(UserError, match="array 'gyroscope': 499 samples, 'accelerometer' has 500"):
        read_array({"accelerometer": ACC, "gyroscope": TURN[:-1]}, inputs, ArrayOptions(rate=50))
    with pytest.raises(UserError, match="unit: the bundle has 2 inputs; give a dictionary with the keys accelerometer, gyroscope"):
        read_array(np.hstack([ACC, TURN]), inputs, ArrayOptions(rate=50, unit="g"))
    stated = {"accelerometer": ["ax", "ay", "az"], "gyroscope": ["ax", "ay", "az"]}
    with pytest.raises(UserError, match="column 'ax' is taken for both"):
        read_array(columns(), inputs, ArrayOptions(rate=50, columns=stated))


@pytest.mark.parametrize(
    ("times", "count", "note"),
    [
        (np.r_[TIMES[:-1], TIMES[-2]], 499, "row 500 repeats the time of the row before and was left out"),
        (np.r_[TIMES[:-1], np.nan], 499, "row 500 has no time and was left out"),
        (TIMES[::-1], 500, "the rows are in falling order of time and were read from the last to the first"),
        (np.r_[TIMES[:250], TIMES[:250] + 1.7e9], 500, "the clock was set before row 251"),
    ],
)
def test_faults_of_the_times_are_mended_and_noted(times: np.ndarray, count: int, note: str) -> None:
    found = read_array(ACC, [ACCELEROMETER], ArrayOptions(times=times))
    stream = found.streams["accelerometer"]
    assert len(stream.times) == count and stream.times[0] == 0 and (np.diff(stream.times) > 0).all()
    assert found.remarks[0].startswith(note)
    assert len(stream.begins) == ("set" in note)
