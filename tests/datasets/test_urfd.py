from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.datasets import urfd
from featherfall.datasets.inspect import inspect_dataset


def write(folder: Path, name: str, values: np.ndarray, ms: np.ndarray) -> Path:
    path = folder / f"{name}-acc.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y, z = values.T
    np.savetxt(path, np.column_stack([ms, np.linalg.norm(values, axis=1), x, z, y]), fmt=["%d", *["%.6f"] * 4], delimiter=",")
    return path


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    ms = np.arange(40) * 20 - 10
    for name in ("acc/fall-02", "acc/adl-01"):
        write(tmp_path, name, resting, ms)
    rows = "".join(f"fall-02,{frame},{-1 if frame < 5 else 0 if frame < 8 else 1},0.9,1,2,3\n" for frame in range(1, 12))
    (tmp_path / "urfall-cam0-falls.csv").write_text("name,frame,label,hhmr,height,dist,p40\n" + rows)
    (tmp_path / "urfall-cam0-adls.csv").write_text("adl-01,1,0,0.9\n")
    (tmp_path / "fall-02-cam0.mp4").write_bytes(b"film")
    return tmp_path


def test_a_fall_its_film_and_its_labels_on_one_clock(folder: Path, resting: np.ndarray) -> None:
    dataset = urfd.URFD().scan(folder)
    assert dataset.problems == ()
    daily, fall = dataset.sources
    assert (daily.id, daily.fall, daily.load().fall) == ("unnamed/daily activity/01", False, None)
    assert [path.name for path in fall.files] == ["fall-02-acc.csv", "fall-02-cam0.mp4", "urfall-cam0-falls.csv"]
    recording = fall.load()
    stream = recording.streams["accelerometer"]
    np.testing.assert_allclose(stream.values, resting, atol=1e-5)  # the file has x, z, y
    np.testing.assert_allclose(stream.times, np.arange(40) * 0.02)
    film = recording.videos["cam0"]
    assert (film.path, film.crop, film.rate, film.images) == (folder / "fall-02-cam0.mp4", (0.5, 0, 1, 1), 30.0, False)
    assert film.start == pytest.approx(0.01)  # the accelerometer began 10 ms before the first frame
    assert recording.fall is not None
    assert recording.fall.onset == pytest.approx(0.01 + 4 / 30)  # frame 5
    assert recording.fall.impact == pytest.approx(0.01 + 7 / 30)  # the end of frame 7


def test_the_synchronisation_file_counts(folder: Path) -> None:
    (folder / "fall-02-data.csv").write_text("1,100,1.0\n2,140,1.0\n11,500,1.0\n")  # 25 frames a second, the first at 0.1 s
    recording = urfd.URFD().scan(folder).sources[1].load()
    film = recording.videos["cam0"]
    assert (film.rate, film.start) == (pytest.approx(25.0), pytest.approx(0.11))
    assert recording.fall is not None and recording.fall.onset == pytest.approx(0.11 + 4 / 25)
    (folder / "fall-02-data.csv").write_text("1,100,1.0\n1,100,1.0\n")
    with pytest.raises(UserError, match=r"fall-02-data\.csv: frames and times do not count up"):
        urfd.URFD().scan(folder).sources[1].load()


def test_folders_of_images_as_published(folder: Path) -> None:
    (folder / "fall-02-cam0.mp4").unlink()
    for camera in (0, 1):
        inner = folder / f"fall-02-cam{camera}-rgb" / f"fall-02-cam{camera}-rgb"
        inner.mkdir(parents=True)
        for number in (1, 2, 3):
            (inner / f"fall-02-cam{camera}-rgb-{number:03}.png").touch()
    (folder / "fall-02-cam0-d").mkdir()
    source = urfd.URFD().scan(folder).sources[1]
    videos = source.load().videos
    assert set(videos) == {"cam0", "cam1"}
    assert (videos["cam1"].images, videos["cam1"].crop) == (True, None)
    assert videos["cam1"].path == folder / "fall-02-cam1-rgb/fall-02-cam1-rgb"
    assert sum(path.suffix == ".png" for path in source.files) == 6


def test_the_recording_out_of_step_is_moved_and_told(folder: Path, resting: np.ndarray) -> None:
    path = write(folder, "acc/fall-10", resting, np.arange(40) * 30)
    (folder / "fall-10-cam0.mp4").write_bytes(b"film")
    dataset = urfd.URFD().scan(folder)
    assert dataset.problems == (
        f"{folder}: no frame of fall-10 is labelled as falling; its fall has no times",
        f"{path}: 40 frames ahead of film and labels, which are moved to meet it",
    )
    recording = dataset.sources[2].load()
    assert recording.videos["cam0"].start == pytest.approx(-1.331)
    assert recording.fall == FallTimes()


def test_stamps_that_repeat_or_go_back(folder: Path, resting: np.ndarray) -> None:
    ms = np.arange(40) * 20
    ms[5] = ms[4]
    ms[20:25] = -2000
    write(folder, "acc/adl-01", resting, ms)
    source = urfd.URFD().scan(folder).sources[0]
    stream = source.load().streams["accelerometer"]
    np.testing.assert_allclose(stream.values, np.delete(resting, range(20, 25), axis=0), atol=1e-5)
    np.testing.assert_allclose(stream.times[:7], [0, 0.02, 0.04, 0.06, 0.08, 0.10, 0.12])
    assert any("out of order" in problem for problem in inspect_dataset(urfd.URFD().scan(folder)).problems)


def test_broken_labels_and_a_lost_accelerometer(folder: Path) -> None:
    (folder / "urfall-cam0-adls.csv").write_text("adl-01,one,0\n")
    (folder / "acc/fall-02-acc.csv").unlink()
    dataset = urfd.URFD().scan(folder)
    assert [problem.split(": ", 1)[1] for problem in dataset.problems] == [
        "row 1: expected name, frame and label, found 'adl-01,one,0'",
        "fall-02-acc.csv is missing; only the film is there",
    ]
    recording = dataset.sources[1].load()
    assert recording.streams == {}
    assert recording.fall is not None and recording.fall.impact == pytest.approx(7 / 30)


def test_real_falls_peak_where_the_labels_end(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("urfd", real("URFD"))
    facts = inspect_dataset(dataset)
    assert (facts.recordings, facts.falls) == (70, 30)
    assert [problem.split("/")[-1].split(":")[0] for problem in facts.problems] == ["fall-10-acc.csv", *["adl-27-acc.csv"] * 2]
    for source in dataset.sources:
        recording = source.load()
        if recording.fall is None:
            continue
        stream = recording.streams["accelerometer"]
        assert recording.fall.impact is not None and recording.fall.onset is not None
        peak = stream.times[np.linalg.norm(stream.values, axis=1).argmax()]
        assert abs(peak - recording.fall.impact) < 0.05  # 1.5 frames
        assert 0.99 < recording.fall.impact - recording.fall.onset < 1.01
        assert recording.videos["cam0"].path.is_file()
