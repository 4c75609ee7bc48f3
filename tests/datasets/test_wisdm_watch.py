from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets.wisdm_watch import WISDMWatch


def row(code: str, g: np.ndarray, stamp: str = "") -> str:
    return f"1600,{code},{stamp}" + ",".join(f"{value * STANDARD_GRAVITY:.6f}" for value in g) + ";"


def write(folder: Path, lines: list[str]) -> Path:
    path = folder / "WISDM-watch" / "watch" / "data_1600_accel_watch.txt"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_stretches_are_recordings(tmp_path: Path, resting: np.ndarray) -> None:
    write(tmp_path, [row(code, g) for code in ("A", "S", "A") for g in resting])
    dataset = datasets.open("wisdm_watch", tmp_path)
    assert [source.id for source in dataset.sources] == ["1600/walking/1", "1600/folding clothes/1", "1600/walking/2"]
    recording = dataset.sources[1].load()
    stream = recording.streams["accelerometer"]
    assert recording.fall is None and not dataset.problems and (stream.unit, stream.placement) == ("g", "wrist")
    np.testing.assert_allclose(stream.values, resting, atol=1e-5)
    np.testing.assert_allclose(stream.times, np.arange(40) / 20)


def test_stamps_of_the_original(tmp_path: Path, resting: np.ndarray) -> None:
    """In ns; packets may be late, and two samples may have one stamp."""
    stamps = [90426708196641 + 50_000_000 * i for i in range(40)]
    stamps[10], stamps[11] = stamps[11], stamps[10]
    stamps[21] = stamps[20]
    write(tmp_path, [row("D", g, f"{stamp},") for g, stamp in zip(resting, stamps, strict=True)])
    stream = datasets.open("wisdm-watch", tmp_path).sources[0].load().streams["accelerometer"]
    assert (np.diff(stream.times) > 0).all() and stream.times[39] == pytest.approx(39 / 20)
    np.testing.assert_allclose(stream.values[[10, 11]], resting[[11, 10]], atol=1e-5)


def test_what_does_not_fit_is_told(tmp_path: Path, resting: np.ndarray) -> None:
    path = write(tmp_path, [*(row("A", g) for g in resting), row("Z", resting[0]), *(row("B", g) for g in resting), "1600,B,1,2;"])
    dataset = datasets.open("wisdm-watch", tmp_path)
    assert dataset.problems == (f"{path}: row 41: 'Z' is no activity of this dataset; 1 rows left out",)
    walking, jogging = dataset.sources
    assert walking.load().activity == "walking"
    with pytest.raises(UserError, match=r"data_1600_accel_watch\.txt: row 82 has 4 column\(s\), 5 are needed"):
        jogging.load()
    path.write_bytes(b"\xff\xfe\x00")
    assert WISDMWatch().scan(tmp_path).sources == ()


def test_an_empty_file_has_no_stretches(tmp_path: Path) -> None:
    write(tmp_path, [])
    assert WISDMWatch().scan(tmp_path).sources == ()
