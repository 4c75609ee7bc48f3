from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, total
from tests.recorders.samples import iso, motion, ns, polar, rows, write

from featherfall.core.errors import UserError


def test_a_folder_with_the_gyroscope_beside(tmp_path: Path) -> None:
    written = polar(tmp_path)
    fall = motion(52.0)
    head = "Phone timestamp;sensor timestamp [ns];X [dps];Y [dps];Z [dps]"
    write(
        tmp_path / "Polar_Sense_12345678_GYRO.txt", [head, *rows([iso(t) for t in fall.times], ns(fall.times), fall.total, delimiter=";")]
    )
    write(tmp_path / "Polar_Sense_12345678_HR.txt", ["Phone timestamp;HR [bpm];HRV [ms]", f"{iso(0)};65;12.5", f"{iso(1)};66;12.5"])
    file = read("polar", tmp_path)
    assert of(file, "gyroscope").unit == "deg/s"
    np.testing.assert_allclose(total(file)[1], written.total, atol=1e-9)


def test_a_chest_strap_is_worn_on_the_chest(tmp_path: Path) -> None:
    path = polar(tmp_path).path
    assert of(read("polar", path), "accelerometer").placement == ""
    assert of(read("polar", path.rename(tmp_path / "Polar_H10_12345678_ACC.txt")), "accelerometer").placement == "chest"


def test_heart_rate_is_refused(tmp_path: Path) -> None:
    lines = ["Phone timestamp;HR [bpm];HRV [ms]", *[f"{iso(i)};65;12.5" for i in range(60)]]
    error = answer("polar", write(tmp_path / "Polar_H10_12345678_HR.txt", lines))
    assert isinstance(error, UserError) and "_ACC.txt" in str(error)
