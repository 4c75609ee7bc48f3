from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.datasets import kfall
from featherfall.datasets.inspect import inspect_dataset

HEADER = "TimeStamp(s),FrameCounter,AccX,AccY,AccZ,GyrX,GyrY,GyrZ,EulerX,EulerY,EulerZ"
SITTING = "Forward fall when trying to sit down"


def write(folder: Path, name: str, acceleration: np.ndarray) -> Path:
    path = folder / "sensor_data_new" / f"SA{name[1:3]}" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    index = np.arange(1, len(acceleration) + 1)
    table = np.column_stack([index / 100, index, acceleration, 10 * acceleration, 20 * acceleration])
    np.savetxt(path, table, delimiter=",", fmt="%.6f", header=HEADER, comments="")
    return path


def label(folder: Path, rows: list[list[object]]) -> Path:
    path = folder / "label_data_new" / "SA06_label.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Task Code (Task ID)", "Description", "Trial ID", "Fall_onset_frame", "Fall_impact_frame"])
    for cells in rows:
        book.active.append([cell if cell != "" else None for cell in cells])
    book.save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    for name in ("S06T20R01", "S06T20R02", "S06T01R01"):
        write(tmp_path, name, resting)
    label(tmp_path, [["F01 (20)", SITTING, 1, 11, 21], ["", "", 2, 12, 31]])
    return tmp_path


def test_a_fall_with_its_frames(folder: Path, resting: np.ndarray) -> None:
    dataset = kfall.KFall().scan(folder)
    assert dataset.problems == ()
    standing, _, fall = dataset.sources
    assert (standing.id, standing.load().fall) == ("SA06/stand for 30 seconds/1", None)
    assert (fall.id, fall.fall) == ("SA06/forward fall when trying to sit down/2", True)
    assert [path.name for path in fall.files] == ["S06T20R02.csv", "SA06_label.xlsx"]
    recording = fall.load()
    assert recording.fall == FallTimes(onset=0.11, impact=0.30)  # frames count from 1, which is 0 s
    np.testing.assert_allclose(recording.streams["accelerometer"].values, resting, atol=1e-5)
    np.testing.assert_allclose(recording.streams["gyroscope"].values, 10 * resting, atol=1e-5)
    assert recording.streams["euler_angles"].unit == "1"
    np.testing.assert_allclose(recording.streams["accelerometer"].times, np.arange(40) / 100)


def test_odd_sheets_are_told(folder: Path) -> None:
    path = label(folder, [["F01 (20)", "lateral fall", 1, 30, 20], ["", "", "x", 1, 2]])
    problems = [problem.removeprefix(f"{path}: ") for problem in kfall.KFall().scan(folder).problems]
    assert problems == [
        "row 2: task 20 is 'lateral fall', elsewhere 'forward fall when trying to sit down', which is taken",
        "row 2: a fall from frame 30 to 20",
        "row 3: expected trial, onset and impact frame, found ['x', '1', '2']",
        "no row for task 20, trial 2; the fall of S06T20R02.csv has no times",
    ]
    path.unlink()
    dataset = kfall.KFall().scan(folder)
    assert dataset.problems == (f"{folder}/sensor_data_new/SA06: no SA06_label.xlsx; the falls have no times",)
    assert dataset.sources[1].load().fall == FallTimes()


def test_a_counter_that_stands_still(folder: Path) -> None:
    path = folder / "sensor_data_new/SA06/S06T01R01.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:5], lines[4], *lines[5:]]))
    with pytest.raises(UserError, match=r"S06T01R01\.csv: row 6: the frame counter does not count up"):
        kfall.KFall().scan(folder).sources[0].load()


def test_real_impacts_are_the_largest_accelerations(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("kfall", real("KFall"))
    facts = inspect_dataset(dataset)
    assert facts.recordings >= 306
    assert facts.falls >= 136
    assert facts.problems == [] or facts.recordings > 306
    late = []
    for source in dataset.sources:
        if source.fall and source.subject in ("SA06", "SA07"):
            recording = source.load()
            stream = recording.streams["accelerometer"]
            assert recording.fall is not None and recording.fall.impact is not None
            late.append(stream.times[np.linalg.norm(stream.values, axis=1).argmax()] - recording.fall.impact)
    assert np.median(late) == pytest.approx(0.0, abs=1e-9)  # the frames count as the reader takes them
    assert np.mean(np.abs(late) < 0.1) > 0.8


def test_real_sheets_hold_all_falls(real: Callable[[str], Path]) -> None:
    sheets = sorted((real("KFall") / "KFall/label_data_new").glob("*.xlsx"))
    labels = [kfall._labels(path) for path in sheets]
    assert len(labels) == 32
    assert sum(len(frames) for frames, _ in labels) == 2346
    faults = [fault for _, faults in labels for fault in faults]
    assert all("elsewhere" in fault for fault in faults), faults
    assert len(faults) == 2  # one sheet has the names of tasks 26 and 27 the other way round
