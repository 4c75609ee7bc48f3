from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import of, read, total
from tests.recorders.samples import metawear, motion, rows, write


def lines(values: np.ndarray, unit: str = "g", clock: str = "epoc (ms)") -> list[str]:
    times = motion().times
    head = f"{clock},elapsed (s),x-axis ({unit}),y-axis ({unit}),z-axis ({unit})"
    return [head, *rows([1_700_000_000_000 + round(1000 * t) for t in times], times, values)]


def test_the_other_spelling(tmp_path: Path) -> None:
    file = read("metawear", write(tmp_path / "a.csv", lines(motion().total, clock="epoch (ms)")))
    np.testing.assert_allclose(total(file)[1], motion().total, atol=1e-5)


def test_accelerometer_and_gyroscope_in_a_folder(tmp_path: Path) -> None:
    metawear(tmp_path)
    write(tmp_path / "MetaWear_Gyroscope.csv", lines(motion().total, "deg/s"))
    file = read("metawear", tmp_path)
    assert of(file, "gyroscope").unit == "deg/s" and of(file, "accelerometer").unit == "g"


@pytest.mark.parametrize("name", ["MetaWear_LinearAcceleration.csv", "monday.csv"])
def test_acceleration_without_gravity_by_its_name_or_at_rest(name: str, tmp_path: Path) -> None:
    file = read("metawear", write(tmp_path / name, lines(motion().linear)))
    assert [series.sensor for series in file.series] == ["linear acceleration"] and file.mend
