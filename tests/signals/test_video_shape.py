"""Frames turned, cropped, scaled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals.films import BLUE, GREEN, RED, WHITE, film, near, picture, quadrants, refused

from featherfall.core.recording import Video
from featherfall.signals.video import probe, read_frames
from featherfall.signals.video_shape import placement

av = pytest.importorskip("av", reason="films are read with PyAV: pip install 'featherfall[video]'")


def test_scaling_averages_areas(tmp_path: Path) -> None:
    fine = np.zeros((48, 64, 3), np.uint8)
    fine[::2] = 255  # lines one pixel high: picking pixels would give black or white
    path = film(tmp_path / "film.mkv", [fine], "ffv1", "yuv444p")
    (frame,) = read_frames(Video(path), size=(16, 12))
    assert np.abs(frame.image.astype(int) - 128).max() <= 3


# (matrix of the container, what stands where: top left, top right, bottom left, bottom right, swapped, degrees)
ONE = 1 << 16
TURNS = [
    ((ONE, 0, 0, ONE), (RED, GREEN, BLUE, WHITE), 0),
    ((0, -ONE, ONE, 0), (GREEN, WHITE, RED, BLUE), 90),
    ((-ONE, 0, 0, -ONE), (WHITE, BLUE, GREEN, RED), 180),
    ((0, ONE, -ONE, 0), (BLUE, RED, WHITE, GREEN), 270),
    ((-ONE, 0, 0, ONE), (GREEN, RED, WHITE, BLUE), None),  # mirrored
    ((0, ONE, ONE, 0), (RED, BLUE, GREEN, WHITE), None),  # mirrored on the diagonal
]


@pytest.mark.parametrize(("abcd", "corners", "degrees"), TURNS)
def test_turned_films_stand_upright(
    tmp_path: Path, abcd: tuple[int, ...], corners: tuple[tuple[int, ...], ...], degrees: int | None
) -> None:
    a, b, c, d = abcd
    path = film(tmp_path / "film.mp4", [quadrants()] * 3, matrix=[a, b, 0, c, d, 0, 0, 0, 1 << 30])
    swapped = a == 0
    width, height = (48, 64) if swapped else (64, 48)
    facts = probe(Video(path))
    assert (facts.width, facts.height) == (width, height)
    assert degrees is None or facts.rotation == degrees
    image = next(iter(read_frames(Video(path)))).image
    assert image.shape == (height, width, 3)
    points = [(height // 4 + i * height // 2, width // 4 + j * width // 2) for i in (0, 1) for j in (0, 1)]
    assert all(near(image[point], colour) for point, colour in zip(points, corners, strict=True))
    # A crop is of the upright picture: its lower right quarter, with the shape kept.
    cropped = next(iter(read_frames(Video(path, crop=(0.5, 0.5, 1, 1)), size=(40, 40), fit="inside"))).image
    assert cropped.shape == ((40, 30, 3) if swapped else (30, 40, 3)) and near(cropped[15:20, 15:20].mean((0, 1)), corners[3])


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("abcd", [(ONE, 0, 0, ONE), (0, ONE, -ONE, 0), (-ONE, 0, 0, ONE)])
def test_a_stated_turn_follows_what_the_file_says(tmp_path: Path, abcd: tuple[int, ...], degrees: int) -> None:
    a, b, c, d = abcd
    path = film(tmp_path / "film.mp4", [quadrants()] * 3, matrix=[a, b, 0, c, d, 0, 0, 0, 1 << 30])
    upright = next(iter(read_frames(Video(path)))).image
    wanted = np.rot90(upright, -degrees // 90)
    video = Video(path, rotate=degrees)
    assert np.array_equal(next(iter(read_frames(video))).image, wanted)
    facts = probe(video)
    assert (facts.height, facts.width) == wanted.shape[:2]
    fitted = next(iter(read_frames(video, size=(24, 24), fit="inside"))).image
    assert fitted.shape == ((24, 18, 3) if wanted.shape[0] > wanted.shape[1] else (18, 24, 3))
    corner = next(iter(read_frames(replace(video, crop=(0.5, 0.5, 1, 1))))).image  # of the turned picture
    assert np.abs(corner.astype(int) - wanted[wanted.shape[0] // 2 :, wanted.shape[1] // 2 :]).max() <= 2


def test_pictures_are_turned_too_and_only_by_right_angles(tmp_path: Path) -> None:
    path = picture(tmp_path / "one.png", quadrants())
    (frame,) = read_frames(Video(path, images=True, rotate=90))
    assert np.array_equal(frame.image, np.rot90(quadrants(), -1))
    refused(Video(path, images=True, rotate=45), "turned by 45 degrees; give 90, 180 or 270")


@pytest.mark.parametrize(
    ("crop", "colour"), [((0, 0, 0.5, 0.5), RED), ((0.5, 0, 1, 0.5), GREEN), ((0, 0.5, 0.5, 1), BLUE), ((0.5, 0.5, 1, 1), WHITE)]
)
def test_crop_comes_before_scaling(tmp_path: Path, crop: tuple[float, float, float, float], colour: tuple[int, ...]) -> None:
    path = film(tmp_path / "film.mkv", [quadrants()], "ffv1", "yuv444p")
    (frame,) = read_frames(Video(path, crop=crop), size=(16, 16))
    assert np.abs(frame.image.astype(int) - colour).max() <= 3  # nothing of the neighbours bleeds in
    (whole,) = read_frames(Video(path, crop=crop))
    assert whole.image.shape == (24, 32, 3)


def test_letterbox_keeps_the_shape(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", [quadrants()], "ffv1", "yuv444p")
    (frame,) = read_frames(Video(path), size=(32, 32), fit="letterbox")
    assert frame.image.shape == (32, 32, 3) and placement((64, 48), (32, 32), "letterbox") == (0, 4, 32, 24)
    assert not frame.image[:4].any() and not frame.image[28:].any() and near(frame.image[4, 0], RED) and near(frame.image[27, 31], WHITE)
    (inside,) = read_frames(Video(path), size=(32, 32), fit="inside")
    assert np.array_equal(inside.image, frame.image[4:28])


@given(st.tuples(*[st.integers(1, 5000)] * 4))
def test_placed_lies_inside(numbers: tuple[int, int, int, int]) -> None:
    shape, size = numbers[:2], numbers[2:]
    left, top, width, height = placement(shape, size, "letterbox")
    assert left >= 0 and top >= 0 and width >= 1 and height >= 1 and left + width <= size[0] and top + height <= size[1]
    assert width == size[0] or height == size[1]
