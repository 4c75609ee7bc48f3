from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, samples, total
from tests.recorders.samples import iso, motion, rows, shimmer, write

from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY


def test_the_wide_range_is_taken(tmp_path: Path) -> None:
    file = read("shimmer", shimmer(tmp_path).path)
    assert np.linalg.norm(total(file)[1], axis=1).max() > 5 and of(file, "gyroscope").unit == "deg/s"


def test_commas_formatted_dates_and_low_noise_alone(tmp_path: Path) -> None:
    fall = motion(51.2)
    names = ["Timestamp_FormattedUnix_CAL", *(f"Accel_LN_{axis}_CAL" for axis in "XYZ")]
    lines = rows([iso(t, "%Y/%m/%d %H:%M:%S.%f") for t in fall.times], STANDARD_GRAVITY * fall.total)
    head = ['"sep=,"', ",".join(f"S_Wrist_{name}" for name in names) + ",", "yyyy/mm/dd hh:mm:ss.000,m/(s^2),m/(s^2),m/(s^2),"]
    times, values = total(read("shimmer", write(tmp_path / "a.csv", [*head, *(line + "," for line in lines)])))
    np.testing.assert_allclose(values, fall.total, atol=1e-5)
    np.testing.assert_allclose(times - times[0], fall.times, atol=0.001)


def test_four_rows_of_old_software(tmp_path: Path) -> None:
    fall = motion(51.2)
    names = ["Timestamp", *(f"Low Noise Accelerometer {axis}" for axis in "XYZ"), *(f"Gyroscope {axis}" for axis in "XYZ")]
    head = [
        "\t".join(["Shimmer 5F42"] * 7),
        "\t".join(names),
        "\t".join(["CAL"] * 7),
        "\t".join(["mSecs", *["m/(sec^2)"] * 3, *["deg/sec"] * 3]),
    ]
    lines = rows(1000 * fall.times + 5000, STANDARD_GRAVITY * fall.total, 0 * fall.total, delimiter="\t")
    file = read("shimmer", write(tmp_path / "a.csv", [*head, *lines]))
    np.testing.assert_allclose(total(file)[1], fall.total, atol=1e-5)
    np.testing.assert_allclose(samples(of(file, "gyroscope"))[0], fall.times + 5, atol=1e-5)


def test_raw_values_are_refused(tmp_path: Path) -> None:
    text = shimmer(tmp_path).path.read_text().replace("_CAL", "_RAW").replace("Timestamp_Unix_RAW", "Timestamp_Unix_CAL")
    error = answer("shimmer", write(tmp_path / "a.csv", [text]))
    assert isinstance(error, UserError) and "export calibrated (CAL) data" in str(error)
