from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, of, read, samples
from tests.recorders.samples import motion, rows, write

from featherfall.recorders.capture import open_capture
from featherfall.recorders.recorder import SensorFile
from featherfall.recorders.table import Stated


def sketch(path: Path, a_g: float, names: str = "ax,ay,az", clock: str = "millis") -> Path:
    fall = motion()
    scale = {"millis": 1e3, "micros": 1e6}.get(clock, 1e3)
    return write(path, [f"{clock},{names}", *rows(np.round(scale * fall.times).astype(int), np.round(a_g * fall.total).astype(int))])


@pytest.mark.parametrize("a_g", [16384, 8192, 4096, 2048, 1024, 512, 256])
def test_the_counts_of_a_g_are_found_at_rest_and_said(a_g: int, tmp_path: Path) -> None:
    # The simulated watch reads 1.03 g at rest, as real ones do.
    file = read("raw-counts", sketch(tmp_path / "a.csv", a_g))
    assert of(file, "accelerometer").counts_per_g == a_g and f"{a_g} counts a g" in file.notes[0] and "--counts-per-g" in file.notes[0]


def test_what_no_sensor_gives_is_left_to_the_user(tmp_path: Path) -> None:
    file = read("raw-counts", sketch(tmp_path / "a.csv", 12_000))
    assert of(file, "accelerometer").counts_per_g is None and "12" in file.notes[0]


@pytest.mark.parametrize("names", ["AcX,AcY,AcZ", "accel_x,accel_y,accel_z", "x,y,z", "acc_x,acc_y,acc_z", "raw_x,raw_y,raw_z"])
@pytest.mark.parametrize("clock", ["millis", "micros"])
def test_names_of_sketches(names: str, clock: str, tmp_path: Path) -> None:
    times, _ = samples(of(read("raw-counts", sketch(tmp_path / "a.csv", 16384, names, clock)), "accelerometer"))
    np.testing.assert_allclose(times, motion().times, atol=1e-3)


def test_rows_without_a_header_and_without_times(tmp_path: Path) -> None:
    fall = motion()
    counts = np.round(4096 * fall.total).astype(int)
    path = write(tmp_path / "a.csv", rows(np.round(1000 * fall.times).astype(int), counts))
    assert of(read("raw-counts", path), "accelerometer").counts_per_g == 4096
    capture = open_capture(write(tmp_path / "b.csv", ["ax,ay,az,gx,gy,gz", *rows(counts, counts)]), Stated(rate=50.0))
    file = answer("raw-counts", capture)
    assert isinstance(file, SensorFile) and of(file, "accelerometer").counts_per_g == 4096


def test_measured_values_are_not_counts(tmp_path: Path) -> None:
    fall = motion()
    for head, values in (("millis,ax,ay,az", 9.81 * fall.total), ("millis,ax,ay,az", fall.total), ("millis,ax,ay,az", 1000.5 * fall.total)):
        assert answer("raw-counts", write(tmp_path / "a.csv", [head, *rows(1000 * fall.times, values)])) is None
    whole = np.round(1000 * fall.total).astype(int)
    assert answer("raw-counts", write(tmp_path / "a.csv", ["time (ms),x (mg),y (mg),z (mg)", *rows(1000 * fall.times, whole)])) is None
    few = np.round(9.81 * fall.total).astype(int)  # whole numbers of m/s2
    assert answer("raw-counts", write(tmp_path / "a.csv", ["millis,ax,ay,az", *rows(1000 * fall.times, few)])) is None
