from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, total
from tests.recorders.samples import mobifall, motion, ns, rows, write

from featherfall.core.units import STANDARD_GRAVITY


def test_the_files_of_a_trial(tmp_path: Path) -> None:
    text = mobifall(tmp_path).path.read_text().splitlines()
    write(tmp_path / "FOL_gyro_2_1.txt", ["#Rate of rotation around the x y z axes.", "#timestamp(ns),x,y,z(rad/s)", *text[2:]])
    write(tmp_path / "FOL_ori_2_1.txt", ["#Orientation of the device.", "#timestamp(ns),azimuth,pitch,roll(degrees)", *text[2:]])
    file = read("mobifall", tmp_path)
    assert of(file, "accelerometer").placement == "pocket" and of(file, "gyroscope").unit == "rad/s"


def test_the_annotated_table(tmp_path: Path) -> None:
    fall = motion(200.0)
    head = "timestamp,rel_time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,azimuth,pitch,roll,label"
    lines = rows(ns(fall.times, 184), fall.times, STANDARD_GRAVITY * fall.total, fall.total, fall.total, ["FOL"] * len(fall.times))
    np.testing.assert_allclose(total(read("mobifall", write(tmp_path / "FOL_2_1_annotated.csv", [head, *lines])))[1], fall.total, atol=1e-5)


def test_another_arff_file_is_not_claimed(tmp_path: Path) -> None:
    assert answer("mobifall", write(tmp_path / "a.arff", ["@relation x", "@data", *["1,2,3,4"] * 20])) is None
