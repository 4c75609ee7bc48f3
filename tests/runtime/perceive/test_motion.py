from __future__ import annotations

import numpy as np

from featherfall.runtime.perceive.motion import MotionEstimator, coarse
from featherfall.runtime.perceive.pose import Pose, make_pose


class Fixed:
    """Sees the same two people in every picture: one on the left half, one on the right."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        corner = np.linspace(0, 1, 17)[:, None] * np.array([40, 70])
        return [make_pose(corner + np.array(place), np.ones(17)) for place in ((5, 20), (105, 20))]

    def reset(self) -> None:
        pass


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
