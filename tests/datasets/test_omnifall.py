from __future__ import annotations

import pickle
from pathlib import Path

from featherfall.core.recording import FallTimes
from featherfall.datasets import omnifall

LABELS = """path,label,start,end,subject,cam,dataset
side/FallLeftS1,0,0,0.91,1,1,caucafall
side/FallLeftS1,2,2.99,4.29,1,1,caucafall
side/FallLeftS1,1,0.91,2.99,1,1,caucafall
adl/WalkS2,0,0,6.46,2,1,caucafall
adl/HopS3,9,0,9.1,3,1,caucafall
adl/HopS3,other,0,9.1,3,1,caucafall
"""


def test_labels_films_and_splits(tmp_path: Path) -> None:
    for name, text in (
        ("labels/caucafall.csv", LABELS),
        ("labels/edf.csv", "path,label\n"),
        ("splits/cs/caucafall/test.csv", "path\nadl/WalkS2\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for film in ("caucafall/side/FallLeftS1.mp4", "videos/caucafall/adl/WalkS2.avi"):
        (tmp_path / film).parent.mkdir(parents=True)
        (tmp_path / film).write_bytes(b"film")
    dataset = omnifall.OmniFall().scan(tmp_path)
    walk, fall = dataset.sources
    assert (walk.id, fall.id) == ("caucafall-2/no fall/adl-WalkS2", "caucafall-1/fall/side-FallLeftS1")
    assert [dataset.splits["cs"](source) for source in (walk, fall)] == ["test", "train"]
    assert set(dataset.splits) == {"cs"}
    assert fall.load().fall == FallTimes(onset=0.91, end=2.99)
    assert walk.load().fall is None
    assert walk.load().videos["cam0"].path == tmp_path / "videos/caucafall/adl/WalkS2.avi"
    assert [problem.removeprefix(f"{tmp_path}") for problem in dataset.problems] == [
        "/labels/caucafall.csv: row 7: expected a class and two times; left out",
        "/labels/edf.csv: row 1: no column start, end, subject, cam, dataset; left out",
        ": no film for 1 path(s) of caucafall; they are left out",
    ]
    assert len(pickle.loads(pickle.dumps(dataset.sources))) == 2
