from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.observation import Fall, FrameResult, TrackedPerson
from featherfall.runtime.perceive.pose import Pose, make_pose
from featherfall.runtime.sinks.draw import AMBER, BACKGROUND, EDGES, GREEN, LINGER, RED, Painter, banner, colour
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import probe, read_frames

pytest.importorskip("PIL")
GREY = np.full((480, 640, 3), 128, dtype=np.uint8)


def tracked(pose: Pose, number: int = 0, probability: float | None = None, is_person: bool = True) -> TrackedPerson:
    return TrackedPerson(number, pose, probability, is_person, 0.0, pose.middle, pose.size)


def result(score: float = 0.9, is_person: bool = True, time: float = 1.0) -> FrameResult:
    return FrameResult(time, (tracked(person(300, 250, score=score), 0, 0.2, is_person),), {0: 0.2}, 480, 640)


def near(picture: np.ndarray, tone: tuple[int, int, int], distance: int = 40) -> int:
    """Pixels of about a colour."""
    return int((np.abs(picture.astype(int) - tone).max(axis=2) < distance).sum())


def test_edges_are_a_skeleton() -> None:
    assert len(EDGES) == 16 == len(set(EDGES)) and {joint for edge in EDGES for joint in edge} == set(range(17))


def test_banner_follows_the_fall() -> None:
    fall = Fall(0, 2.0, 3.2, 2.5, 0.9)
    assert banner(fall, 3.1) is None
    assert banner(fall, 3.2) == ("possible fall 3.2 s", AMBER)
    fall.still_down_s = 10.2
    assert banner(fall, 10.2) == ("still down 10.2 s", RED) == banner(fall, 1000)
    fall.up_s = 15.0
    assert banner(fall, 15.0) == ("got up 15.0 s", GREEN) and banner(fall, 15.1 + LINGER) is None


def test_a_skeleton_in_its_colour_fades_with_the_scores() -> None:
    drawn = Painter(0.5).paint(GREY, result(), [])
    assert drawn.dtype == np.uint8 and drawn.shape[1] == 640 and drawn.shape[0] % 2 == 0 and drawn.shape[0] > 480
    assert near(drawn[:480], colour(0)) > 1000
    assert near(Painter(0.5).paint(GREY, result(0.1), [])[:480], colour(0)) < 0.2 * near(drawn[:480], colour(0))
    assert near(Painter(0.5).paint(GREY, result(is_person=False), [])[:480], colour(0)) == 0


def test_larger_people_have_thicker_lines() -> None:
    def drawn(height: float) -> int:
        shown = FrameResult(1.0, (tracked(person(300, 250, height=height, score=0.9)),), {}, 480, 640)
        return near(Painter(0.5).paint(GREY, shown, [])[:480], colour(0))

    assert drawn(400) > 3 * drawn(150)  # longer by 2.7, and thicker


def test_private_has_nothing_of_the_picture() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    once, again = (Painter(0.5, private=True).paint(image, result(), []) for image in (noise, GREY))
    np.testing.assert_array_equal(once, again)
    assert near(once, BACKGROUND, 2) > 0.8 * once.shape[0] * once.shape[1]


def test_a_banner_is_shown_and_small_pictures_are_enlarged() -> None:
    small = np.full((121, 161, 3), 128, dtype=np.uint8)
    drawn = Painter(0.5).paint(small, FrameResult(5.0, (), {}, 121, 161), [Fall(0, 2.0, 3.2, 2.5, 0.9)])
    assert drawn.shape[0] > 360 and drawn.shape[0] % 2 == drawn.shape[1] % 2 == 0 and near(drawn[:80], AMBER) > 500


def test_poses_outside_of_the_picture_are_no_error() -> None:
    odd = make_pose(person(-300, 900).joints, np.full(17, 0.5))
    Painter(0.5).paint(GREY, FrameResult(1.0, (tracked(odd, 7),), {7: 1.0}, 480, 640), [])


def test_a_film_keeps_its_times(tmp_path: Path) -> None:
    pytest.importorskip("av")
    times = [0.0, 0.05, 0.2, 0.25, 0.6]
    with film_writer(tmp_path / "new" / "film.mp4") as add:
        for k, time in enumerate(times):
            add(time + 3.0, np.full((64, 96, 3), 40 * k, dtype=np.uint8))
    found = list(read_frames(Video(tmp_path / "new" / "film.mp4")))
    assert [frame.time for frame in found] == pytest.approx(times, abs=1e-3)
    assert [int(frame.image.mean()) for frame in found] == pytest.approx([0, 40, 80, 120, 160], abs=4)
    assert probe(Video(tmp_path / "new" / "film.mp4")).codec == "h264"


def test_a_film_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    pytest.importorskip("av")

    def broken(name: str) -> None:
        with film_writer(tmp_path / name) as add:
            add(0.0, np.zeros((64, 96, 3), dtype=np.uint8))
            raise RuntimeError("while drawing")

    with pytest.raises(RuntimeError):
        broken("film.mp4")
    with pytest.raises(UserError, match="no pictures to write"), film_writer(tmp_path / "film.mp4"):
        pass
    with pytest.raises(UserError, match=r"film\.avi: films are written as mp4"), film_writer(tmp_path / "film.avi"):
        pass
    assert list(tmp_path.iterdir()) == []
