from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, of, read, samples, total
from tests.recorders.samples import actigraph, motion, rows, write

from featherfall.core.errors import UserError


def lines_of(tmp_path: Path) -> list[str]:
    return actigraph(tmp_path).path.read_text().splitlines()


def test_the_start_and_the_rate_are_those_of_the_header(tmp_path: Path) -> None:
    file = read("actigraph", actigraph(tmp_path).path)
    times, _ = samples(of(file, "accelerometer"))
    assert times[0] == 1_700_000_000 and times[100] == 1_700_000_001 and file.title == "ActiGraph GT3X+"


@pytest.mark.parametrize(("form", "date"), [("dd/MM/yyyy", "14/11/2023"), ("yyyy-MM-dd", "2023-11-14"), ("d-M-yyyy", "14-11-2023")])
def test_dates_are_in_the_format_that_the_header_names(form: str, date: str, tmp_path: Path) -> None:
    text = "\n".join(lines_of(tmp_path)).replace("M/d/yyyy", form).replace("11/14/2023", date)
    times, _ = samples(of(read("actigraph", write(tmp_path / "a.csv", [text])), "accelerometer"))
    assert times[0] == 1_700_000_000


def test_without_names_and_with_time_stamps(tmp_path: Path) -> None:
    head, values = lines_of(tmp_path)[:10], rows(np.round(motion(100.0).total, 3))
    expected = total(read("actigraph", actigraph(tmp_path).path))[1]
    np.testing.assert_array_equal(total(read("actigraph", write(tmp_path / "a.csv", [*head, *values])))[1], expected)
    stamped = [f"14/11/2023 22:13:{20 + i / 100:06.3f},{line}" for i, line in enumerate(values)]
    for names in (["Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z"], ["time,X,Y,Z"], []):
        np.testing.assert_array_equal(total(read("actigraph", write(tmp_path / "b.csv", [*head, *names, *stamped])))[1], expected)


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    head, values = lines_of(tmp_path)[:11], rows(np.round(motion(100.0).total, 3), delimiter=";")
    head[10] = head[10].replace(",", ";")
    path = write(tmp_path / "a.csv", [*head, *(line.replace(".", ",") for line in values)])
    np.testing.assert_allclose(total(read("actigraph", path))[1], np.round(motion(100.0).total, 3))


def test_the_gt9x_has_a_gyroscope(tmp_path: Path) -> None:
    head = lines_of(tmp_path)[:10]
    head[0] = head[0].replace("Data File", "Data Table File").replace("GT3X+", "GT9X Link")
    names = ["Timestamp", *(f"{name} {axis}" for name in ("Accelerometer", "Gyroscope") for axis in "XYZ")]
    values = motion(100.0).total
    lines = rows([f"2023-11-14T22:13:{20 + i / 100:06.3f}" for i in range(len(values))], values, 10 * values)
    file = read("actigraph", write(tmp_path / "a.csv", [*head, ",".join(names), *lines]))
    assert file.title == "ActiGraph GT9X Link" and of(file, "gyroscope").unit == "deg/s"
    np.testing.assert_allclose(total(file)[1], values, atol=1e-5)


def test_counts_per_epoch_are_refused(tmp_path: Path) -> None:
    head = lines_of(tmp_path)[:10]
    head[0] = head[0].replace(" at 100 Hz", "")
    head[4] = "Epoch Period (hh:mm:ss) 00:01:00"
    path = write(tmp_path / "a.csv", [*head, "Date,Time,Axis1,Axis2,Axis3,Steps", *["11/14/2023,22:14:00,120,35,3,4"] * 50])
    error = answer("actigraph", path)
    assert isinstance(error, UserError) and "counts per epoch of 00:01:00, not acceleration; export the raw data" in str(error)
