"""Frames of films as pictures: a real little film with annotations in Le2i's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.films import gray_film, number

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.datasets.pictures.le2i_frames import EVERY, read_rows
from featherfall.signals.pictures import read_pictures
from featherfall.signals.video import read_frames

RATE = 25


def film(folder: Path, room: str, which: int, rows: list[str], frames: int = 36) -> Path:
    (folder / room / "Videos").mkdir(parents=True, exist_ok=True)
    (folder / room / "Annotation_files").mkdir(exist_ok=True)
    gray_film(folder / room / "Videos" / f"video ({which}).avi", frames, RATE, 32)
    notes = folder / room / "Annotation_files" / f"video ({which}).txt"
    notes.write_text("\n".join(rows) + "\n")
    return notes


def boxes(frames: int, edges: str = "8,4,24,28") -> list[str]:
    return [f"{i},1,{edges}" for i in range(1, frames + 1)]


def test_frames_of_a_fall_and_before_it(tmp_path: Path) -> None:
    film(tmp_path, "Coffee_room_01", 1, ["15", "24", *boxes(36)])
    film(tmp_path, "Home_02", 3, ["0", "0", *boxes(6, "0,0,0,0"), *boxes(36)[6:]])
    dataset = datasets.open("le2i-frames", tmp_path)
    # Every 12th frame from the 7th on: 7 stands before the fall, 19 in it, 31 after it, of which nothing is known.
    assert [source.id for source in dataset.sources] == [
        "coffee room 01-1/person/7",
        "coffee room 01-1/fall/19",
        "home 02-3/person/7",
        "home 02-3/person/19",
        "home 02-3/person/31",
    ]
    assert [source.fall for source in dataset.sources] == [False, True, False, False, False]
    assert {source.traits["room"] for source in dataset.sources} == {"coffee room", "home"} and not dataset.problems
    recording = dataset.sources[1].load()
    assert [(box.name, box.left, box.top, box.right, box.bottom) for box in recording.boxes] == [("fall", 0.25, 0.125, 0.75, 0.875)]
    for source in dataset.sources:  # the frame itself, not its neighbour: the film's pictures tell their number
        video = source.load().videos["cam0"]
        [frame] = read_frames(video)
        assert number(frame.image) == int(source.trial) - 1
        assert number(read_pictures(video, np.array([[0.5]]), 32)[0, 0]) == int(source.trial) - 1
    assert EVERY == 12


def test_a_frame_without_a_person_shows_nothing(tmp_path: Path) -> None:
    film(tmp_path, "Home_01", 1, ["0", "0", *boxes(36, "0,0,0,0")])
    sources = datasets.open("le2i-frames", tmp_path).sources
    assert [source.activity for source in sources] == ["nothing"] * 3 and all(source.load().boxes == () for source in sources)


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    film(tmp_path, "A_01", 1, ["0", "0", *boxes(36)])
    film(tmp_path, "A_01", 2, ["0", "0"])
    film(tmp_path, "A_01", 3, ["0", "0", "1,1,2,3"])
    film(tmp_path, "A_01", 4, ["0", "0", *boxes(60)])
    film(tmp_path, "A_01", 5, ["0", "0", *boxes(36, "40,4,60,28")])
    (film(tmp_path, "A_01", 6, ["0", "0", *boxes(36)]).parent.parent / "Videos" / "video (6).avi").write_text("no film")
    dataset = datasets.open("le2i-frames", tmp_path)
    assert {source.subject for source in dataset.sources} == {"a 01-1", "a 01-4"}
    told = "\n".join(dataset.problems)
    assert "video (2).txt: no box of any frame; the film is left out" in told
    assert "video (3).txt: row 3: expected frame,label,x1,y1,x2,y2, found '1,1,2,3'; its film is left out" in told
    assert "video (4).txt: 2 frames are after the film's last (36); they are left out" in told
    assert "video (5).txt: 3 frames whose box lies outside the film (32 x 32); they are left out" in told
    assert "video (6).avi: not a film" in told and len(dataset.problems) == 5


@pytest.mark.parametrize("row", ["1,1,20,3,10,30", "1,1,nan,3,10,30", "a,b,c,d,e,f", "1,1,2,3,4,5,6"])
def test_rows_that_make_no_sense(tmp_path: Path, row: str) -> None:
    (tmp_path / "a.txt").write_text(f"0\n0\n{row}\n")
    with pytest.raises(UserError, match=r"a\.txt: row 3: "):
        read_rows(tmp_path / "a.txt")
