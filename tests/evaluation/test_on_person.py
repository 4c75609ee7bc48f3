"""Alarms on the person and on furniture: a film of a grey block that falls over, of which all is known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.recording import Video
from featherfall.evaluation.on_person import TrackPlaces, alarm_on_person, changed_place, share_of_change
from featherfall.runtime.observation import Fall, FrameResult, TrackedPerson
from featherfall.runtime.perceive.pose import Pose

pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
HEIGHT, WIDTH, RATE = 120, 240, 15
# Left, top, right, bottom of somebody who stands until 2 s, and lies from then on.
STANDS, LIES = (100, 30, 120, 100), (100, 85, 165, 105)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    from featherfall.sim.film.film import write_film

    room = np.tile(np.linspace(60, 90, WIDTH).astype(np.uint8)[None, :, None], (HEIGHT, 1, 3))

    def picture(k: int) -> np.ndarray:
        left, top, right, bottom = STANDS if k < 2 * RATE else LIES
        image = room.copy()
        image[top:bottom, left:right] = 220
        return image

    return Video(write_film(tmp_path_factory.mktemp("film") / "fall.mp4", map(picture, range(4 * RATE)), RATE))


def test_what_moves_is_where_somebody_stood_and_lies(video: Video) -> None:
    changed = changed_place(video, 1.0, 3.0)
    assert changed.shape == (HEIGHT, WIDTH)
    both = np.zeros((HEIGHT, WIDTH), bool)
    for left, top, right, bottom in (STANDS, LIES):
        both[top:bottom, left:right] = True
    both[85:100, 100:120] = False  # was and is the body
    assert (changed & both).sum() / (changed | both).sum() > 0.85
    assert not changed_place(video, 0.0, 1.5).any() and not changed_place(video, 90.0, 91.0).any()


def test_the_covered_share_by_hand() -> None:
    changed = np.zeros((10, 20), bool)
    changed[2:4, 0:10] = True
    assert share_of_change(changed, [np.array([0.0, 0.2, 0.25, 0.4])]) == 0.5
    assert share_of_change(changed, [np.array([0.0, 0.2, 0.25, 0.4]), np.array([0.2, 0.0, 0.4, 0.3])]) == pytest.approx(0.5 + 3 / 20)
    assert share_of_change(changed, []) == 0.0


def places(*tracks: tuple[int, Pose, Pose]) -> TrackPlaces:
    """Of each number the pose until 2 s, and from then on."""
    out = TrackPlaces()
    for k in range(4 * RATE):
        poses = [(number, up if k < 2 * RATE else down) for number, up, down in tracks]
        people = tuple(TrackedPerson(number, pose, None, True, 0.0, pose.middle, pose.size) for number, pose in poses)
        out.add(FrameResult(k / RATE, people, {}, HEIGHT, WIDTH))
    return out


def test_an_alarm_on_the_person_and_one_on_furniture(video: Video) -> None:
    falls = (0, person(110, 65, height=60), person(132, 95, height=60, turn=np.pi / 2))
    pillow = (1, person(190, 60, height=40), person(188, 62, height=40, turn=np.pi / 2))
    where = places(falls, pillow)
    assert alarm_on_person(video, [Fall(0, 2.0, 2.6, 2.0, 0.9)], where)
    assert alarm_on_person(video, [Fall(1, 2.0, 2.6, 2.0, 0.9)], where) is False
    assert alarm_on_person(video, [Fall(1, 2.0, 2.6, 2.0, 0.9), Fall(0, 2.0, 2.8, 2.0, 0.9)], where)
    assert alarm_on_person(video, [], where) is False
    assert alarm_on_person(video, [Fall(1, 1.0, 1.2, 1.0, 0.9)], where) is None  # nothing has moved yet
