from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.datasets import up_fall
from featherfall.datasets.inspect import inspect_dataset

START = datetime(2018, 7, 4, 12, 5, 19, 608268)
HEADER = "time," + ",".join(f"{kind}_{axis}_list" for kind in ("accel", "gyro") for axis in "xyz") + ",filename\n"
UNEVEN = np.cumsum(np.where(np.arange(40) % 3, 0.05, 0.07))


def iso(seconds: float) -> str:
    return (START + timedelta(seconds=float(seconds))).isoformat()


def write(folder: Path, name: str, values: np.ndarray) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{iso(time)},{x},{y},{z},{x},{y},{z},{path.name}\n" for time, (x, y, z) in zip(UNEVEN, values, strict=True)]
    path.write_text(HEADER + "".join(rows))
    return path


@pytest.fixture
def spread(tmp_path: Path, resting: np.ndarray) -> Path:
    """The layout of the wrist alone."""
    write(tmp_path, "wrist/Falls/1_3_2.csv", resting)
    write(tmp_path, "wrist/ADL/1_6_1.csv", resting)
    film = tmp_path / "video/Activity3/Subject1/Trial2Cam2.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"film")
    (tmp_path / "video/Activity3/gf.csv").write_text("0,0,0.98\n")
    return tmp_path


def test_wrist_and_film(spread: Path, resting: np.ndarray) -> None:
    dataset = up_fall.UPFall().scan(spread)
    assert len(dataset.problems) == 31  # the other trials of subject 1
    fall, walk = dataset.sources
    assert (fall.id, fall.fall) == ("S01/falling backward/2", True)
    assert (walk.id, walk.fall, walk.load().fall, dict(walk.load().videos)) == ("S01/walking/1", False, None, {})
    recording = fall.load()
    assert recording.fall == FallTimes()
    np.testing.assert_allclose(recording.streams["wrist_accelerometer"].values, resting, atol=1e-5)
    assert recording.streams["wrist_gyroscope"].unit == "deg/s"
    np.testing.assert_allclose(recording.streams["wrist_accelerometer"].times, UNEVEN - UNEVEN[0], atol=1e-5)
    film = recording.videos["cam2"]
    assert film.path in fall.files
    assert film.times is not None
    np.testing.assert_allclose(film.times[18], UNEVEN[25] - UNEVEN[0], atol=1e-5)  # frame 18 shows row 25
    np.testing.assert_allclose(film.times[9], (UNEVEN[12] + UNEVEN[13]) / 2 - UNEVEN[0], atol=1e-5)  # row 12.5
    assert len(film.times) >= 40 * 18 / 25 + 2
    assert film.rate == pytest.approx(18 / 25 * 39 / (UNEVEN[-1] - UNEVEN[0]), rel=1e-4)


def test_faults_of_the_wrist(spread: Path, resting: np.ndarray) -> None:
    write(spread, "wrist/Falls/1_7_1.csv", resting)
    path = spread / "wrist/ADL/1_6_1.csv"
    path.write_text(path.read_text().replace("2018-07-04", "4 July", 1))
    (spread / "wrist/Falls/1_3_2.csv").unlink()
    dataset = up_fall.UPFall().scan(spread)
    told = " ".join(dataset.problems)
    assert "1_7_1.csv: activity 7 does not belong in this folder, left out" in told
    assert "Trial2Cam2.mp4: no sensor file of this trial; only the film is there" in told
    film, walk = dataset.sources
    assert film.load().streams == {}
    with pytest.raises(UserError, match=r"1_6_1\.csv: row 2: '4 JulyT12.*' is not a date and time"):
        walk.load()


PLACES = ("Ankle", "RightPocket", "Belt", "Neck", "Wrist")


def complete(folder: Path, trials: list[tuple[int, int, int]], values: np.ndarray) -> Path:
    """The published table: names of groups stand over their first column only."""
    upper, lower = ["TimeStamps"], ["Time"]
    for place in PLACES:
        upper += [f"{place}Accelerometer", "", "", f"{place}AngularVelocity", "", "", f"{place}Luminosity"]
        lower += [f"{axis}-axis ({unit})" for unit in ("g", "deg/s") for axis in "xyz"] + ["illuminance (lx)"]
    upper += ["BrainSensor", "Infrared", "", "Subject", "Activity", "Trial", "Tag"]
    lower += ["", "Infrared 1", "Infrared 2", "", "", "", ""]
    rows = []
    for subject, activity, trial in trials:
        for time, (x, y, z) in zip(UNEVEN, values, strict=True):
            cells: list[object] = [iso(time)]
            for number in range(5):
                cells += [x, y, z, number + x, number + y, number + z, 12]
            rows.append(",".join(map(str, [*cells, 17, 0, 1, subject, activity, trial, 7])))
    path = folder / "CompleteDataSet.csv"
    path.write_text("\n".join([",".join(upper), ",".join(lower), *rows]) + "\n")
    return path


def test_the_published_table_and_its_images(tmp_path: Path, resting: np.ndarray) -> None:
    complete(tmp_path, [(1, 1, 1), (8, 11, 1)], resting)
    folder = tmp_path / "Subject1Activity1Trial1Camera1"
    folder.mkdir()
    for time in UNEVEN:
        (folder / f"{iso(time).replace(':', '_')}.png").touch()
    dataset = up_fall.UPFall().scan(tmp_path)
    assert len(dataset.problems) == 32 + 30  # S8 A11 trials 2 and 3 are missing by design
    fall, lying = dataset.sources
    assert (fall.id, lying.id) == ("S01/falling forward using hands/1", "S08/laying/1")
    recording = fall.load()
    assert set(recording.streams) == set(up_fall.UPFall.streams)
    np.testing.assert_allclose(recording.streams["ankle_accelerometer"].values, resting, atol=1e-5)
    np.testing.assert_allclose(recording.streams["wrist_gyroscope"].values, 4 + resting, atol=1e-5)  # the fifth place
    np.testing.assert_allclose(lying.load().streams["belt_gyroscope"].values, 2 + resting, atol=1e-5)
    film = recording.videos["cam1"]
    assert (film.path, film.images) == (folder, True)
    assert film.times is not None
    np.testing.assert_allclose(film.times, UNEVEN - UNEVEN[0], atol=1e-5)
    assert sum(path.suffix == ".png" for path in fall.files) == 40


def test_faults_of_the_published_table(tmp_path: Path, resting: np.ndarray) -> None:
    path = complete(tmp_path, [(1, 1, 1), (1, 2, 1), (1, 1, 1)], resting)
    lines = path.read_text().splitlines()
    lines[44] = lines[44].replace(",12,", ",broken,").replace(f",{resting[2][0]},", ",x,")
    lines[5] = lines[5].replace(",1,1,1,7", ",1,one,1,7")
    path.write_text("\n".join(lines))
    told = [problem.removeprefix(f"{path}: ") for problem in up_fall.UPFall().scan(tmp_path).problems]
    assert told[0] == "row 6: no numbers of subject, activity and trial; it is left out"
    assert told[1] == "row 7: subject 1, activity 1, trial 1 where it does not belong; it is left out"
    with pytest.raises(UserError, match=r"CompleteDataSet\.csv: row 45: column \d+ is 'x', not a number"):
        up_fall.UPFall().scan(tmp_path).sources[1].load()
    path.write_text("\n".join(["TimeStamps,Subject", *lines[1:]]))
    with pytest.raises(UserError, match=r"rows 1 and 2 have 2 and 43 names"):
        up_fall.UPFall().scan(tmp_path)


def test_real_recordings(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("up-fall", real("UP-Fall"))
    facts = inspect_dataset(dataset)
    assert facts.recordings >= 132
    assert facts.falls >= 60
    assert all("gap(s) in the time stamps" in problem for problem in facts.problems)
    assert facts.streams["wrist_accelerometer"].rate == pytest.approx(18, abs=0.5)
    films = [(source, video) for source in dataset.sources if source.subject == "S01" for video in source.load().videos.values()]
    assert len(films) == 38
    for _, video in films:
        assert video.path.is_file()
        assert video.times is not None and (np.diff(video.times) > 0).all()
        assert video.rate is not None and 11 < video.rate < 15  # not the 18 of the header
