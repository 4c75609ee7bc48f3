from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets import mmact
from featherfall.datasets.lists import read_list

START = datetime(2018, 10, 16, 13, 37, 28, 612000)


def write(folder: Path, clip: str, kind: str, values: np.ndarray, times: np.ndarray) -> Path:
    path = folder / kind / f"{clip}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    stamps = [(START + timedelta(seconds=float(time))).strftime(mmact._STAMP) for time in times]
    path.write_text("".join(f"{stamp},{x:.6f},{y:.6f},{z:.6f}\n" for stamp, (x, y, z) in zip(stamps, values, strict=True)))
    return path


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    clip = "subject17/scene2/session5/talking_on_phone"
    write(tmp_path, clip, "acc_phone_clip", STANDARD_GRAVITY * resting, np.arange(40) / 100)
    write(tmp_path, clip, "acc_watch_clip", STANDARD_GRAVITY * resting, 0.05 + np.arange(40) / 100)
    write(tmp_path, clip, "gyro_clip", resting, np.arange(40) / 50)
    write(tmp_path, clip, "orientation_clip", resting, np.arange(40) / 50)
    write(tmp_path, "subject1/scene1/session1/fall", "acc_phone_clip", STANDARD_GRAVITY * resting, np.arange(40) / 100)
    film = tmp_path / "video/subject17/cam3/scene2/session5/talking_on_phone.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"film")
    return tmp_path


def test_a_clip_of_sensors_and_film(folder: Path, resting: np.ndarray) -> None:
    dataset = mmact.MMAct().scan(folder)
    assert dataset.problems == ()
    fall, talk = dataset.sources
    assert (fall.id, fall.fall) == ("S01/fall/scene1-session1", True)
    assert (talk.id, talk.fall) == ("S17/talking on phone/scene2-session5", False)
    assert [[side(source) for side in dataset.splits.values()] for source in (fall, talk)] == [["train"] * 3, ["test"] * 3]
    recording = talk.load()
    assert set(recording.streams) == set(mmact.MMAct.streams)
    np.testing.assert_allclose(recording.streams["phone_accelerometer"].values, resting, atol=1e-5)
    np.testing.assert_allclose(recording.streams["phone_gyroscope"].values, np.degrees(resting), atol=1e-3)
    assert recording.streams["phone_orientation"].channels == ("azimuth", "pitch", "roll")
    np.testing.assert_allclose(recording.streams["watch_accelerometer"].times, 0.05 + np.arange(40) / 100, atol=1e-6)
    assert recording.videos["cam3"].path == folder / "video/subject17/cam3/scene2/session5/talking_on_phone.mp4"
    assert recording.videos["cam3"].path in talk.files


def test_faults(folder: Path) -> None:
    (folder / "gyro_clip/subject17/scene2/session5/talking_on_phone.csv").write_text("")
    (folder / "gyro_clip/subject17/scene2/carrying.csv").write_text("")
    path = folder / "acc_phone_clip/subject1/scene1/session1/fall.csv"
    path.write_text(path.read_text() + "noon,1,2,3\n")
    dataset = mmact.MMAct().scan(folder)
    assert "carrying.csv: not the name of a clip" in dataset.problems[0]
    assert "talking_on_phone.csv: the file is empty, left out" in dataset.problems[1]
    assert "phone_gyroscope" not in dataset.sources[1].load().streams
    with pytest.raises(UserError, match=r"fall\.csv: row 41: 'noon' is not a date and time like 20180704_12:05:19\.608268"):
        dataset.sources[0].load()


def test_the_real_example(real: Callable[[str], Path], tmp_path: Path) -> None:
    example = real("split-lists") / "split-lists/GAF/carrying.csv"
    path = tmp_path / "acc_phone_clip/subject1/scene1/session1/carrying.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(example.read_bytes())
    (source,) = mmact.MMAct().scan(tmp_path).sources
    stream = source.load().streams["phone_accelerometer"]
    assert len(stream.times) == 890
    assert 0.9 < np.median(np.linalg.norm(stream.values, axis=1)) < 1.1
    assert (len(stream.times) - 1) / stream.duration == pytest.approx(99.6, abs=0.5)
    assert source.stamps is not None
    assert np.diff(source.stamps(source)["phone_accelerometer"]).min() < 0  # why the rows are put in order


def test_published_lists_are_the_split(real: Callable[[str], Path]) -> None:
    lists = real("split-lists") / "split-lists/data"
    for side, name in (("train", "train"), ("test", "val")):
        listed = read_list(lists / f"MMAct_cross_subject_1_8_{name}_list.txt")
        for line in listed[::50]:
            subject, _, scene, session, activity = line.parts[-5:]
            numbers = [int("".join(filter(str.isdigit, text))) for text in (subject, scene, session)]
            source = mmact._source(numbers[0], activity.replace("_", " "), numbers[1], numbers[2], {})
            assert mmact._cross_subject(source) == side
    assert any(line.parts[-1] == "fall" for line in listed)
