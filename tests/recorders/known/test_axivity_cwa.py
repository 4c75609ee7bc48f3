from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.device_files import cwa
from tests.recorders.known.test_field import SENSORS, needs_field
from tests.recorders.reading import answer, of, read, samples, total

from featherfall.core.errors import UserError
from featherfall.recorders.capture import open_capture
from featherfall.recorders.recognise import recognise


def test_place_title_and_an_exact_clock(tmp_path: Path) -> None:
    file = recognise(open_capture(cwa(tmp_path).path))
    times, _ = samples(of(file, "accelerometer"))
    assert (file.recorder, file.title, file.series[0].placement) == ("axivity-cwa", "Axivity", "left wrist")
    np.testing.assert_allclose(np.diff(times), 0.01, atol=1e-4)


def test_the_ax6_has_a_gyroscope(tmp_path: Path) -> None:
    written = cwa(tmp_path, six=True)
    file = read("axivity-cwa", written.path)
    assert file.title == "Axivity AX6"
    np.testing.assert_allclose(total(file)[1], written.total, atol=1e-9)
    np.testing.assert_allclose(samples(of(file, "gyroscope"))[1][0], (100.0, -50.0, 0.0), atol=0.1)


def test_ten_bits_an_axis(tmp_path: Path) -> None:
    written = cwa(tmp_path, packed=True)
    assert written.total.max() > 2  # so that the exponent is used
    np.testing.assert_array_equal(total(read("axivity-cwa", written.path))[1], written.total)


def test_an_unknown_kind_of_samples_is_refused(tmp_path: Path) -> None:
    path = cwa(tmp_path).path
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    data[1024 + 25 :: 512] = 0x92  # nine axes
    words = data[1024:].view("<u2").reshape(-1, 256)
    words[:, 255] = 0
    words[:, 255] = (-words.sum(axis=1, dtype=np.int64)) & 0xFFFF
    path.write_bytes(data.tobytes())
    assert "samples of an unknown kind (0x92)" in str(answer("axivity-cwa", path))


def test_compressed_and_in_an_archive(tmp_path: Path) -> None:
    written = cwa(tmp_path)
    data = written.path.read_bytes()
    written.path.unlink()
    (tmp_path / "a.cwa.gz").write_bytes(gzip.compress(data))
    np.testing.assert_allclose(total(read("axivity-cwa", tmp_path / "a.cwa.gz"))[1], written.total)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("folder/a.cwa", data)
        archive.writestr("readme.txt", "x")
    np.testing.assert_allclose(total(read("axivity-cwa", tmp_path / "a.zip"))[1], written.total)


def test_damaged_packets_are_left_out_and_counted(tmp_path: Path) -> None:
    written = cwa(tmp_path)
    data = bytearray(written.path.read_bytes())
    data[1024 + 3 * 512 + 100] ^= 0xFF
    written.path.write_bytes(bytes(data[:-100]))
    series = of(read("axivity-cwa", written.path), "accelerometer")
    times, _ = samples(series)
    assert len(times) == len(written.total) - 2 * 80 and series.remarks() == ("1 damaged packets were left out",)
    assert np.diff(times).max() == pytest.approx(0.81, abs=1e-3)


def test_several_and_empty_files_are_refused(tmp_path: Path) -> None:
    path = cwa(tmp_path).path
    path.write_bytes(path.read_bytes()[:1024])
    assert "holds no samples" in str(answer("axivity-cwa", path))
    path.rename(tmp_path / "first.cwa")
    cwa(tmp_path)
    error = answer("axivity-cwa", tmp_path)
    assert isinstance(error, UserError) and "2 recordings" in str(error)


@needs_field
def test_a_file_of_an_ax3_as_two_readers_see_it() -> None:
    path = SENSORS / "ax3.cwa"
    series = of(read("axivity-cwa", path), "accelerometer")
    times, values = samples(series)
    assert len(times) == 17_400 and series.placement == "right wrist" and series.remarks() == ()
    np.testing.assert_allclose(np.diff(times), 0.01, atol=2e-4)
    actfast = pytest.importorskip("actfast")
    other = actfast.read(path)["timeseries"]["high_frequency"]
    np.testing.assert_array_equal(values, other["acceleration"])
    np.testing.assert_allclose(times, other["datetime"] / 1e9, atol=0.015)  # its packets begin up to a sample late
