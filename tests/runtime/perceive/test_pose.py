from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.people import STANDING, person

from featherfall.core.errors import UserError
from featherfall.core.files import data_folder
from featherfall.runtime.perceive.crop import Region, cut, whole
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.perceive.movenet import MoveNet, OnePerson, SeveralPeople, proposals
from featherfall.runtime.perceive.pose import Pose, apart, check_picture, make_pose, rise
from featherfall.runtime.perceive.weights import find_weights
from featherfall.runtime.track.poses import PoseCost
from featherfall.runtime.track.tracker import Tracker

HEIGHT, WIDTH = 120, 200


class Squares:
    """A network for drawn people, rectangles of a colour each; as MoveNet does, it sees the one nearest to the region's middle."""

    size = 96

    def __init__(self) -> None:
        self.looks = 0

    def look(self, image: np.ndarray, region: Region, hidden: Sequence[np.ndarray] = ()) -> Pose:
        self.looks += 1
        seen = cut(image, region, self.size, hidden)
        found = []
        for channel in range(3):
            rows, columns = np.nonzero((seen[:, :, channel] > 150) & (seen.sum(axis=2) < 300))
            if len(rows) > 8:
                low, high = np.array([columns.min(), rows.min()]), np.array([columns.max() + 1, rows.max() + 1])
                found.append((float(np.hypot(*((low + high) / 2 - self.size / 2))), low, high))
        if not found:
            return make_pose(np.full((17, 2), region.side / 2) + region[:2], np.full(17, 0.05))
        _, low, high = min(found, key=lambda one: one[0])
        shape = (STANDING - STANDING.min(axis=0)) / np.ptp(STANDING, axis=0)
        return make_pose((low + shape * (high - low)) / self.size * region.side + region[:2], np.full(17, 0.6))


def picture(*people: tuple[int, float, float, float, float]) -> np.ndarray:
    """(channel, left, top, right, bottom) of each person; later ones stand in front."""
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    for channel, left, top, right, bottom in people:
        image[round(top) : round(bottom), round(left) : round(right)] = 0
        image[round(top) : round(bottom), round(left) : round(right), channel] = 255
    return image


def upright(channel: int, at: float) -> tuple[int, float, float, float, float]:
    return channel, at - 8, 50, at + 8, 100


def lying(channel: int, at: float) -> tuple[int, float, float, float, float]:
    return channel, at - 25, 90, at + 25, 106


def test_box_of_the_joints_that_are_seen() -> None:
    scores = np.zeros(17)
    scores[5:9] = 0.5  # shoulders and elbows
    pose = make_pose(STANDING * 100, scores)
    np.testing.assert_allclose(pose.box, [-13, -30, 13, -15], atol=1e-4)
    assert pose.size == pytest.approx(np.hypot(26, 15), abs=1e-3) and pose.score == pytest.approx(4 * 0.5 / 17)
    np.testing.assert_allclose(pose.middle, [0, -22.5], atol=0.2)
    assert make_pose(STANDING * 100, np.full(17, 0.01)).box[3] == pytest.approx(48)  # none is seen: all


def test_apart_is_in_sizes() -> None:
    one = person(100, 100)
    assert apart(one, one) == 0
    assert apart(one, make_pose(one.joints + np.array([0.2 * one.size, 0]), one.scores)) == pytest.approx(0.2, rel=1e-5)


def test_rise_is_that_of_head_and_shoulders() -> None:
    lying, standing = person(100, 180, turn=np.pi / 2), person(100, 100)
    stands = STANDING[:7, 1].mean() * 200  # the upper body's height over the hips when it stands
    lies = (STANDING @ np.array([[0, 1], [-1, 0]]))[:7, 1].mean() * 200
    assert rise(lying, standing) == pytest.approx(80 + lies - stands, abs=1e-3)
    assert rise(standing, lying) == pytest.approx(-rise(lying, standing), abs=1e-3) and rise(standing, standing) == 0


def test_what_is_no_picture() -> None:
    assert check_picture(np.zeros((4, 6, 3), dtype=np.uint8)) == (4, 6)
    for wrong in (np.zeros((4, 6, 3)), np.zeros((4, 6), dtype=np.uint8), np.zeros((0, 6, 3), dtype=np.uint8)):
        with pytest.raises(ValueError, match="a picture should be"):
            check_picture(wrong)


def test_proposals_cover_the_picture() -> None:
    assert proposals(100, 100) == [Region(0, 0, 100)]
    wide = proposals(480, 640)
    assert set(wide) == {whole(480, 640), Region(0, 0, 480), Region(160, 0, 480)}
    assert set(proposals(640, 480)) == {whole(640, 480), Region(0, 0, 480), Region(0, 160, 480)}


def test_one_person_is_followed_and_an_empty_room_is_empty() -> None:
    estimator = OnePerson(Squares())
    for at in range(20, 180, 5):
        (pose,) = estimator.estimate(picture(upright(0, at)))
        np.testing.assert_allclose(pose.box, [at - 8, 50, at + 8, 100], atol=2.5)
    estimator.reset()
    assert estimator.estimate(picture()) == []


def ids_of_colours(film: list[list[tuple[int, float, float, float, float]]]) -> list[dict[int, int]]:
    """For each picture, the track of each colour that was found."""
    estimator, tracker = SeveralPeople(Squares()), Tracker(PoseCost())
    found = []
    for count, people in enumerate(film):
        image = picture(*people)
        poses = estimator.estimate(image)
        tracks = tracker.update(count / 15, poses)
        found.append({_colour(pose, people): track.id for pose, track in zip(poses, tracks, strict=True)})
    return found


def _colour(pose: Pose, people: list[tuple[int, float, float, float, float]]) -> int:
    return min(people, key=lambda one: float(np.abs(pose.box - one[1:]).sum()))[0]


def test_several_people_are_found_and_all_kept() -> None:
    film = [[upright(0, 30 + count), upright(1, 100), upright(2, 180 - count / 2)] for count in range(40)]
    found = ids_of_colours(film)
    assert all(set(one) == {0, 1, 2} for one in found[12:])
    assert all(len({one[colour] for one in found if colour in one}) == 1 for colour in range(3))


def test_a_bystander_does_not_get_the_fallen_ones_track() -> None:
    before = [[upright(0, 60)] for _ in range(10)]
    fall = [[(0, 52 - 3 * s, 50 + 40 * s, 68 + 30 * s, 100 + 6 * s)] for s in np.linspace(0, 1, 9)]
    after = [[lying(0, 73), upright(1, at)] for at in np.linspace(190, 125, 40)]
    found = ids_of_colours(before + fall + after)
    assert all(one[0] == 0 for one in found) and {one[1] for one in found if 1 in one} == {1}


def test_a_person_behind_another_for_half_a_second_comes_back_as_the_same() -> None:
    film = [[upright(0, 30 + 3 * count), (1, 80, 40, 108, 104)] for count in range(45)]
    found = ids_of_colours(film)
    assert found[-1][0] == found[12][0] and found[-1][1] == found[12][1] and found[-1][0] != found[-1][1]


def test_who_has_left_is_forgotten() -> None:
    estimator = SeveralPeople(Squares())
    for _ in range(4):
        assert len(estimator.estimate(picture(upright(0, 60)))) == 1
    for _ in range(SeveralPeople.PATIENCE + 2):
        assert estimator.estimate(picture()) == []
    assert estimator._known == []


def test_looks_a_picture() -> None:
    net = Squares()
    estimator = SeveralPeople(net)
    for _ in range(100):
        estimator.estimate(picture(upright(0, 60), upright(1, 140)))
    assert net.looks <= 2.6 * 100  # two people and every second picture a search


def test_things_that_are_no_movenet(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    (tmp_path / "text.tflite").write_text("not a model")
    with pytest.raises(UserError, match=r"text\.tflite: LiteRT cannot open it"):
        MoveNet(tmp_path / "text.tflite")
    with pytest.raises(UserError, match="LiteRT cannot open it"):
        MoveNet(tmp_path / "absent.tflite")
    other = data_folder() / "weights" / "mobilenet_v1_0.25_128_quant.tflite"
    if other.is_file():
        with pytest.raises(UserError, match="no MoveNet SinglePose"):
            MoveNet(other)


@pytest.fixture(scope="module")
def weights() -> Path:
    """The folder of MoveNet's weights."""
    pytest.importorskip("ai_edge_litert")
    try:
        return find_weights("movenet_lightning_int8").parent
    except UserError as error:
        pytest.skip(str(error))


def test_movenet_sees_nobody_in_grey(weights: Path) -> None:
    grey = np.full((240, 320, 3), 128, dtype=np.uint8)
    assert open_estimator("several", folder=weights).estimate(grey) == []
    pose = MoveNet(weights / "movenet_single_pose_lightning_ptq.tflite").look(grey, whole(240, 320))
    assert pose.joints.shape == (17, 2) and pose.joints.dtype == np.float32 and pose.scores.shape == (17,) and pose.score < 0.1


def test_movenet_follows_a_real_fall(weights: Path) -> None:
    """URFD fall 1: one man walks in and falls; his track lasts from the first picture to the last, upright first and lying at the end."""
    av = pytest.importorskip("av")
    film = data_folder() / "URFD" / "cam0_mp4" / "fall-01-cam0.mp4"
    if not film.is_file():
        pytest.skip(f"{film}: not there")
    estimator, tracker = open_estimator("several", folder=weights), Tracker(PoseCost())
    shown: list[dict[int, Pose]] = []
    with av.open(str(film)) as container:
        for count, frame in enumerate(container.decode(video=0)):
            if count % 2 == 0:
                image = frame.to_ndarray(format="rgb24")
                poses = estimator.estimate(image[:, image.shape[1] // 2 :])
                shown.append({track.id: pose for track, pose in zip(tracker.update(count / 30, poses), poses, strict=True)})
    his = [one[0] for one in shown if 0 in one]
    assert len(his) > 0.9 * len(shown) and 0 in shown[-1]
    left, top, right, bottom = his[0].box
    assert his[0].score > 0.5 and bottom - top > 2 * (right - left)
    left, top, right, bottom = his[-1].box
    assert bottom - top < 1.5 * (right - left) and top > his[0].middle[1]
