from __future__ import annotations

import numpy as np
import pytest

from featherfall.runtime.perceive.motion import MotionEstimator, coarse, with_motion
from featherfall.runtime.perceive.pose import Pose, make_pose


class Fixed:
    """Sees the same two people in every picture: one on the left half, one on the right."""

    resets = 0

    def estimate(self, image: np.ndarray) -> list[Pose]:
        corner = np.linspace(0, 1, 17)[:, None] * np.array([40, 70])
        return [make_pose(corner + np.array(place), np.ones(17)) for place in ((5, 20), (105, 20))]

    def reset(self) -> None:
        self.resets += 1


def picture(level: int = 100) -> np.ndarray:
    return np.full((144, 192, 3), level, np.uint8)


def test_cells_are_means_of_green() -> None:
    image = picture()
    image[:2, :2, 1] = [[0, 40], [80, 120]]
    image[..., 0] = 255
    assert coarse(image).shape == (72, 96) and coarse(image)[0, 0] == 60 and coarse(image)[5, 5] == 100


def test_only_where_the_picture_changes() -> None:
    estimator = MotionEstimator(Fixed())
    assert [pose.motion for pose in estimator.estimate(picture())] == [0, 0]  # nothing to compare with
    assert [pose.motion for pose in estimator.estimate(picture())] == [0, 0]
    moved = picture()
    moved[20:90, 5:25] = 200  # the left half of the left one's box of 40 x 70
    left, right = estimator.estimate(moved)
    assert 0.45 < left.motion < 0.6 and right.motion == 0


def test_a_lamp_is_no_movement() -> None:
    estimator = MotionEstimator(Fixed())
    estimator.estimate(picture(100))
    assert [pose.motion for pose in estimator.estimate(picture(160))] == [0, 0]


def test_another_film_begins_anew() -> None:
    estimator = MotionEstimator(Fixed())
    estimator.estimate(picture(0))
    estimator.reset()
    half = picture(0)
    half[:, 96:] = 255
    assert [pose.motion for pose in estimator.estimate(half)] == [0, 0]


def test_a_reset_reaches_the_estimator() -> None:
    fixed = Fixed()
    estimator = MotionEstimator(fixed)
    estimator.reset()
    assert fixed.resets == 1


@pytest.mark.parametrize(("height", "width", "cells"), [(215, 400, (107, 200)), (216, 400, (72, 133)), (40, 60, (40, 60))])
def test_cells_are_about_72_to_a_height(height: int, width: int, cells: tuple[int, int]) -> None:
    assert coarse(np.zeros((height, width, 3), np.uint8)).shape == cells


@pytest.mark.parametrize(("levels", "share"), [((8, 8, 8, 8), 0.0), ((8, 8, 8, 9), 1.0), ((-9, -8, -8, -8), 1.0)])
def test_a_cell_changes_by_more_than_8_levels(levels: tuple[int, ...], share: float) -> None:
    """The left one's whole box changes, a sixth of the picture, so that the median is no change. Cells are 2 x 2 pixels."""
    estimator = MotionEstimator(Fixed())
    estimator.estimate(picture())
    moved = picture().astype(int)
    moved[20:90, 4:46] += np.tile(np.reshape(levels, (2, 2)), (35, 21))[..., None]
    assert [pose.motion for pose in estimator.estimate(moved.astype(np.uint8))] == [share, 0]


def test_a_still_picture_of_many_colours_does_not_change() -> None:
    estimator = MotionEstimator(Fixed())
    still = np.random.default_rng(0).integers(0, 255, (144, 192, 3), dtype=np.uint8)
    estimator.estimate(still)
    assert [pose.motion for pose in estimator.estimate(still)] == [0, 0]


def test_a_picture_of_another_size_is_not_compared() -> None:
    estimator = MotionEstimator(Fixed())
    estimator.estimate(picture())
    assert [pose.motion for pose in estimator.estimate(np.zeros((288, 192, 3), np.uint8))] == [0, 0]


def test_boxes_in_pictures_whose_cells_do_not_divide_them() -> None:
    """215 x 100 pixels are 107 x 50 cells of 2 pixels. The lower half of the left one's box (rows 55 to 90) changes."""
    estimator = MotionEstimator(Fixed())
    estimator.estimate(np.zeros((215, 400, 3), np.uint8))
    moved = np.zeros((215, 400, 3), np.uint8)
    moved[55:, :] = 200
    moved[150:] = 0
    assert estimator.estimate(moved)[0].motion == pytest.approx(0.5, abs=0.03)


def corner(left: float, top: float, right: float, bottom: float) -> Pose:
    """A pose with that box."""
    return make_pose(np.linspace((left, top), (right, bottom), 17), np.ones(17))


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((8, 2, 15, 5), 3 / 4),  # columns 2 and 3, rows 1 and 2
        ((-20, -20, 4, 2), 1.0),  # reaches into the corner cell alone
        ((-20, -20, 8, 4), 2 / 4),
        ((-20, -20, -4, -2), 1.0),  # outside: the cell that is nearest
        ((100, 2, 200, 6), 0.0),  # outside, where there is none
    ],
)
def test_the_share_of_changed_cells_in_a_box(box: tuple[float, ...], share: float) -> None:
    """3 x 4 cells, 2 pixels tall and 4 wide."""
    changed = np.array([[1, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 1]], dtype=bool)
    (pose,) = with_motion([corner(*box)], changed, 2.0, 4.0)
    assert pose.motion == share
