from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.device_files import gt3x
from tests.recorders.reading import answer, of, read, samples, total
from tests.recorders.samples import START

from featherfall.core.errors import UserError


def changed(
    path: Path, info: Callable[[str], str] = str, log: Callable[[bytes], bytes] = bytes, names: tuple[str, str] = ("info.txt", "log.bin")
) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = info(archive.read("info.txt").decode()), log(archive.read("log.bin"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in zip(names, parts, strict=True):
            archive.writestr(name, part)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_both_kinds_of_records(packed: bool, tmp_path: Path) -> None:
    written = gt3x(tmp_path, packed)
    file = read("actigraph-gt3x", written.path)
    times, values = total(file)
    np.testing.assert_allclose(values, written.total, atol=1e-9)
    np.testing.assert_allclose(times, START + np.arange(len(times)) / 30, atol=1e-6)
    assert (file.title, file.series[0].placement) == ("ActiGraph wGT3XBT", "left wrist")


def test_blocks_of_some_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = gt3x(tmp_path)
    monkeypatch.setattr("featherfall.recorders.known.actigraph_gt3x._SECONDS", 2)
    blocks = list(of(read("actigraph-gt3x", written.path), "accelerometer").blocks())
    assert [len(block.times) for block in blocks] == [60, 60, 60, 60, 30] and [block.row for block in blocks] == [1, 61, 121, 181, 241]
    np.testing.assert_allclose(np.concatenate([block.values for block in blocks]), written.total)


@pytest.mark.parametrize(("line", "factor"), [("Acceleration Scale: 341.0", 256 / 341), ("", 1.0), ("Acceleration Scale: x", 1.0)])
def test_the_scale_is_that_of_the_file_else_of_the_device(line: str, factor: float, tmp_path: Path) -> None:
    written = gt3x(tmp_path)
    path = changed(written.path, lambda text: text.replace("Acceleration Scale: 256.0", line))
    np.testing.assert_allclose(total(read("actigraph-gt3x", path))[1], factor * written.total, atol=1e-6)


def test_old_devices_have_341_counts_a_g(tmp_path: Path) -> None:
    written = gt3x(tmp_path)
    path = changed(written.path, lambda text: text.replace("Acceleration Scale: 256.0", "").replace("MOS2D", "NEO1F"))
    np.testing.assert_allclose(total(read("actigraph-gt3x", path))[1], 256 / 341 * written.total, atol=1e-6)


def test_old_firmware_and_files_without_samples_are_refused(tmp_path: Path) -> None:
    error = answer("actigraph-gt3x", changed(gt3x(tmp_path).path, names=("info.txt", "activity.bin")))
    assert isinstance(error, UserError) and "old firmware" in str(error)
    error = answer("actigraph-gt3x", changed(gt3x(tmp_path).path, log=lambda data: data[:12]))
    assert isinstance(error, UserError) and "holds no samples" in str(error)


def test_damaged_records_are_left_out_and_counted(tmp_path: Path) -> None:
    written = gt3x(tmp_path)
    path = changed(written.path, log=lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:-20])
    series = of(read("actigraph-gt3x", path), "accelerometer")
    assert len(samples(series)[0]) == len(written.total) - 60 and series.remarks() == ("1 damaged records were left out",)
