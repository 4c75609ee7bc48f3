from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.recorders.device_files import geneactiv_bin
from tests.recorders.reading import answer, of, read, samples, total

from featherfall.core.errors import UserError


def changed(path: Path, old: str, new: str, times: int = -1) -> Path:
    path.write_text(path.read_text().replace(old, new, times))
    return path


def test_place_and_calibration(tmp_path: Path) -> None:
    written = geneactiv_bin(tmp_path)
    path = changed(changed(written.path, "x gain:25600", "x gain:12800"), "y offset:0", "y offset:-2560")
    file = read("geneactiv-bin", path)
    assert file.series[0].placement == "right wrist"
    np.testing.assert_allclose(total(file)[1], written.total * (2, 1, 1) + (0, 0.1, 0), atol=1e-9)


@pytest.mark.parametrize(
    ("old", "new"), [("x gain:25600", ""), ("x gain:25600", "x gain:0"), ("x gain:25600", "x gain:?"), ("Recorded Data", "x")]
)
def test_what_cannot_be_read_is_refused(old: str, new: str, tmp_path: Path) -> None:
    error = answer("geneactiv-bin", changed(geneactiv_bin(tmp_path).path, old, new))
    assert isinstance(error, UserError) and "extract it again" in str(error)


def test_damaged_pages_are_left_out_and_counted(tmp_path: Path) -> None:
    written = geneactiv_bin(tmp_path)
    series = of(
        read("geneactiv-bin", changed(written.path, "Page Time:2023-11-14 22:13:23", "Page Time:2023-11-34 22:13:23")), "accelerometer"
    )
    times, _ = samples(series)
    assert len(times) == len(written.total) - 300 and series.remarks() == ("1 damaged pages were left out",)
    assert np.diff(times).max() == pytest.approx(3.01, abs=1e-3)


def test_blocks_of_some_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = geneactiv_bin(tmp_path)
    monkeypatch.setattr("featherfall.recorders.known.geneactiv_bin._PAGES", 2)
    blocks = list(of(read("geneactiv-bin", written.path), "accelerometer").blocks())
    assert [len(block.times) for block in blocks] == [600, 300] and [block.row for block in blocks] == [1, 601]
    np.testing.assert_allclose(np.concatenate([block.values for block in blocks]), written.total, atol=1e-9)


def test_a_page_cut_short_is_left_out(tmp_path: Path) -> None:
    path = geneactiv_bin(tmp_path).path
    path.write_bytes(path.read_bytes().rstrip()[:-5])
    series = of(read("geneactiv-bin", path), "accelerometer")
    assert len(samples(series)[0]) == 600 and series.remarks() == ("1 damaged pages were left out",)
