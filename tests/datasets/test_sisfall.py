from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.datasets import sisfall
from featherfall.datasets.inspect import inspect_dataset

ROW = "  16,-256,   0, -42, 512,-123,   0,-1024, 512;"


def write(folder: Path, name: str, rows: int = 40) -> Path:
    path = folder / name.split("_")[1] / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{ROW}\n" * rows + "\n")
    return path


def test_counts_become_units(tmp_path: Path) -> None:
    write(tmp_path, "F05_SA01_R04")
    write(tmp_path, "D17_SE04_R02")
    (tmp_path / "Readme.txt").write_bytes("fünf".encode("latin-1"))
    dataset = sisfall.SisFall().scan(tmp_path)
    assert dataset.problems == ()
    fall, ride = dataset.sources
    assert (fall.id, fall.fall, fall.traits) == ("SA01/fall forward while jogging caused by a trip/4", True, {"age": "young"})
    assert (ride.subject, ride.fall, ride.traits) == ("SE04", False, {"age": "elder"})
    streams = fall.load().streams
    assert tuple(streams) == sisfall.SisFall.streams
    # +-16 g in 13 bits: 256 counts a g; +-2000 deg/s in 16 bits: 16.384 a deg/s; +-8 g in 14 bits: 1024 a g.
    np.testing.assert_allclose(streams["accelerometer"].values[0], [16 / 256, -1.0, 0.0])
    np.testing.assert_allclose(streams["gyroscope"].values[0], np.array([-42, 512, -123]) / 16.384, rtol=1e-6)
    np.testing.assert_allclose(streams["second_accelerometer"].values[0], [0.0, -1.0, 0.5])
    np.testing.assert_allclose(streams["gyroscope"].times, np.arange(40) / 200)


def test_faults_are_told_by_file_and_row(tmp_path: Path) -> None:
    path = write(tmp_path, "D01_SA02_R01")
    write(tmp_path, "D99_SA02_R01")
    path.write_text(f"{ROW}\n1, 2, 3;\n{ROW}\n")
    dataset = sisfall.SisFall().scan(tmp_path)
    assert len(dataset.sources) == 1
    assert "D99_SA02_R01.txt: not the name of a recording" in dataset.problems[0]
    with pytest.raises(UserError, match=r"D01_SA02_R01\.txt: row 2 has 3 column\(s\), 9 are needed"):
        dataset.sources[0].load()


def test_real_recordings(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("sisfall", real("SisFall"))
    facts = inspect_dataset(dataset)
    assert facts.recordings >= 102
    assert facts.falls >= 45
    copies = [f"{one} and SA01/walking quickly/1 are the same recording" for one in ("SA01/walking slowly/1",)]  # D01 and D02, to the byte
    assert [problem.split(" under ")[0] for problem in facts.problems] == copies
    recording = next(source for source in dataset.sources if source.id == "SA01/jogging slowly/1").load()
    both = [np.linalg.norm(recording.streams[name].values, axis=1) for name in ("accelerometer", "second_accelerometer")]
    assert np.corrcoef(*both)[0, 1] > 0.9  # one body, two sensors: the scales and columns are the right ones
    assert abs(np.median(both[0]) - np.median(both[1])) < 0.1
