from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.recording import Video
from featherfall.evaluation.film_cache import cache_file, load_observations, save_observations
from featherfall.evaluation.films import LabelledFilm
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.boxes import PersonBox


def test_keypoints_are_kept_exactly(tmp_path: Path) -> None:
    people = replace(person(100, 200), motion=1 / 3), person(300, 220, score=0.2)
    seen = [Observation(0.0, people, 480, 640), Observation(0.1, (), 480, 640), Observation(1 / 3, people[1:], 240, 320)]
    save_observations(tmp_path / "one.npz", seen, ["film.mp4: 3 frames are lost"])
    again, problems = load_observations(tmp_path / "one.npz")
    assert [(one.time, one.height, one.width, len(one.people)) for one in again] == [
        *[(0.0, 480, 640, 2), (0.1, 480, 640, 0), (1 / 3, 240, 320, 1)]
    ]
    for before, after in zip(people, again[0].people, strict=True):
        np.testing.assert_array_equal(before.joints, after.joints)
        np.testing.assert_array_equal(before.scores, after.scores)
        np.testing.assert_array_equal(before.box, after.box)
        assert before.motion == after.motion
    assert problems == ["film.mp4: 3 frames are lost"] and (tmp_path / "one.npz").stat().st_size < 5000


def test_boxes_are_kept_exactly(tmp_path: Path) -> None:
    box = PersonBox(np.array([0.1, 0.2, 30.3, 40.4]), 1 / 3, 0.9)
    save_observations(tmp_path / "one.npz", [Observation(0.0, (), 48, 64), Observation(0.5, (box,), 48, 64)])
    (_, seen), problems = load_observations(tmp_path / "one.npz")
    (again,) = seen.people
    assert isinstance(again, PersonBox) and (again.share, again.score, problems) == (box.share, box.score, [])
    np.testing.assert_array_equal(again.box, box.box)


def test_a_film_without_people(tmp_path: Path) -> None:
    save_observations(tmp_path / "empty.npz", [])
    assert load_observations(tmp_path / "empty.npz") == ((), [])


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder of pictures"])
def test_the_name_depends_on_content_clock_and_how(tmp_path: Path, folder: bool) -> None:
    path, content = tmp_path / "film", tmp_path / "film"
    if folder:
        path.mkdir()
        content = path / "1.png"
    content.write_bytes(b"one")
    film = LabelledFilm("a", True, Video(path, images=folder), None, False)
    first = cache_file(tmp_path, film, "several")
    assert first == cache_file(tmp_path, replace(film, name="b", fall=False, impact=2.0), "several")
    others = [
        cache_file(tmp_path, film, "one"),
        cache_file(tmp_path, replace(film, video=replace(film.video, start=1.0)), "several"),
        cache_file(tmp_path, replace(film, video=replace(film.video, times=np.arange(3.0))), "several"),
    ]
    content.write_bytes(b"two")
    others.append(cache_file(tmp_path, film, "several"))
    assert len({first, *others}) == 5
