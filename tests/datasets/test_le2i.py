from __future__ import annotations

from pathlib import Path

from featherfall.core.recording import FallTimes
from featherfall.datasets import le2i
from featherfall.datasets.inspect import inspect_dataset


def write(folder: Path, number: int, notes: str | None) -> Path:
    film = folder / "Videos" / f"video ({number}).avi"
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(b"film")
    if notes is not None:
        path = folder / "Annotation_files" / f"video ({number}).txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(notes)
    return film


def test_films_falls_and_rooms(tmp_path: Path) -> None:
    doubled = tmp_path / "Coffee_room_01" / "Coffee_room_01"
    film = write(doubled, 2, "26\n51\n1,1,205,70,259,170\n")
    write(doubled, 10, "0\n0\n1,1,205,70,259,170\n")
    write(tmp_path / "Home_02", 1, "1,1,205,70,259,170\n")
    write(tmp_path / "Office", 1, None)
    write(tmp_path / "Home_02", 2, "30\n20\n")
    write(tmp_path / "Home_02", 3, "30\n")
    dataset = le2i.Le2i().scan(tmp_path)
    assert [source.id for source in dataset.sources] == [
        "coffee room/fall/01-2",
        "coffee room/daily activity/01-10",
        "home/daily activity/02-1",
    ]
    fall = dataset.sources[0].load()
    assert fall.fall == FallTimes(onset=1.0, end=51 / 25)  # frames count from 1, 25 a second
    assert fall.videos["cam0"].path == film
    assert dataset.sources[1].load().fall is None
    assert [problem.removeprefix(f"{tmp_path}/") for problem in dataset.problems] == [
        "Home_02/Annotation_files/video (2).txt: a fall from frame 30 to 20; left out",
        "Home_02/Annotation_files/video (3).txt: rows 1 and 2 are not the first and last frame of a fall; left out",
        "Office: no annotation of 1 film(s); they are left out",
    ]
    assert inspect_dataset(dataset).falls == 1
