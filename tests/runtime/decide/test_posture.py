from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.people import STANDING, person

from featherfall.core.skeletons import COCO_17
from featherfall.runtime.decide.posture import Posture, posture, usual_size
from featherfall.runtime.perceive.pose import make_pose

NAMES = list(COCO_17)
SIZE = person(0, 0).size


def joints(**places: tuple[float, float]) -> np.ndarray:
    """The standing person of 200 pixels with some pairs of joints moved, (right, down) from the hips in heights."""
    moved = STANDING.copy()
    for name, (right, down) in places.items():
        for index, joint in enumerate(NAMES):
            if joint.endswith(name) or (name == "face" and index < 5):
                moved[index] = right, down
    return moved * 200


def seen(places: np.ndarray, *hidden: str) -> Posture:
    scores = np.array([0.05 if any(name.endswith(one) for one in hidden) else 0.6 for name in NAMES])
    return posture(make_pose(places, scores), SIZE)


def test_standing_lying_and_upside_down() -> None:
    assert pytest.approx(200 * np.hypot(0.28, 0.92), rel=1e-5) == SIZE
    assert posture(person(0, 0), SIZE) is Posture.upright
    for turn in (np.pi / 2, -np.pi / 2, np.radians(70)):
        assert posture(person(0, 0, turn=turn), SIZE) is Posture.lying


@given(st.floats(-30, 30), st.floats(80, 600))
def test_who_stands_is_upright_at_any_size_and_somewhat_turned(degrees: float, height: float) -> None:
    pose = person(100, 300, height=height, turn=np.radians(degrees))
    assert posture(pose, pose.size) is Posture.upright


def test_on_a_chair_is_upright() -> None:
    """Knees level with the hips, ankles .24 below: the box is .44 + .24 = .68 of the height, .71 of the size's .962."""
    assert seen(joints(knee=(0.15, 0.02), ankle=(0.15, 0.27), wrist=(0.1, 0))) is Posture.upright


def test_on_the_floor_with_legs_stretched_is_low() -> None:
    """Box .44 + .04 of the height: .5 of the size, trunk upright."""
    assert seen(joints(knee=(0.2, 0.0), ankle=(0.45, 0.04), wrist=(0.1, 0.02))) is Posture.low


def test_bending_down_is_upright() -> None:
    """Trunk level but hips .48 over the feet."""
    bent = joints(shoulder=(0.3, 0.0), face=(0.42, 0.05), elbow=(0.3, 0.15), wrist=(0.3, 0.3))
    assert seen(bent) is Posture.upright


def test_lying_towards_the_camera_is_down() -> None:
    """The trunk is foreshortened to a tenth; the box is less than half as high as the person."""
    flat = STANDING * (1, 0.35) * 200
    assert posture(make_pose(flat, np.full(17, 0.5)), SIZE) is Posture.lying


def test_legs_behind_a_sofa_say_nothing_about_height() -> None:
    assert seen(joints(), "knee", "ankle") is Posture.upright
    assert seen(joints(), "knee", "ankle", "shoulder") is Posture.unknown
    assert posture(make_pose(STANDING * 200, np.full(17, 0.05)), SIZE) is Posture.unknown


def test_usual_size_is_the_85th_percentile() -> None:
    poses = [person(0, 0, height=height) for height in range(100, 201)]  # 101 of them
    assert usual_size([pose.size for pose in poses]) == pytest.approx(SIZE * 185 / 200, rel=1e-5)


def test_down() -> None:
    assert [one.is_down for one in (Posture.lying, Posture.low, Posture.upright, Posture.unknown)] == [True, True, False, False]


def only(score: float = 0.6, **places: tuple[float, float]) -> Posture:
    """Of a person of 1000 pixels, of whom only some joints are seen, away from the picture's corner."""
    joints, scores = np.zeros((17, 2)), np.zeros(17)
    for name, place in places.items():
        index = NAMES.index(name.replace("_", " "))
        joints[index], scores[index] = np.array(place) + 500, score
    return posture(make_pose(joints, scores), 1000.0)


@pytest.mark.parametrize(("down", "expected"), [(381, Posture.upright), (380, Posture.upright), (379, Posture.lying)])
def test_hips_from_38_hundredths_over_the_feet_are_upright(down: float, expected: Posture) -> None:
    """The lowest of the legs' joints counts, and the middle of the hips."""
    hips = {"left_hip": (200.0, -20.0), "right_hip": (240.0, 20.0)}
    assert only(**hips, left_knee=(0, 200), left_ankle=(0, down), right_ankle=(0, 250)) is expected


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("degrees", "expected"), [(54.5, Posture.upright), (55.5, Posture.lying), (90, Posture.lying), (180, Posture.lying)]
)
def test_a_trunk_from_55_degrees_is_level(degrees: float, expected: Posture, side: int) -> None:
    """From the middle of the hips to the middle of the shoulders."""
    right, down = 300 * side * np.sin(np.radians(degrees)), -300 * np.cos(np.radians(degrees))
    shoulders = {"left_shoulder": (right - 90, down + 15), "right_shoulder": (right + 90, down - 15)}
    assert only(left_hip=(-60, 9), right_hip=(60, -9), **shoulders) is expected


@pytest.mark.parametrize(("length", "expected"), [(119, Posture.upright), (120, Posture.upright), (121, Posture.lying)])
def test_a_trunk_of_up_to_12_hundredths_has_no_direction(length: float, expected: Posture) -> None:
    assert only(left_hip=(0, 0), left_shoulder=(length, 0), nose=(length, 10)) is expected


@pytest.mark.parametrize(
    ("height", "expected"), [(449, Posture.lying), (450, Posture.low), (619, Posture.low), (620, Posture.unknown), (621, Posture.unknown)]
)
def test_the_heights_of_a_box_with_legs(height: float, expected: Posture) -> None:
    assert only(left_knee=(0, 0), left_ankle=(30, 0), nose=(0, -height)) is expected
    assert only(left_wrist=(0, 0), left_elbow=(30, 0), nose=(0, -height)) is Posture.unknown


@pytest.mark.parametrize(("score", "expected"), [(0.1, Posture.unknown), (0.11, Posture.lying)])
def test_joints_count_from_a_score_above_a_tenth(score: float, expected: Posture) -> None:
    assert only(score, left_hip=(0, 0), left_shoulder=(300, 0), nose=(350, 0)) is expected


@pytest.mark.parametrize("hidden", [("left hip", "right hip"), ("left shoulder", "right shoulder")])
def test_half_a_trunk_is_none(hidden: tuple[str, ...]) -> None:
    assert seen(joints(), "knee", "ankle", *hidden) is Posture.unknown
