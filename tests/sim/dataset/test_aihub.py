import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.motions import move

from featherfall.core.recording import FallTimes
from featherfall.sim.dataset.aihub import (
    _DATA_FOLDER,
    FRAMES,
    SEGMENT_SITES,
    VIEWS,
    AIHubLayout,
    _side,
    fall_code,
    hold_last_pose,
    labelled_frames,
    round_to_scenes,
    scene_excerpt,
)
from featherfall.sim.dataset.build import FinishedRecording, build_dataset
from featherfall.sim.dataset.generate import Plan, make_plan
from featherfall.sim.world.body import SEGMENT_NAMES
from featherfall.sim.world.motion import SIM_RATE, Motion, Strike
from featherfall.sim.world.rotation import from_axis_angle, rotate

SOURCE, LABEL = "01.원천데이터", "02.라벨링데이터"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FinishedRecording]]:
    out = tmp_path_factory.mktemp("aihub") / "out"
    plan, scenes = round_to_scenes(make_plan(2, 0.012, seed=1, share=0.5))
    assert (plan.seconds, scenes) == (20.0, 2)
    return out, build_dataset(out, plan, AIHubLayout(scenes, "mocap"))


def test_every_scene_has_eight_views_with_the_same_sensors(made: tuple[Path, list[FinishedRecording]]) -> None:
    out, scenes = made
    assert [one.row["scene"] for one in scenes] == ["00001", "00002", "00003", "00004"]
    for one in scenes:
        way = one.row["way"]
        folder = Path("센서", "N" if way == "N" else "Y", way)
        names = [f"{one.row['scene']}_H_A_{way}_C{view}" for view in range(1, VIEWS + 1)]
        tables = {(out / _DATA_FOLDER / "Training" / SOURCE / "TS" / folder / name / f"{name}.csv").read_bytes() for name in names}
        assert len(tables) == 1
        for view, name in enumerate(names, start=1):
            label = json.loads(
                (out / _DATA_FOLDER / "Training" / LABEL / "TL" / folder / name / f"{name}.json").read_text(encoding="utf-8")
            )
            assert label["scene_info"]["cam_num"] == view
            assert label["scene_info"]["scene_length"] == 600
            assert label["scene_info"]["scene_IsFall"] == ("낙상" if one.fall else "비낙상")
            assert label["actor_info"]["actor_id"] == one.row["subject"]
            assert label["metadata"]["scene_id"] == name
            assert label["metadata"]["creator"] == "featherfall sim"
            start, end = label["sensordata"]["fall_start_frame"], label["sensordata"]["fall_end_frame"]
            assert (start, end) == (0, 0) if not one.fall else end - start == 60
    assert sum(path.is_file() for path in (out / _DATA_FOLDER).rglob("*")) == len(scenes) * VIEWS * 2
    assert {one.fall for one in scenes} == {True, False}


def test_sensor_table(made: tuple[Path, list[FinishedRecording]]) -> None:
    out, _ = made
    path = next((out / _DATA_FOLDER).rglob("*_C1.csv"))
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + FRAMES
    assert len(rows[0]) == 1 + 3 * len(SEGMENT_SITES) * 3
    assert rows[0][0] == "Frame"
    quantities = ("Segment Angular Velocity", "Segment Acceleration", "Sensor Magnetic Field")
    assert {f"{quantity}_Right Forearm x" for quantity in quantities} < set(rows[0])
    values = np.array(rows[1:], dtype=float)
    np.testing.assert_array_equal(values[:, 0], np.arange(FRAMES))
    head = rows[0].index("Segment Acceleration_Head x")
    assert np.median(np.linalg.norm(values[:, head : head + 3], axis=1)) == pytest.approx(9.81, abs=0.6)
    field = rows[0].index("Sensor Magnetic Field_Pelvis x")
    assert np.median(np.linalg.norm(values[:, field : field + 3], axis=1)) == pytest.approx(np.hypot(20, 44), abs=2)


def test_tables_hold_what_the_original_lacks(made: tuple[Path, list[FinishedRecording]]) -> None:
    out, scenes = made
    with open(out / "scenes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, one in zip(rows, scenes, strict=True):
        assert (row["fall_impact_s"] != "") is one.fall
        assert not one.fall or 0 <= float(row["fall_onset_s"]) < float(row["fall_impact_s"]) <= 10
    assert (out / "README.txt").read_text().startswith("SIMULATED")


@pytest.mark.parametrize(
    ("fall", "frames"),
    [
        (None, (0, 0)),
        (FallTimes(2.0, 2.5, 3.0), (120, 180)),
        (FallTimes(2.0, 4.0, 4.5), (120, 180)),  # also when the impact is later
        (FallTimes(9.5, 9.9, 10.0), (539, 599)),
        (FallTimes(0.0, 0.2, 0.4), (0, 60)),
    ],
)
def test_labels_always_give_a_fall_sixty_frames(fall: FallTimes | None, frames: tuple[int, int]) -> None:
    assert labelled_frames(fall) == frames


def tilted(axis: tuple[float, float, float], heading: float = 0.0) -> Motion:
    """A stiff body that tips over by 90 degrees about the feet within a second, after a turn about z by `heading`."""
    still = move(2.0)
    angle = np.clip(np.arange(len(still.positions)) / SIM_RATE, 0, 1) * np.pi / 2
    turn = from_axis_angle(axis, angle)[:, None]
    facing = from_axis_angle((0.0, 0.0, 1.0), heading)
    positions = rotate(facing, rotate(turn, still.positions))
    return replace(still, positions=positions, rotations=np.broadcast_to(facing, still.rotations.shape), fall=FallTimes(0.0, 1.0, 1.2))


@pytest.mark.parametrize("heading", [0.0, 1.0, 2.5, -2.0])
@pytest.mark.parametrize(
    ("axis", "way"),
    [
        ((0.0, 1.0, 0.0), "FY"),
        ((0.0, -1.0, 0.0), "BY"),
        ((1.0, 0.0, 0.0), "SY"),
        ((-1.0, 0.0, 0.0), "SY"),
        ((0.6, 0.8, 0.0), "FY"),
    ],
)
def test_the_way_of_a_fall_is_the_persons_own(axis: tuple[float, float, float], way: str, heading: float) -> None:
    assert fall_code(tilted(axis, heading)) == way
    assert fall_code(replace(tilted(axis), fall=None)) == "N"


@given(seconds=st.floats(1, 16), onset=st.floats(0.0, 0.9), seed=st.integers(0, 99))
def test_ten_seconds_hold_the_fall(seconds: float, onset: float, seed: int) -> None:
    fall = FallTimes(onset * seconds, (onset + 0.05) * seconds, (onset + 0.1) * seconds)
    cut = scene_excerpt(replace(move(seconds), fall=fall), np.random.default_rng(seed))
    assert len(cut.positions) == len(cut.rotations) == 2000
    assert cut.fall is not None and cut.fall.onset is not None and cut.fall.impact is not None and cut.fall.end is not None
    assert 0 <= cut.fall.onset < cut.fall.impact <= cut.fall.end <= 10
    assert cut.fall.impact - cut.fall.onset == pytest.approx(0.05 * seconds, abs=1e-6)


def test_strikes_and_poses_move_with_the_fall() -> None:
    count = 3001
    root = np.zeros((count, 3))
    root[:, 0] = np.arange(count) / SIM_RATE  # m: the clock itself
    long = replace(move(15.0, root), fall=FallTimes(12.0, 12.5, 13.0), strikes=(Strike(1.0, 0, (0, 0, 1.0)), Strike(12.5, 0, (0, 0, 1.0))))
    cut = scene_excerpt(long, np.random.default_rng(0))
    assert cut.fall is not None and cut.fall.impact is not None
    assert [strike.time for strike in cut.strikes] == [pytest.approx(cut.fall.impact)]
    assert cut.positions[round(cut.fall.impact * SIM_RATE), 0, 0] == pytest.approx(12.5, abs=0.006)


def test_a_short_motion_comes_to_rest_smoothly() -> None:
    root = np.zeros((201, 3))
    root[:, 1] = 0.5 * np.arange(201) / SIM_RATE  # 0.5 m/s to the left
    moving = move(1.0, root, turn=((0.0, 0.0, 1.0), 1.0))
    longer = hold_last_pose(moving, 400)
    assert len(longer.positions) == 601
    steps = np.diff(longer.positions[:, SEGMENT_NAMES.index("pelvis"), 1])
    assert steps[:200] == pytest.approx(0.0025)
    assert np.all(np.diff(steps[200:]) <= 1e-12) and steps[-1] < 1e-9
    assert longer.positions[-1, 0, 1] - moving.positions[-1, 0, 1] == pytest.approx(0.5 * 0.08, rel=1e-6)
    np.testing.assert_allclose(np.linalg.norm(longer.rotations, axis=-1), 1)
    turned = 2 * np.arctan2(longer.rotations[-1, 0, 3], longer.rotations[-1, 0, 0])
    assert turned == pytest.approx(1.08, abs=1e-6)
    assert hold_last_pose(moving, 0) is moving


def test_one_scene_of_nine_is_for_validation() -> None:
    sides = [_side(scene) for scene in range(1, 2551)]
    assert sides.count("Validation") == 283  # the original: 284 of 2,550
    assert round_to_scenes(Plan(1, 2.0, 0, ("walk",), (), 0.0))[1] == 1
