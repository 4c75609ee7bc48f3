"""Folders of pictures as films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.signals.films import levels, number, picture, times

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.signals.video import probe, read_frames

av = pytest.importorskip("av", reason="films are read with PyAV: pip install 'featherfall[video]'")


def test_pictures_are_ordered_by_number_and_timed_by_rate(tmp_path: Path) -> None:
    for i, image in enumerate(levels(12)):
        picture(tmp_path / f"fall-01-cam0-rgb-{i + 1}.png", image)  # 10 sorts before 2 as text
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "._fall-01-cam0-rgb-1.png").write_bytes(b"what macOS leaves behind")
    video = Video(tmp_path, rate=30.0, images=True)
    frames = list(read_frames(video, size=(16, 16)))
    assert [number(frame) for frame in frames] == list(range(12)) and times(frames) == [round(i / 30, 6) for i in range(12)]
    facts = probe(video)
    assert (facts.width, facts.height, facts.frames, facts.counted, facts.codec) == (64, 48, 12, True, "png")
    assert facts.rate == pytest.approx(30) and facts.duration == pytest.approx(0.4) and not facts.variable
    part = list(read_frames(video, rate=10.0, between=(0.1, 0.3)))
    assert [number(frame) for frame in part] == [3, 6]


def test_gaps_keep_the_time_and_are_told(tmp_path: Path) -> None:
    for i in (0, 1, 2, 5, 6):
        picture(tmp_path / f"rgb-{i:03d}.jpg", levels(7)[i])
    problems: list[str] = []
    frames = list(read_frames(Video(tmp_path, rate=10.0, images=True), problems=problems))
    assert times(frames) == [0, 0.1, 0.2, 0.5, 0.6] and [number(frame) for frame in frames] == [0, 1, 2, 5, 6]
    assert len(problems) == 1 and "2 of 7 pictures are missing" in problems[0]
    by_row = Video(tmp_path, images=True, times=np.array([1, 2, 3, 4, 5.0]))  # one time for each picture that is there: no gap
    assert times(list(read_frames(by_row))) == [1, 2, 3, 4, 5]


def test_every_fifth_picture_is_no_gap_and_milliseconds_are_no_counter(tmp_path: Path) -> None:
    for folder, numbers in (("fifth", (0, 5, 10)), ("epoch", (1530704657101, 1530704657159, 1530704657212))):
        (tmp_path / folder).mkdir()
        for i, value in enumerate(numbers):
            picture(tmp_path / folder / f"{value}.png", levels(3)[i])
        assert times(list(read_frames(Video(tmp_path / folder, rate=10.0, images=True)))) == [0, 0.1, 0.2]


def test_names_that_carry_the_time(tmp_path: Path) -> None:
    for i, name in enumerate(("2018-07-04T12_04_17.738369", "2018-07-04T12_04_17.790002", "2018-07-04T12_05_00.1")):
        picture(tmp_path / f"{name}.png", levels(3)[i])
    frames = list(read_frames(Video(tmp_path, images=True, start=1.0)))
    assert times(frames) == pytest.approx([1.0, 1.051633, 43.361631], abs=2e-6) and [number(frame) for frame in frames] == [0, 1, 2]
    assert probe(Video(tmp_path, images=True)).variable


def test_a_broken_picture_loses_no_other(tmp_path: Path) -> None:
    for i, image in enumerate(levels(4)):
        picture(tmp_path / f"{i}.png", image)
    (tmp_path / "2.png").unlink()
    picture(tmp_path / "2.jpg", np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    (tmp_path / "2.jpg").write_bytes((tmp_path / "2.jpg").read_bytes()[:2000])
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    (tmp_path / "3.png").rename(tmp_path / "3.jpg")  # what is inside counts
    problems: list[str] = []
    frames = list(read_frames(Video(tmp_path, rate=10.0, images=True), problems=problems))
    assert [number(frame) for frame in frames] == [0, 3] and times(frames) == [0, 0.3]
    assert len(problems) == 1 and "2 of 4 pictures cannot be decoded, the first is 1.png" in problems[0]


def test_pictures_of_two_films_in_one_folder(tmp_path: Path) -> None:
    picture(tmp_path / "0.png", levels(1)[0])
    picture(tmp_path / "1.png", levels(1, 32, 32)[0])
    with pytest.raises(UserError, match=r"1\.png: 32 x 32, where the pictures before are 64 x 48"):
        list(read_frames(Video(tmp_path, rate=10.0, images=True), size=(16, 16)))
