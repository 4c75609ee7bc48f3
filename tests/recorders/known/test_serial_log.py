from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, of, read, samples
from tests.recorders.samples import iso, motion, serial_log, write

from featherfall.core.errors import UserError
from featherfall.recorders.capture import open_capture
from featherfall.recorders.recognise import recognise
from featherfall.recorders.table import Stated


@pytest.mark.parametrize(
    "line",
    [
        "ms: {ms} ax: {x:.3f} ay: {y:.3f} az: {z:.3f}",
        "t={ms},accX={x:.3f},accY={y:.3f},accZ={z:.3f}",
        "millis:{ms}\tX:{x:.3f}\tY:{y:.3f}\tZ:{z:.3f}",
        "time: {s:.3f}; acc_x: {x:.3f}; acc_y: {y:.3f}; acc_z: {z:.3f}; temp: 25.1",
    ],
)
def test_labels(line: str, tmp_path: Path) -> None:
    fall = motion(25.0)
    lines = [line.format(ms=round(1000 * t), s=t, x=x, y=y, z=z) for t, (x, y, z) in zip(fall.times, fall.total, strict=True)]
    times, values = samples(of(read("serial-log", write(tmp_path / "a.log", ["I2C ok", *lines])), "accelerometer"))
    np.testing.assert_allclose(times, fall.times, atol=0.002)
    np.testing.assert_allclose(values, fall.total, atol=0.001)


@pytest.mark.parametrize("line", ["{x},{y},{z}", "{ms},{x},{y},{z}", "{x} {y} {z} 1 2 3", "{ms};{x};{y};{z};1;2;3;"])
def test_plain_numbers_behind_the_time_of_the_ide(line: str, tmp_path: Path) -> None:
    fall = motion(25.0)
    counts = np.round(16384 * fall.total).astype(int)
    lines = [
        f"{iso(t, '%H:%M:%S.%f')} -> " + line.format(ms=round(1000 * t), x=x, y=y, z=z)
        for t, (x, y, z) in zip(fall.times, counts, strict=True)
    ]
    series = of(read("serial-log", write(tmp_path / "a.txt", lines)), "accelerometer")
    times, values = samples(series)
    assert (series.unit, series.counts_per_g) == ("count", 16384.0)
    np.testing.assert_array_equal(values, counts)
    np.testing.assert_allclose(times - times[0], fall.times, atol=1e-6)


def test_midnight_and_lines_cut_short(tmp_path: Path) -> None:
    seconds = np.arange(-20, 20) / 10 + 6400  # the sample's clock starts at 22:13:20
    lines = [f"{iso(t, '%H:%M:%S.%f')} -> X: 0.1, Y: 0.2, Z: 0.9" for t in seconds]
    lines[7] = lines[7][:-8]
    times, _ = samples(of(read("serial-log", write(tmp_path / "a.log", lines)), "accelerometer"))
    np.testing.assert_allclose(np.diff(times), [0.1] * 6 + [0.2] + [0.1] * 31, atol=1e-6)


def test_the_unit_is_that_of_the_text(tmp_path: Path) -> None:
    assert of(read("serial-log", serial_log(tmp_path).path), "accelerometer").unit == "m/s2"


def test_lines_without_a_time_are_refused_with_what_to_print(tmp_path: Path) -> None:
    error = answer("serial-log", write(tmp_path / "a.log", ["ax: 0.12 ay: -0.30 az: 9.81"] * 50))
    assert isinstance(error, UserError) and "millis()" in str(error)


def test_a_table_is_not_claimed(tmp_path: Path) -> None:
    assert answer("serial-log", write(tmp_path / "a.csv", ["t,x,y,z", *["0.1,0.1,0.2,0.9"] * 50])) is None


def test_a_stated_rate_takes_the_place_of_times(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log", ["ax: 0.12 ay: -0.30 az: 9.81"] * 50)
    found = recognise(open_capture(path, Stated(rate=25.0)))
    np.testing.assert_allclose(next(iter(found.series[0].blocks())).times, np.arange(50) / 25)
