from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.drop import write_camera_bundle
from tests.runtime.people import person
from tests.runtime.tiny import write_bundle

from featherfall.core.errors import UserError
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.perceive.keypoints import CHANNELS, NOBODY, check_camera, row, window


def rows(*values: float) -> np.ndarray:
    return np.repeat(np.array(values, dtype=np.float32)[:, None], 51, axis=1)


def test_channels() -> None:
    assert len(CHANNELS) == 51
    assert CHANNELS[:4] == ("nose.x", "nose.y", "nose.score", "left eye.x")
    assert CHANNELS[-1] == "right ankle.score"


def test_a_row_is_in_picture_heights() -> None:
    pose = person(300, 240, score=0.7)
    values = row(pose, 480)
    assert values.dtype == np.float32 and values.shape == (51,)
    np.testing.assert_allclose(values[:3], [300 / 480, (240 - 0.42 * 200) / 480, 0.7], rtol=1e-6)
    np.testing.assert_allclose(values[1::3], pose.joints[:, 1] / 480, rtol=1e-6)


def test_between_sightings_is_interpolated_and_before_the_first_is_held() -> None:
    cut = window([1.0, 1.1, 1.3], rows(1, 2, 4), np.array([0.5, 1.0, 1.05, 1.1, 1.2, 1.3]), gap=0.25, hold=0.05)
    np.testing.assert_allclose(cut[:, 0], [1, 1, 1.5, 2, 3, 4], rtol=1e-6)


def test_long_gaps_and_the_time_after_the_last_are_nobody() -> None:
    cut = window([1.0, 2.0], rows(1, 2), np.array([1.0, 1.5, 2.0, 2.04, 2.06]), gap=0.25, hold=0.05)
    np.testing.assert_allclose(cut[[0, 2, 3], 0], [1, 2, 2])
    for nobody in cut[[1, 4]]:
        np.testing.assert_array_equal(nobody, NOBODY)
    assert np.isnan(NOBODY[0::3]).all() and np.isnan(NOBODY[1::3]).all() and (NOBODY[2::3] == 0).all()


def test_one_sighting_is_held_before_it() -> None:
    cut = window([1.0], rows(3), np.array([0.0, 1.0, 1.2]), gap=0.2, hold=0.1)
    np.testing.assert_allclose(cut[:2, 0], 3)
    assert np.isnan(cut[2, 0])


def test_bundles_that_are_none_for_cameras(tmp_path: Path) -> None:
    good = read_manifest(write_camera_bundle(tmp_path / "good"))
    check_camera(tmp_path, good)
    with pytest.raises(UserError, match="no bundle for cameras, it takes accelerometer"):
        check_camera(tmp_path, read_manifest(write_bundle(tmp_path / "watch")))
    with pytest.raises(UserError, match="sliding windows"):
        check_camera(tmp_path, good.model_copy(update={"positive": None}))
    other = good.inputs[0].model_copy(update={"channels": list(CHANNELS[::-1])})
    with pytest.raises(UserError, match="17 joints of COCO"):
        check_camera(tmp_path, good.model_copy(update={"inputs": [other]}))


def test_a_gap_and_a_hold_of_exactly_their_limits() -> None:
    cut = window([1.0, 1.25, 1.75], rows(1, 2, 3), np.array([1.125, 1.5, 2.25, 2.375]), gap=0.25, hold=0.5)
    np.testing.assert_allclose(cut[:, 0], [1.5, np.nan, 3, np.nan])


def test_a_bundle_for_cameras_is_of_kind_keypoints_slides_and_raises_events(tmp_path: Path) -> None:
    good = read_manifest(write_camera_bundle(tmp_path / "good"))
    with pytest.raises(UserError, match="no bundle for cameras, it takes keypoints, keypoints; give one that takes 'keypoints'"):
        check_camera(tmp_path, good.model_copy(update={"inputs": good.inputs * 2}))
    with pytest.raises(UserError, match="sliding windows"):
        check_camera(tmp_path, good.model_copy(update={"window": good.window.model_copy(update={"kind": "impact"})}))
