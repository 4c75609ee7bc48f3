"""The door: names, folders, and every real recording behind it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError

# The whole of the first two; of SmartFallMM the part with six young subjects, and perhaps more.
COUNTS = {"UTD-MHAD": 861, "WEDA-FALL": 969, "SmartFallMM": 348}


def test_names() -> None:
    assert datasets.names() == (
        "aihub",
        "berkeley-mhad",
        "capture24",
        "folder",
        "kfall",
        "le2i",
        "mmact",
        "omnifall",
        "projected",
        "simulated",
        "sisfall",
        "smartfallmm",
        "sp-sw-har",
        "up-fall",
        "urfd",
        "utd-mhad",
        "weda-fall",
        "wisdm-watch",
        "class-folders",
        "kaggle-fall",
        "le2i-frames",
        "yolo",
    )
    assert all(datasets.reader(name).name == name for name in datasets.names())


def test_faults_of_name_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unknown dataset 'weda-fal'; did you mean 'weda-fall'\?"):
        datasets.open("weda-fal", tmp_path)
    with pytest.raises(UserError, match=r"WEDA-FALL: no such folder; give --data the folder that holds WEDA-FALL"):
        datasets.open("weda-fall", tmp_path)
    (tmp_path / "UTD-MHAD").mkdir()
    with pytest.raises(UserError, match=r"no recordings of utd-mhad in this folder; expected files like Inertial/a1_s1_t1_inertial\.mat"):
        datasets.open("UTD_MHAD", tmp_path)
    with pytest.raises(UserError, match="no recordings of utd-mhad"):
        datasets.open("utd-mhad", tmp_path / "UTD-MHAD")  # the dataset's own folder is found too
    with pytest.raises(UserError, match=r"elsewhere: no such folder"):
        datasets.open("utd-mhad", tmp_path, "elsewhere")


def test_import_is_light() -> None:
    code = "import sys, featherfall.datasets; print([name for name in ('scipy', 'torch', 'pyarrow') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", COUNTS)
def test_every_real_recording_is_what_a_recording_is(real: Callable[[str], Path], name: str) -> None:
    dataset = datasets.open(name, real(name))
    assert len(dataset.sources) == COUNTS[name] or (name == "SmartFallMM" and len(dataset.sources) > COUNTS[name])
    assert len({source.id for source in dataset.sources}) == len(dataset.sources)
    assert dataset.problems == ()
    assert len(pickle.loads(pickle.dumps(dataset.sources))) == len(dataset.sources)
    reader = datasets.reader(dataset.name)
    for source in dataset.sources[::5]:
        recording = source.load()
        assert recording.id == source.id
        assert (recording.fall is not None) == source.fall
        assert set(recording.streams) <= set(reader.streams)
        for stream in recording.streams.values():
            assert stream.values.dtype == np.float32
            assert np.isfinite(stream.values).all()
            assert stream.values.shape[1] == len(stream.channels)
            assert (np.diff(stream.times) > 0).all()
            if stream.unit == "g":
                assert 0.9 < np.median(np.linalg.norm(stream.values, axis=1)) < 1.55
