from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.recording import FallTimes
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets import aihub
from featherfall.datasets.inspect import inspect_dataset

QUANTITIES = ("Segment Acceleration", "Segment Angular Velocity", "Sensor Magnetic Field")
SEGMENTS = (
    "Head",
    "Pelvis",
    *(f"{side} {part}" for side in ("Right", "Left") for part in ("Shoulder", "Upper Arm", "Forearm", "Upper Leg", "Lower Leg")),
)
NAMES = [f"{quantity}_{segment} {axis}" for quantity in QUANTITIES for segment in SEGMENTS for axis in "xyz"]
ROWS = 40


def table(values: np.ndarray, names: list[str] | None = None, acceleration: float = STANDARD_GRAVITY, turning: float = 0.01) -> str:
    """A sensor csv: all segments feel the same."""
    blocks = [np.arange(ROWS)[:, None]]
    for factor in (acceleration, turning, 30.0):
        blocks.append(np.tile(factor * values, (1, len(SEGMENTS))))
    rows = "\n".join(",".join(f"{cell:.6f}" for cell in row) for row in np.hstack(blocks))
    return ",".join(["Frame", *(names or NAMES)]) + "\n" + rows + "\n"


def write(
    folder: Path,
    scene: int,
    way: str,
    text: str,
    *,
    side: str = "Training",
    actor: str = "A7",
    start: int = 6,
    films: bool = True,
    cameras: int = 8,
) -> None:
    short = {"Training": "T", "Validation": "V", "Sample": ""}[side]
    for camera in range(1, cameras + 1):
        name = f"{scene:05}_H_A_{way}_C{camera}"
        below = Path("N" if way == "N" else "Y", way, name)
        source = folder / side / "01.원천데이터" / (f"{short}S" if short else "")
        label = folder / side / "02.라벨링데이터" / (f"{short}L" if short else "")
        falls = way != "N"
        facts = {
            "scene_info": {"scene_IsFall": "낙상" if falls else "비낙상", "fall_type": "slip", "scene_length": 600, "cam_num": camera},
            "actor_info": {"actor_id": actor, "actor_age": "adult1", "actor_sex": "f"},
            "sensordata": {"fall_start_frame": start if falls else 0, "fall_end_frame": start + 60 if falls else 0},
        }
        for path, content in (
            (source / "센서" / below / f"{name}.csv", text),
            (label / "센서" / below / f"{name}.json", json.dumps(facts, ensure_ascii=False)),
            (label / "이미지" / below / f"{name}_I001.json", "{}"),
            *([(source / "영상" / below / f"{name}.mp4", "film")] if films else []),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    write(tmp_path, 15, "SY", table(resting))
    write(tmp_path, 16, "N", table(resting), side="Validation", actor="A8")
    return tmp_path


def test_one_recording_a_scene_with_eight_films(folder: Path, resting: np.ndarray) -> None:
    dataset = aihub.AIHubFalls().scan(folder)
    assert dataset.problems == ()
    fall, none = dataset.sources
    assert (fall.id, fall.fall, fall.traits) == (
        "A7/sideways fall/00015",
        True,
        {"side": "Training", "age": "adult1", "sex": "f", "kind": "slip"},
    )
    assert [dataset.splits["published"](source) for source in (fall, none)] == ["train", "test"]
    recording = fall.load()
    assert recording.fall == FallTimes(onset=0.1, end=1.1)  # frames 6 to 66 at 60 a second
    assert none.load().fall is None
    assert set(recording.streams) == set(aihub.AIHubFalls.streams)
    stream = recording.streams["right_thigh_accelerometer"]
    assert (stream.placement, stream.unit, stream.rate) == ("right thigh", "g", 60.0)
    np.testing.assert_allclose(stream.values, resting, atol=1e-5)
    np.testing.assert_allclose(recording.streams["head_gyroscope"].values, np.degrees(0.01 * resting), atol=1e-4)
    np.testing.assert_allclose(stream.times, np.arange(ROWS) / 60)
    assert list(recording.videos) == [f"cam{number}" for number in range(1, 9)]
    assert all(video.path in fall.files for video in recording.videos.values())
    assert pickle.loads(pickle.dumps(fall)).load().id == fall.id
    assert len(fall.files) == 10  # one csv, one json, eight films
    problems = inspect_dataset(dataset).problems
    assert sum(".mp4" in problem for problem in problems) == 16  # of two scenes; nothing was filmed, their films are text
    problem, same = sorted(problem for problem in problems if ".mp4" not in problem)  # these scenes are short, and hold the same samples
    assert "are the same recording under two names" in same
    assert "the fall ends at 1.1 s, after the last sample" in problem


def test_the_sample_package_and_other_folder_names(tmp_path: Path, resting: np.ndarray) -> None:
    write(tmp_path, 3, "FY", table(resting), side="Sample", films=False)
    (tmp_path / "Sample").rename(tmp_path / "moved")
    (source,) = aihub.AIHubFalls().scan(tmp_path).sources
    assert (source.activity, source.load().videos) == ("forward fall", {})


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("Right Forearm", "right forearm"),
        ("RightUpperLeg", "right thigh"),
        ("left_upper_leg", "left thigh"),
        ("Left Thigh", "left thigh"),
        ("Right Shank", "right lower leg"),
        ("Pelvis", "pelvis"),
    ],
)
def test_segments_by_pattern(text: str, segment: str) -> None:
    columns, left = aihub.match_columns(["Frame", *(f"Segment Acceleration_{text} {axis}" for axis in "xyz")])
    assert list(columns) == [f"{segment.replace(' ', '_')}_accelerometer"]
    assert left == []


def test_columns_that_do_not_match_are_told_once(folder: Path, resting: np.ndarray) -> None:
    odd = [name.replace("Left Forearm", "L5").replace("Pelvis x", "Pelvis q") for name in NAMES]
    for scene in (20, 21):
        write(folder, scene, "BY", table(resting, odd), films=False)
    write(folder, 30, "BY", table(resting, [f"c{i}" for i in range(len(NAMES))]))
    problems = aihub.AIHubFalls().scan(folder).problems
    assert len(problems) == 3
    assert "00020_H_A_BY_C1.csv: 18 column(s) match no known sensor: 'Segment Acceleration_Pelvis q', " in problems[0]
    assert "6 stream(s) are missing: 'pelvis_accelerometer', " in problems[0]
    assert problems[0].endswith("(2 such file(s))")
    assert "no column matches '<Quantity>_<Segment> <axis>'; the sensors are left out" in problems[1]
    assert problems[2].endswith("scene 00030: no sensor file")
    sources = {source.trial: source for source in aihub.AIHubFalls().scan(folder).sources}
    assert len(sources["00020"].load().streams) == 30
    assert sources["00030"].load().streams == {}


def test_units_by_the_values(tmp_path: Path, resting: np.ndarray) -> None:
    write(tmp_path, 1, "FY", table(resting, acceleration=1.0, turning=200.0), films=False)
    dataset = aihub.AIHubFalls().scan(tmp_path)
    acceleration, turning = dataset.problems
    assert acceleration.endswith("acceleration has a median of 1.00, so it is taken to be in g, not m/s2")
    assert turning.endswith("angular velocity reaches 205, so it is taken to be in deg/s, not rad/s")
    streams = dataset.sources[0].load().streams
    np.testing.assert_allclose(streams["head_accelerometer"].values, resting, atol=1e-5)
    np.testing.assert_allclose(streams["head_gyroscope"].values, 200 * resting, atol=1e-3)


def test_acceleration_without_gravity_is_told_and_left(tmp_path: Path, resting: np.ndarray) -> None:
    write(tmp_path, 1, "FY", table(resting, acceleration=0.2), films=False)
    dataset = aihub.AIHubFalls().scan(tmp_path)
    assert "median of 0.20 and so is without gravity; it is taken to be in m/s2 and left as it is" in dataset.problems[0]
    np.testing.assert_allclose(dataset.sources[0].load().streams["head_accelerometer"].values, 0.2 * resting / STANDARD_GRAVITY, atol=1e-6)


def test_odd_scenes_are_told_together(folder: Path, resting: np.ndarray) -> None:
    for path in (*folder.rglob("00016*.json"), *folder.rglob("00015_H_A_SY_C8.mp4")):
        path.unlink()
    write(folder, 15, "SY", table(resting), side="Validation", films=False)
    write(folder, 17, "N", table(resting), actor="")
    label = next(folder.rglob("00017_H_A_N_C1.json"))
    label.write_text(label.read_text().replace("비낙상", "낙상"))
    dataset = aihub.AIHubFalls().scan(folder)
    assert [problem.removeprefix(f"{folder}: ") for problem in dataset.problems] == [
        "scene 00015: lies on the training and the validation side; it is taken for training",
        "scene 00015: fewer than 8 films",
        "scene 00016: no label file; no actor, no times",
        "scene 00017: label and file name disagree on whether it is a fall",
        "scene 00017: the label names no actor",
    ]
    assert [source.subject for source in dataset.sources] == ["A7", "unnamed-00016", "unnamed-00017"]


def test_broken_json_and_no_column_of_frames(folder: Path, resting: np.ndarray) -> None:
    for path in folder.rglob("00015*_C1.json"):
        path.write_text("{")
    for path in folder.rglob("00016*.csv"):
        path.write_text(path.read_text().replace("Frame", "Row", 1))
    dataset = aihub.AIHubFalls().scan(folder)
    assert "no column 'Frame'; rows are taken at 60 a second (1 such file(s))" in dataset.problems[0]
    assert "not valid JSON" in dataset.problems[1]
    fall, none = (source.load() for source in dataset.sources)
    assert fall.fall == FallTimes()
    np.testing.assert_allclose(none.streams["head_accelerometer"].times, np.arange(ROWS) / 60)


def test_what_the_simulator_writes(tmp_path: Path) -> None:
    options = ["--subjects", "1", "--hours", "0.006", "--layout", "aihub", "--out", str(tmp_path / "made")]
    subprocess.run([sys.executable, "-m", "featherfall.cli", "sim", *options], check=True, capture_output=True)
    facts = inspect_dataset(datasets.open("aihub", tmp_path / "made"))
    assert facts.problems == []
    assert len(facts.streams) == 36
    scenes = {row["scene"]: row for row in csv.DictReader((tmp_path / "made/scenes.csv").read_text().splitlines())}
    sources = datasets.open("aihub", tmp_path / "made").sources
    assert {source.trial for source in sources} == set(scenes)
    for source in sources:
        recording, row = source.load(), scenes[source.trial]
        assert (source.subject, source.fall) == (row["subject"], row["way"] != "N")
        assert {stream.values.shape for stream in recording.streams.values()} == {(600, 3)}
        if recording.fall:
            assert recording.fall.onset == pytest.approx(float(row["fall_onset_s"]), abs=0.5 / 60 + 1e-3)
            assert recording.fall.end == pytest.approx(recording.fall.onset + 1.0)
