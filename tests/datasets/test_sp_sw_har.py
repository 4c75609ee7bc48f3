from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY

HEADER = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label"


def write(folder: Path, name: str, stamps: list[int], g: np.ndarray) -> Path:
    path = folder / "sp-sw-har" / "DATA" / name.split("_")[0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        ",".join([*(f"{value * STANDARD_GRAVITY:.6f}" for value in sample), "0.5,0,-0.25", str(stamp), "SEATED"])
        for sample, stamp in zip(g, stamps, strict=False)
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_a_walk_by_hand(tmp_path: Path, resting: np.ndarray) -> None:
    """Stamps in ms; two samples of one packet have the same, and a packet came late."""
    stamps = [1657533977810 + 10 * i for i in range(40)]
    stamps[5] = stamps[4]
    stamps[10], stamps[11] = stamps[11], stamps[10]
    path = write(tmp_path, "s01_02_sw.csv", stamps, resting)
    write(tmp_path, "s01_02_sp.csv", stamps, resting)  # the phone's
    (path.parent / "notes.csv").write_text("")
    dataset = datasets.open("sp_sw_har", tmp_path)
    assert [source.id for source in dataset.sources] == ["s01/stand up, walk, turn and sit down/2"]
    assert dataset.problems == (
        f"{path.parent / 'notes.csv'}: not the name of a recording, left out; expected a path like DATA/s01/s01_01_sw.csv",
    )
    recording = dataset.sources[0].load()
    accelerometer, gyroscope = recording.streams["accelerometer"], recording.streams["gyroscope"]
    assert recording.fall is None and (accelerometer.unit, accelerometer.placement, gyroscope.unit) == ("g", "wrist", "deg/s")
    np.testing.assert_allclose(accelerometer.values[[9, 10, 11]], resting[[9, 11, 10]], atol=1e-5)
    np.testing.assert_allclose(gyroscope.values[0], np.rad2deg([0.5, 0, -0.25]), rtol=1e-5)
    np.testing.assert_allclose(accelerometer.times[[0, 4, 5, 6, 39]], [0, 0.04, 0.05, 0.06, 0.39], atol=1e-9)


def test_a_broken_row_is_named(tmp_path: Path, resting: np.ndarray) -> None:
    path = write(tmp_path, "s01_01_sw.csv", list(range(0, 400, 10)), resting)
    path.write_text(path.read_text() + "1,2,x\n")
    with pytest.raises(UserError, match=r"s01_01_sw\.csv: row 42"):
        datasets.open("sp-sw-har", tmp_path).sources[0].load()


def test_every_real_walk(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("sp-sw-har", real("sp-sw-har"))
    assert len(dataset.sources) == 145 and len({source.subject for source in dataset.sources}) == 15 and not dataset.problems
    for source in dataset.sources[::12]:
        for stream in source.load().streams.values():
            assert (np.diff(stream.times) > 0).all() and 5 < stream.duration < 40
            assert 80 < len(stream.times) / stream.duration < 120
