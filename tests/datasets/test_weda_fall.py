from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets import weda_fall
from featherfall.datasets.inspect import inspect_dataset
from featherfall.datasets.views import join_datasets


def write(folder: Path, name: str, values: np.ndarray, stamps: np.ndarray | None = None) -> None:
    """Three sensor files of one recording, as a Fitbit stamps them: four samples at a time."""
    index = np.arange(len(values))
    times = index // 4 * 0.08 + index % 4 * 0.002 if stamps is None else stamps
    for kind, axes, factor in (("accel", "xyz", STANDARD_GRAVITY), ("gyro", "xyz", 1.0), ("orientation", "sijk", 1.0)):
        path = folder / "dataset" / "50Hz" / f"{name}_{kind}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = np.hstack([times[:, None], factor * np.hstack([values, values[:, :1]])[:, : len(axes)]])
        header = ",".join([f"{kind}_time_list", *(f"{kind}_{axis}_list" for axis in axes)])
        np.savetxt(path, columns, delimiter=",", fmt="%.6f", header=header, comments="")


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    write(tmp_path, "D01/U21_R02", resting)
    write(tmp_path, "F01/U01_R01", resting)
    (tmp_path / "dataset/50Hz/F01/U01_R01_vertical_accel.csv").write_text("vertical_Accel_x,accel_time_list\n0.1,0.0\n")
    (tmp_path / "dataset/fall_timestamps.csv").write_bytes(b"\xef\xbb\xbffilename,start_time,end_time\r\nF01/U01_R01,0.2,0.7\r\n")
    return tmp_path


def test_a_recording_is_read_in_inside_units(folder: Path, resting: np.ndarray) -> None:
    dataset = weda_fall.WEDAFall().scan(folder)
    assert dataset.problems == ()
    walk, fall = dataset.sources
    assert (walk.id, walk.fall, walk.traits) == ("U21/walking/2", False, {"age": "elder"})
    assert (fall.id, fall.fall, fall.traits) == ("U01/fall forward while walking caused by a slip/1", True, {"age": "young"})
    assert folder / "dataset/fall_timestamps.csv" in fall.files
    recording = fall.load()
    assert recording.fall == FallTimes(onset=0.2, impact=None, end=0.7)
    assert walk.load().fall is None
    assert {name: stream.unit for name, stream in recording.streams.items()} == {
        "accelerometer": "g",
        "gyroscope": "deg/s",
        "orientation": "quaternion",
    }
    np.testing.assert_allclose(recording.streams["accelerometer"].values, resting, atol=1e-5)
    np.testing.assert_allclose(recording.streams["gyroscope"].values, np.degrees(resting), atol=1e-3)
    assert recording.streams["orientation"].channels == ("s", "i", "j", "k")


def test_files_that_cannot_be_listed_count_as_left_out(folder: Path, resting: np.ndarray) -> None:
    write(folder, "D01/U21_R3", resting)
    dataset = weda_fall.WEDAFall().scan(folder)
    assert len(dataset.sources) == 2 and len(dataset.unlisted) == 3
    assert pickle.loads(pickle.dumps(dataset.problems[0])).recordings == 1
    found = inspect_dataset(dataset).left_out
    assert (found.count, found.of, found.too_many) == (3, 5, True)
    joined = join_datasets([dataset, dataset])
    assert len(joined.unlisted) == 6


def test_bursts_are_straightened_on_the_shared_clock(folder: Path) -> None:
    stream = weda_fall.WEDAFall().scan(folder).sources[0].load().streams["accelerometer"]
    assert stream.clock == "shared"
    np.testing.assert_allclose(np.diff(stream.times), 0.02, rtol=0.02)


def test_a_late_packet_goes_where_its_stamps_belong(folder: Path, resting: np.ndarray) -> None:
    index = np.arange(40)
    stamps = index // 4 * 0.08 + index % 4 * 0.002
    mixed = np.concatenate([index[:20], index[24:32], index[20:24], index[32:]])
    write(folder, "D01/U21_R02", resting[mixed], stamps[mixed])
    source = weda_fall.WEDAFall().scan(folder).sources[0]
    np.testing.assert_allclose(source.load().streams["accelerometer"].values, resting, atol=1e-5)
    assert source.stamps is not None
    assert (np.diff(source.stamps(source)["accelerometer"]) < 0).sum() == 1


def test_missing_files_and_times_are_told(folder: Path, resting: np.ndarray) -> None:
    write(folder, "F02/U03_R01", resting)
    (folder / "dataset/50Hz/D01/U21_R02_gyro.csv").unlink()
    (folder / "dataset/50Hz/D01/U21_R2_accel.csv").touch()
    dataset = weda_fall.WEDAFall().scan(folder)
    assert [problem.removeprefix(f"{folder}/dataset/") for problem in dataset.problems] == [
        "50Hz/D01/U21_R2_accel.csv: not the name of a recording, left out; expected a path like dataset/50Hz/F01/U01_R01_accel.csv",
        "50Hz/D01/U21_R02_accel.csv: the gyro file of this recording is missing",
        "fall_timestamps.csv: no row for F02/U03_R01; its fall has no times",
    ]
    assert set(dataset.sources[0].load().streams) == {"accelerometer", "orientation"}
    assert dataset.sources[2].load().fall == FallTimes()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("F01/U01_R01,0.2", r"row 2: expected name, start and end in seconds, found 'F01/U01_R01,0\.2'"),
        ("F01/U01_R01,soon,0.7", "row 2: expected name, start and end"),
        ("F01/U01_R01,0.7,0.2", r"row 2: a fall from 0\.7 to 0\.2 s"),
    ],
)
def test_bad_fall_times_are_told_by_row(folder: Path, row: str, message: str) -> None:
    (folder / "dataset/fall_timestamps.csv").write_text(f"filename,start_time,end_time\n{row}\n")
    (problem,) = weda_fall.WEDAFall().scan(folder).problems
    assert re.search(message, problem)


def test_absent_fall_times_are_told_once(folder: Path) -> None:
    (folder / "dataset/fall_timestamps.csv").unlink()
    (problem,) = weda_fall.WEDAFall().scan(folder).problems
    assert "fall_timestamps.csv: no such file" in problem
    assert "the falls have no times" in problem


def test_a_damaged_file_is_named_with_its_row(folder: Path) -> None:
    path = folder / "dataset/50Hz/D01/U21_R02_accel.csv"
    path.write_text(path.read_text() + "9.0,1.0\n")
    with pytest.raises(UserError, match=r"U21_R02_accel\.csv: row 42 has 2 column\(s\), 4 are needed"):
        weda_fall.WEDAFall().scan(folder).sources[0].load()
    path.write_text(path.read_text().replace("accel_y_list", "accel_w_list"))
    with pytest.raises(UserError, match=r"row 1: no column 'accel_y_list'; did you mean 'accel_"):
        weda_fall.WEDAFall().scan(folder).sources[0].load()


def test_real_late_packets_close_the_gaps_they_left(real: Callable[[str], Path]) -> None:
    sources = {source.files[0].name: source for source in datasets.open("weda-fall", real("WEDA-FALL")).sources if "jogging" in source.id}
    source = sources["U08_R03_accel.csv"]  # one packet is 1.2 s late
    assert source.stamps is not None
    raw = source.stamps(source)["accelerometer"]
    assert np.diff(raw).min() < -1
    assert np.diff(raw).max() > 0.5
    assert np.diff(np.sort(raw)).max() < 0.3
    assert np.diff(source.load().streams["accelerometer"].times).max() < 0.03
