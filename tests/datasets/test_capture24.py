"""Files in the documented layout; CAPTURE-24 itself is 6 GB."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.datasets import capture24

SLEEP, BIKE = "7030 sleeping;MET 0.95", "bicycling;MET 7.5"


def write(folder: Path, annotations: Sequence[str], name: str = "P001.csv.gz", step: float = 0.001, rest: int = 40) -> Path:
    """Rows 10 ms apart from 2 o'clock on; x counts them, `step` g each, anew after every `rest`."""
    start = datetime(2016, 11, 13, 2, tzinfo=UTC).replace(tzinfo=None)
    rows = [
        f"{start + timedelta(milliseconds=10 * row)},{step * (row % rest):.6f},0.600000,0.800000,{annotation}"
        for row, annotation in enumerate(annotations)
    ]
    path = folder / "capture24" / name
    path.parent.mkdir(exist_ok=True)
    text = "\n".join(["time,x,y,z,annotation", *rows]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    (folder / "capture24" / "annotation-label-dictionary.csv").write_text(
        f"annotation,label:Willetts2018,label:WillettsSpecific2018\n{SLEEP},sleep,sleep\n{BIKE},bicycling,bicycling/outside\n"
    )
    return path


def test_each_stretch_of_one_annotation_is_a_recording(tmp_path: Path) -> None:
    write(tmp_path, [SLEEP] * 30 + [""] * 40 + [SLEEP] * 50 + [BIKE] * 20)
    dataset = datasets.open("capture24", tmp_path)
    assert [source.id for source in dataset.sources] == [
        "P001/sleep/1",
        "P001/not annotated/1",
        "P001/sleep/2",
        "P001/bicycling or outside/1",
    ]
    assert not dataset.problems and not any(source.fall for source in dataset.sources)
    for number, first, count in ((2, 70, 50), (0, 0, 30), (3, 120, 20), (1, 30, 40)):  # out of order, too
        stream = dataset.sources[number].load().streams["accelerometer"]
        assert (stream.unit, stream.placement, len(stream.times)) == ("g", "wrist", count)
        np.testing.assert_allclose(stream.values[:, 0], 0.001 * ((first + np.arange(count)) % 40), atol=1e-6)
        np.testing.assert_allclose(stream.times, np.arange(count) / 100, atol=1e-6)


def test_stretches_over_several_pieces_and_at_most_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.4 MB of text come in three pieces."""
    write(tmp_path, [SLEEP] * 15_000 + [BIKE] * 5_000, step=1e-5, rest=20_000)
    dataset = datasets.open("capture24", tmp_path)
    counts = [(source.activity, source.load().streams["accelerometer"]) for source in dataset.sources]
    assert [(activity, len(stream.times)) for activity, stream in counts] == [("sleep", 15_000), ("bicycling or outside", 5_000)]
    assert counts[1][1].values[0, 0] == pytest.approx(0.15) and counts[1][1].values[-1, 0] == pytest.approx(0.19999)
    monkeypatch.setattr(capture24, "_LONGEST", 4_000)
    shorter = datasets.open("capture24", tmp_path).sources
    assert len(shorter) > 2 and sum(len(source.load().streams["accelerometer"].times) for source in shorter) == 20_000


def test_a_sensor_that_did_not_record_leaves_a_gap(tmp_path: Path) -> None:
    path = write(tmp_path, [SLEEP] * 60, "P002.csv")
    lines = path.read_text().splitlines()
    lines[20:40] = [f"{line.split(',')[0]},,,,{SLEEP}" for line in lines[20:40]]
    path.write_text("\r\n".join(lines) + "\r\n")
    (source,) = datasets.open("capture24", tmp_path).sources
    times = source.load().streams["accelerometer"].times
    assert len(times) == 40 and np.diff(times).max() == pytest.approx(0.21)


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, ["flying"] * 30)
    dataset = datasets.open("capture24", tmp_path)
    assert dataset.sources[0].activity == "flying"
    assert dataset.problems == (f"{path}: annotation 'flying' is not in annotation-label-dictionary.csv; taken as it is",)
    (path.parent / "annotation-label-dictionary.csv").unlink()
    assert "annotations are taken as they are" in datasets.open("capture24", tmp_path).problems[0]
    (path.parent / "P003.csv").write_text("stamp,x\n1,2\n")
    (path.parent / "P004.csv.gz").write_bytes(path.read_bytes()[:60])
    problems = datasets.open("capture24", tmp_path).problems
    assert any("P003.csv: row 1 is 'stamp,x', not time,x,y,z,annotation" in one for one in problems)
    assert any("P004.csv.gz" in one and "cannot be read" in one for one in problems)
    broken = write(tmp_path, [SLEEP] * 5, "P005.csv")
    broken.write_text(broken.read_text() + f"2016-11-13 02:18:00,1,x,3,{SLEEP}\n")
    source = next(one for one in datasets.open("capture24", tmp_path).sources if one.subject == "P005")
    with pytest.raises(UserError, match=r"P005\.csv: row 7"):
        source.load()
