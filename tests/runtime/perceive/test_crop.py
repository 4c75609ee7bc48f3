from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.people import person

from featherfall.runtime.perceive.crop import GREY, Region, around, cut, whole


def test_the_whole_picture_lies_in_the_middle_of_its_square() -> None:
    assert whole(480, 640) == Region(0, -80, 640)
    assert whole(640, 480) == Region(-80, 0, 640)


def test_a_region_at_its_own_size_is_the_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(cut(image, Region(8, 0, 24), 24), image[:, 8:32])


def test_outside_of_the_picture_it_is_black() -> None:
    out = cut(np.full((20, 40, 3), 200, dtype=np.uint8), whole(20, 40), 40)
    assert (out[:10] == 0).all() and (out[10:30] == 200).all() and (out[30:] == 0).all()


def test_halves_are_mixed_by_hand() -> None:
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    image[0, 1], image[1, 0] = 100, 200
    # One pixel in the middle of four: (0 + 100 + 200 + 0) / 4. Twice as fine: places -.25, .25, .75, 1.25, those outside held at the edge.
    assert cut(image, Region(0, 0, 2), 1).tolist() == [[[75, 75, 75]]]
    assert cut(image, Region(0, 0, 2), 4)[0, :, 0].tolist() == [0, 25, 75, 100]


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(1, 120), st.integers(1, 40))
def test_one_colour_stays_one_colour(left: float, top: float, side: float, size: int) -> None:
    out = cut(np.full((30, 50, 3), 77, dtype=np.uint8), Region(left, top, side), size)
    assert out.shape == (size, size, 3) and out.dtype == np.uint8 and set(np.unique(out)) <= {0, 77}


def test_where_a_pixel_goes_is_where_a_joint_comes_from() -> None:
    """A bright spot in the picture is found at the place in the region that maps back onto it."""
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    image[60:64, 30:34] = 255  # centre (32, 62)
    region = Region(20, 40, 40)
    spot = cut(image, region, 160)[:, :, 0].astype(float)
    rows, columns = np.indices(spot.shape) + 0.5
    centre = np.array([(columns * spot).sum(), (rows * spot).sum()]) / spot.sum() / 160
    np.testing.assert_allclose(centre * region.side + region[:2], [32, 62], atol=0.02)


def test_hidden_boxes_are_painted_grey() -> None:
    out = cut(np.zeros((40, 40, 3), dtype=np.uint8), Region(0, 0, 40), 20, [np.array([10, 20, 20, 60]), np.array([100, 0, 120, 40])])
    assert (out[10:20, 5:10] == GREY).all() and (out == GREY).sum() == 10 * 5 * 3


def test_the_square_around_a_person_by_hand() -> None:
    pose = person(300, 240, height=200)
    region = around(pose.joints, pose.scores, 480, 640)
    # Farthest of the trunk: shoulders, .3 x 200 above the hips, x 1.9 = 114; farthest of all: ankles, .48 x 200, x 1.2 = 115.2.
    assert region == pytest.approx(Region(300 - 115.2, 240 - 115.2, 230.4), abs=1e-3)


def test_no_square_without_a_trunk_or_as_large_as_the_picture() -> None:
    pose = person(300, 240)
    hidden = pose.scores.copy()
    hidden[[11, 12]] = 0.1
    assert around(pose.joints, hidden, 480, 640) is None
    large = person(300, 240, height=900)
    assert around(large.joints, large.scores, 480, 640) is None
