from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from featherfall.clips.films import FilmClips, FilmWriter, open_film_clips, to_jpeg
from featherfall.core.training_settings import Augment
from featherfall.training.augment import augment_film
from featherfall.training.films import film_views
from featherfall.training.views import ViewPlan, Views

LENGTH, FRAMES = 40, 4
HOW = Augment(views=2, warp=0.3, crop=0.1, blends=2, reversed=1)


@pytest.fixture
def film(tmp_path: Path) -> FilmClips:
    """Three clips of four pictures, of gray 0, 20, 40, ...; the third clip has none."""
    with FilmWriter(tmp_path, "video", FRAMES) as writer:
        for clip in range(2):
            pictures = [to_jpeg(np.full((16, 16, 3), 20 * (FRAMES * clip + i), np.uint8), 95) for i in range(FRAMES)]
            writer.add(pictures, np.arange(FRAMES)[None])
        writer.add_blank(1)
    return open_film_clips(tmp_path, "video", 16)


def views(count: int = 3) -> Views:
    return Views({}, HOW, shape=(count, LENGTH))


def grays(pictures: torch.Tensor) -> list[list[int]]:
    return [[round(float(picture.float().mean())) for picture in clip] for clip in pictures]


def test_the_film_as_recorded(film: FilmClips) -> None:
    seen = film_views(film, np.arange(3), views(), range(1))
    batch = seen.take(torch.tensor([1, 2]), torch.tensor([0, 0]))
    assert batch.shape == (2, FRAMES, 16, 16, 3) and batch.dtype == torch.uint8
    assert grays(batch) == [[80, 100, 120, 140], [0, 0, 0, 0]]


def test_pictures_follow_the_sensors_warp(film: FilmClips) -> None:
    """A ramp sensor and the pictures' numbers tell the same place in the clip."""
    plan = views().plan(1)
    assert plan.first is not None
    seen = film_views(film, np.arange(3), views(), range(3))
    middles = ((np.arange(FRAMES) + 0.5) * LENGTH / FRAMES).astype(int)
    wanted = np.floor((plan.first[:2, middles] + 0.5) * FRAMES / LENGTH)
    shown = np.array(grays(seen.take(torch.tensor([0, 1]), torch.tensor([1, 1])))) / 20 - [[0], [FRAMES]]
    np.testing.assert_array_equal(shown, wanted)


def test_backwards_and_blends_by_hand(film: FilmClips) -> None:
    class Fixed(Views):
        def plan(self, number: int) -> ViewPlan:
            if number == 0:
                return ViewPlan(backwards=True)
            return ViewPlan(None, np.array([1, 0, 2]), None, np.full((3, LENGTH), 0.25))

    seen = film_views(film, np.arange(3), Fixed({}, HOW, shape=(3, LENGTH)), range(2))
    assert grays(seen.take(torch.tensor([0]), torch.tensor([0]))) == [[60, 40, 20, 0]]
    assert grays(seen.take(torch.tensor([0]), torch.tensor([1]))) == [[20, 40, 60, 80]]  # 3/4 (0, 20, ..) + 1/4 (80, 100, ..)
    assert grays(seen.select(np.array([False, True, False])).take(torch.tensor([0]), torch.tensor([0]))) == [[140, 120, 100, 80]]


def test_a_film_is_changed_alike_in_all_its_pictures() -> None:
    random = torch.Generator().manual_seed(0)
    one = torch.randint(0, 256, (2, 1, 24, 24, 3), generator=random, dtype=torch.uint8)
    film = one.expand(2, 3, 24, 24, 3)
    torch.manual_seed(0)
    changed = augment_film(film, Augment(film_crop=0.3, film_light=0.2))
    assert changed.shape == film.shape and changed.dtype == torch.uint8
    assert (changed[:, 0] == changed[:, 2]).all() and (changed != film).any()
    same = augment_film(film, Augment(film_crop=0, film_light=0))
    assert (same == film).all()


def test_films_are_mirrored_only_where_allowed() -> None:
    film = torch.zeros(32, 1, 8, 8, 3, dtype=torch.uint8)
    film[:, :, :, :4] = 200
    torch.manual_seed(0)
    assert (augment_film(film, Augment(film_crop=0, film_light=0)) == film).all()
    mirrored = augment_film(film, Augment(film_crop=0, film_light=0, film_flip=True))[:, 0, 0, 0, 0] < 100
    assert 4 < mirrored.sum() < 28
