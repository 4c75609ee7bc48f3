from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.datasets import berkeley_mhad
from featherfall.datasets.inspect import inspect_dataset
from featherfall.datasets.lists import read_list

EPOCH = 1309539264.0


def write(folder: Path, sensor: int, values: np.ndarray, times: np.ndarray, name: str = "s08_a03_r02") -> Path:
    path = folder / "Accelerometer" / f"Shimmer{sensor:02}" / f"acc_h{sensor:02}_{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.column_stack([values, EPOCH + times]), fmt="%.6f")
    return path


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    for sensor in range(1, 7):
        write(tmp_path, sensor, resting, 0.5 + np.arange(40) / 31)
    (tmp_path / "Time_stamps").mkdir()
    (tmp_path / "Time_stamps/time_stamps_img_s08_a03_r02.txt").write_text(f"0 {EPOCH + 0.25:.6f}\n1 {EPOCH + 0.3:.6f}\n")
    (tmp_path / "Time_stamps/time_stamps_img_s08_b01.txt").write_text("0 1309978450 254779\n")
    return tmp_path


def test_six_sensors_on_the_cameras_clock(folder: Path, resting: np.ndarray) -> None:
    dataset = berkeley_mhad.BerkeleyMHAD().scan(folder)
    (source,) = dataset.sources
    assert (source.id, source.fall, dataset.splits["cross_subject"](source)) == ("S08/bending/2", False, "test")
    recording = source.load()
    assert tuple(recording.streams) == berkeley_mhad.BerkeleyMHAD.streams
    stream = recording.streams["right_wrist_accelerometer"]
    assert stream.placement == "right wrist"
    np.testing.assert_allclose(stream.values, resting, atol=1e-5)
    np.testing.assert_allclose(stream.times, 0.25 + np.arange(40) / 31, atol=1e-4)
    assert folder / "Time_stamps/time_stamps_img_s08_a03_r02.txt" in source.files


def test_late_packets_are_straightened(folder: Path, resting: np.ndarray) -> None:
    times = np.arange(400) / 31
    late = times.copy()
    late[100:130] = late[129] + np.arange(30) * 1e-5  # a second of silence, then all at once
    write(folder, 3, np.tile(resting, (10, 1)), late)
    source = berkeley_mhad.BerkeleyMHAD().scan(folder).sources[0]
    assert source.stamps is not None
    assert np.diff(source.stamps(source)["left_hip_accelerometer"]).max() > 0.9
    steps = np.diff(source.load().streams["left_hip_accelerometer"].times)
    np.testing.assert_allclose(steps, 1 / 31, rtol=0.01)


def test_what_is_missing_is_told(folder: Path) -> None:
    (folder / "Accelerometer/Shimmer05/acc_h05_s08_a03_r02.txt").unlink()
    (folder / "Accelerometer/Shimmer06/acc_h07_s08_a03_r02.txt").touch()
    problems = berkeley_mhad.BerkeleyMHAD().scan(folder).problems
    assert "acc_h07_s08_a03_r02.txt: not the name of a recording" in problems[0]
    assert problems[1].endswith("acc_h01_s08_a03_r02.txt: of this recording left_ankle_accelerometer is missing")
    assert len(problems) == 2 + 54  # and every other action and trial of this subject


def test_real_recordings(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("berkeley-mhad", real("Berkeley-MHAD"))
    facts = inspect_dataset(dataset)
    assert facts.recordings >= 328
    assert facts.problems[0].endswith("no sensor's file of s02_a07_r05")
    assert all("gap(s) in the time stamps" in problem for problem in facts.problems[1:])
    waving = [source.load() for source in dataset.sources if source.activity == "waving one hand"][:5]
    moved = {
        name: np.median([recording.streams[name].values.std(axis=0).max() for recording in waving])
        for name in berkeley_mhad.BerkeleyMHAD.streams
    }
    assert max(moved, key=lambda name: moved[name]) == "right_wrist_accelerometer"


def test_published_lists_are_the_split(real: Callable[[str], Path]) -> None:
    lists = real("split-lists") / "split-lists/data"
    for side, name in (("train", "train"), ("test", "val")):
        listed = read_list(lists / f"BerkeleyMHAD_{name}_list.txt")
        seen = {line.parts[-3:-1] for line in listed}
        for subject in {subject for subject, _ in seen}:
            source = berkeley_mhad._source(int(subject[1:]), 1, 1, {})
            assert berkeley_mhad._cross_subject(source) == side
        assert {int(line.parts[-2][1:]) - 1 == line.label for line in listed} == {True}  # A01 is class 0
        assert ("S04", "A08", "R05") not in {line.parts[-3:] for line in listed}
