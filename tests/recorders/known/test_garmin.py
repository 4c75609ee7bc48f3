from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, samples
from tests.recorders.samples import garmin, write

from featherfall.core.errors import UserError


def test_times_are_those_of_the_message_and_the_offsets(tmp_path: Path) -> None:
    times, _ = samples(of(read("garmin", garmin(tmp_path).path), "accelerometer"))
    np.testing.assert_allclose(times[:2], [1_068_934_400 + 631_065_600 + 0.12, 1_068_934_400 + 631_065_600 + 0.16], atol=1e-4)


def test_the_table_of_one_message(tmp_path: Path) -> None:
    names = ["timestamp[s]", "timestamp_ms[ms]", "sample_time_offset[ms]", *(f"calibrated_accel_{axis}[g]" for axis in "xyz")]
    offsets = "|".join(str(40 * i) for i in range(25))
    lines = [",".join(f"accelerometer_data.{name}" for name in names)]
    lines += [
        f"{1_068_934_400 + i},0,{offsets},{'|'.join(['0.1'] * 25)},{'|'.join(['0.2'] * 25)},{'|'.join(['0.9'] * 25)}" for i in range(4)
    ]
    series = of(read("garmin", write(tmp_path / "a_data.csv", lines)), "accelerometer")
    times, values = samples(series)
    assert series.unit == "g" and values.tolist() == [[0.1, 0.2, 0.9]] * 100
    np.testing.assert_allclose(np.diff(times), 0.04, atol=1e-6)


def test_raw_values_are_counts(tmp_path: Path) -> None:
    text = garmin(tmp_path).path.read_text().replace("calibrated_accel", "accel")
    series = of(read("garmin", write(tmp_path / "a.csv", [text])), "accelerometer")
    assert (series.unit, series.counts_per_g) == ("count", None)


def test_an_activity_without_the_sensor_is_refused(tmp_path: Path) -> None:
    text = garmin(tmp_path).path.read_text().replace("accelerometer_data", "gyroscope_data")
    error = answer("garmin", write(tmp_path / "a.csv", [text]))
    assert isinstance(error, UserError) and "SensorLogging" in str(error)


def test_a_fit_file_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    path = tmp_path / "a.fit"
    path.write_bytes(bytes([14, 16, 0x5C, 8, 0, 0, 0, 0]) + b".FIT" + bytes(100))
    error = answer("garmin", path)
    assert isinstance(error, UserError) and "FitCSVTool" in str(error)


def test_text_among_the_numbers_is_named(tmp_path: Path) -> None:
    text = garmin(tmp_path).path.read_text().replace('"0|40', '"0|x', 1)
    error = answer("garmin", write(tmp_path / "a.csv", [text]))
    assert isinstance(error, UserError) and "sample_time_offset" in str(error)
