"""A bundle teaches a watch's bundle about one person."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import RATE, tiny_dataset
from tests.runtime.tiny import INPUT, write_bundle
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.pipeline.teach import TeachOptions, motion_of_people, teach_student
from featherfall.runtime import load_bundle
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.pose import make_pose

WINDOW = {"kind": "sliding", "length": 40, "rate": RATE, "stride_s": 0.4}


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unlabelled recordings of one person."""
    folder = tiny_dataset(tmp_path_factory.mktemp("person") / "data", subjects=1, trials=3, streams=("accelerometer",))
    rows = list(csv.DictReader((folder / "recordings.csv").read_text().splitlines()))
    lines = [f"S1,,{number},{row['accelerometer']}" for number, row in enumerate(rows)]
    (folder / "recordings.csv").write_text("\n".join(["subject,activity,trial,accelerometer", *lines]) + "\n")
    return folder


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher: falls are peaks above 2.5 g."""
    return write_bundle(tmp_path_factory.mktemp("peaks") / "bundle", length=40, inputs=[INPUT], window=WINDOW)


def test_teaches_or_keeps(person: Path, peaks: Path, tmp_path: Path) -> None:
    out = tmp_path / "taught"
    found = teach_student(
        "wrist", peaks, datasets.open("folder", person), out, TeachOptions(clocks="shared", steps=2, cache=tmp_path / "cache")
    )
    assert (found["pairs"], found["falls"], found["labelled"]) == (9, 3, 0)
    before, after = found["held_out"]["before"], found["held_out"]["after"]
    assert (before["falls"], before["others"]) == (1, 2) == (after["falls"], after["others"])
    assert out.exists() is found["taught"]
    if found["taught"]:
        manifest = load_bundle(out).manifest
        assert manifest.provenance["taught"]["recordings"] == 6 and "S1" in manifest.provenance["trained_on"]


def test_one_clock_looks_at_itself(person: Path, peaks: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bundle: sees nothing of these recordings \(.* clocks cannot be aligned by motion \(too short\)"):
        teach_student("wrist", peaks, datasets.open("folder", person), tmp_path / "taught")  # 3 s are too short to be aligned
    assert not (tmp_path / "taught").exists()


def test_bad_input_is_one_line(person: Path, peaks: Path, tmp_path: Path) -> None:
    shared = TeachOptions(clocks="shared")
    dataset = datasets.open("folder", person)
    with pytest.raises(UserError, match=r"camera: sees nothing of these recordings \(.*: has no film\)"):
        teach_student("wrist", "camera", dataset, tmp_path / "taught", shared)
    with pytest.raises(UserError, match="only a bundle of worn sensors that tells falls can be taught"):
        teach_student("camera", "camera", dataset, tmp_path / "taught", shared)
    quiet = write_bundle(tmp_path / "quiet", length=40, inputs=[INPUT], window=WINDOW, decision={"threshold": 1.0})
    with pytest.raises(UserError, match=r"0 of 9 recordings show a fall, of which 3 are needed"):
        teach_student("wrist", quiet, dataset, tmp_path / "taught", shared)
    with pytest.raises(UserError, match="exists and is no bundle"):
        teach_student("wrist", peaks, dataset, tmp_path, shared)


def test_command_line_says_what_is_wrong(person: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["teach", "wrist", "--with", "camera", "--data", str(person), "--out", str(tmp_path / "taught")])
    assert isinstance(result.exception, UserError) and "has no film" in str(result.exception)


def test_motion_of_people() -> None:
    scores, still = np.ones(17, np.float32), np.tile(np.linspace(0, 30, 17, dtype=np.float32)[:, None], (1, 2))
    seen = [
        Observation(0.0, (make_pose(still, scores),), 99, 99),
        Observation(0.5, (), 99, 99),
        Observation(1.0, (make_pose(still + np.array([3, 4]), scores),), 99, 99),
    ]
    times, motion = motion_of_people(seen)
    assert times.tolist() == [0.0, 1.0] and motion == pytest.approx([5 / np.hypot(30, 30)] * 2)
    assert len(motion_of_people(seen[:1])[0]) == 0
