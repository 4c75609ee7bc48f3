"""All known recorders together: each knows its own files and no other's, and reads the same fall from all of them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.device_files import cwa, geneactiv_bin, gt3x
from tests.recorders.reading import answer, known, total
from tests.recorders.samples import WRITERS as TEXTS

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.capture import open_capture
from featherfall.recorders.reading import ReadOptions, read_sensors
from featherfall.recorders.recognise import recognise, recorders
from featherfall.recorders.recorder import SensorFile

WRITERS = TEXTS | {"axivity-cwa": cwa, "actigraph-gt3x": gt3x, "geneactiv-bin": geneactiv_bin}
REFUSE = {"summaries"}  # recognise files that hold no acceleration


def test_every_recorder_has_a_sample() -> None:
    assert {name.split("/")[0] for name in WRITERS} == set(known()) - REFUSE


@pytest.mark.parametrize("name", WRITERS)
def test_exactly_its_own_recorder_answers(name: str, tmp_path: Path) -> None:
    path, mine = WRITERS[name](tmp_path).path, name.split("/")[0]
    rank = {one.name: one.rank for one in recorders()}
    capture = open_capture(path)
    asked = [other for other in known() if rank[other] <= rank[mine]]
    assert [other for other in asked if answer(other, capture) is not None] == [mine]
    assert recognise(capture).recorder == mine


@pytest.mark.parametrize("name", WRITERS)
def test_the_fall_is_read_as_written(name: str, tmp_path: Path) -> None:
    written = WRITERS[name](tmp_path)
    file = answer(name.split("/")[0], written.path)
    assert isinstance(file, SensorFile)
    times, values = total(file, "wrist" if name == "umafall" else None)
    assert values.shape == written.total.shape
    np.testing.assert_allclose(values, written.total, atol=0.002)
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(written.rate, rel=0.01)
    assert np.abs(np.diff(times) - 1 / written.rate).max() < 0.0015  # the stamps of some are whole milliseconds


@pytest.mark.parametrize("name", WRITERS)
def test_of_two_recordings_none_is_taken_in_silence(name: str, tmp_path: Path) -> None:
    for folder in ("monday", "tuesday"):
        (tmp_path / folder).mkdir()
        written = WRITERS[name](tmp_path / folder).path
        if written.suffix == ".zip":
            with zipfile.ZipFile(written) as archive:
                archive.extractall(written.parent)
            written.unlink()
    need = Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="wrist")
    with pytest.raises(UserError, match=r"give one of them|give the file of one|no recording of a known device"):
        read_sensors(tmp_path, [need], ReadOptions())
