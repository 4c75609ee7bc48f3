from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.core.skeletons import parents_of
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets import smartfallmm


def write(path: Path, starts: list[str], values: np.ndarray) -> Path:
    """Rows that start with some columns of times; no header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [",".join([start, *(f"{value:.6f}" for value in row)]).lstrip(",") for start, row in zip(starts, values, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    received = [f"2022-08-05 10:06:{11 + i // 4 * 0.12:06.3f}" for i in range(40)]
    inertial = tmp_path / "young" / "accelerometer"
    write(inertial / "watch/S29A10T02.csv", received, STANDARD_GRAVITY * resting)
    write(inertial / "phone/S29A10T02.csv", received[:30], STANDARD_GRAVITY * resting[:30])
    write(inertial / "meta_hip/S29A10T02.csv", ["1.65844E+12,2022-07-21T11:00:00.040,0.04"] * 40, resting)
    write(inertial / "meta_wrist/S29A10T02.csv", ["1658412000040,0.04"] * 40, resting)
    write(tmp_path / "young/skeleton/S29A10T02.csv", [""] * 25, np.random.default_rng(1).normal(0, 500, (25, 96)))
    write(tmp_path / "old/accelerometer/watch/S02A04T01.csv", received, STANDARD_GRAVITY * resting)
    return tmp_path


def test_streams_are_read_in_inside_units_on_their_own_clocks(folder: Path, resting: np.ndarray) -> None:
    dataset = smartfallmm.SmartFallMM().scan(folder)
    assert dataset.problems == ()
    step, fall = dataset.sources
    assert (step.id, step.fall, step.traits) == ("S02/step up/1", False, {"age": "old"})
    assert (fall.id, fall.fall, fall.traits) == ("S29/back fall/2", True, {"age": "young"})
    assert set(step.load().streams) == {"watch_accelerometer"}
    recording = fall.load()
    assert recording.fall == FallTimes()
    assert tuple(recording.streams) == smartfallmm.SmartFallMM.streams
    assert {stream.clock for stream in recording.streams.values()} == {"own"}
    for name in ("watch_accelerometer", "meta_hip_accelerometer", "meta_wrist_accelerometer"):
        np.testing.assert_allclose(recording.streams[name].values, resting, atol=1e-5)
    np.testing.assert_allclose(recording.streams["watch_accelerometer"].times, np.arange(40) / 33.3)
    np.testing.assert_allclose(recording.streams["phone_accelerometer"].times, np.arange(30) / 50)
    skeleton = recording.streams["skeleton"]
    np.testing.assert_allclose(skeleton.values, np.random.default_rng(1).normal(0, 0.5, (25, 96)), atol=1e-6)
    assert (skeleton.unit, skeleton.rate, len(parents_of(skeleton.channels))) == ("m", 30.0, 32)


def test_reception_times_are_given_as_they_stand(folder: Path) -> None:
    source = smartfallmm.SmartFallMM().scan(folder).sources[0]
    times = smartfallmm._stamps(source)["watch_accelerometer"]
    np.testing.assert_allclose(times, np.arange(40) // 4 * 0.12, atol=1e-6)
    path = source.files[0]
    path.write_text(path.read_text().replace("2022-08-05 10:06:11.120", "yesterday"))
    source.load()  # the samples are sound
    with pytest.raises(UserError, match=r"S02A04T01\.csv: row 5: 'yesterday' is not a date and time like"):
        smartfallmm._stamps(source)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("young/accelerometer/watch/S29A10T02.csv", r"watch/S29A10T02\.csv: row 41 has 1 column\(s\), 3 are needed"),
        ("young/skeleton/S29A10T02.csv", r"skeleton/S29A10T02\.csv: row 26 has 1 column\(s\), 96 are needed"),
    ],
)
def test_a_cut_row_is_named(folder: Path, path: str, message: str) -> None:
    (folder / path).write_text((folder / path).read_text() + "12.5\n")
    with pytest.raises(UserError, match=message):
        smartfallmm.SmartFallMM().scan(folder).sources[1].load()


def test_strange_names_are_told(folder: Path) -> None:
    (folder / "young/accelerometer/phone/S29A15T01.csv").touch()
    (problem,) = smartfallmm.SmartFallMM().scan(folder).problems
    assert problem.endswith("S29A15T01.csv: not the name of a recording, left out; expected one like S29A01T01.csv")


def test_real_skeletons_are_people(real: Callable[[str], Path]) -> None:
    """Bones between the joints as named have human lengths, and keep them."""
    source = next(s for s in datasets.open("smartfallmm", real("SmartFallMM")).sources if s.file("skeleton") and s.activity == "walk")
    skeleton = source.load().streams["skeleton"]
    joints = skeleton.values.reshape(-1, 32, 3)
    bones = np.linalg.norm(joints - joints[:, parents_of(skeleton.channels)], axis=2)
    named = dict(zip([name.removesuffix(".x") for name in skeleton.channels[::3]], np.median(bones, axis=0), strict=True))
    for side in ("left", "right"):
        assert 0.25 < named[f"{side} knee"] < 0.55
        assert 0.25 < named[f"{side} ankle"] < 0.55
        assert 0.15 < named[f"{side} elbow"] < 0.4
    assert (bones.std(axis=0) < 0.06).all()
