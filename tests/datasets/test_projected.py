"""Projected skeletons: levelling, lenses, the estimator's errors, occlusion noise, and the reader over real and tiny data."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import tiny_dataset

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.core.skeletons import COCO_17, KINECT_20, channel_names
from featherfall.datasets.projected import estimator, level, occlusion_noise
from featherfall.datasets.projected.lens import PinholeCamera, draw_camera
from featherfall.datasets.projected.reader import KEYPOINTS

NAMES = list(KINECT_20)


def standing(frames: int = 60) -> np.ndarray:
    """(T, 20, 3) m, z up: somebody who stands on the floor at (0, 0)."""
    heights = {"head": 1.6, "shoulder centre": 1.4, "spine": 1.1, "hip centre": 0.95}
    sides = {"shoulder": 1.4, "elbow": 1.15, "wrist": 0.9, "hand": 0.8, "hip": 0.9, "knee": 0.5, "ankle": 0.08, "foot": 0.0}
    one = [
        (0.0, 0.0, heights[joint]) if joint in heights else (0.2 if "left" in joint else -0.2, 0.0, sides[joint.split()[-1]])
        for joint in KINECT_20
    ]
    return np.repeat(np.array(one)[None], frames, axis=0)


def falling(rate: float = 30.0) -> np.ndarray:
    """Stands for 2 s, goes down by nine tenths within 1 s at an even speed, lies for 2 s."""
    times = np.arange(round(5 * rate)) / rate
    out = standing(len(times))
    out[..., 2] *= (1 - 0.9 * np.clip(times - 2, 0, 1))[:, None]
    return out


@given(x=st.floats(-0.5, 0.5), z=st.floats(-0.5, 0.5))
def test_a_tilted_camera_is_levelled(x: float, z: float) -> None:
    up = np.array([x, 1.0, z]) / np.linalg.norm([x, 1.0, z])
    turn = level.rotation_to_up(up)
    np.testing.assert_allclose(turn @ up, [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    seen = standing() @ turn + (0.3, -1.0, 3.0)  # as that camera gives it
    found = level.level_joints(seen, tilted=True)
    np.testing.assert_allclose(found[:, NAMES.index("head"), 2], 1.6, atol=1e-6)
    np.testing.assert_allclose(found[:, NAMES.index("hip centre"), :2], 0, atol=1e-6)


def test_who_never_stands_is_as_the_camera_stands() -> None:
    lying = standing()[..., [2, 1, 0]]  # along x, in a Kinect's axes
    np.testing.assert_array_equal(level.estimate_up(lying, np.array([0.0, 1.0, 0.0])), [0, 1, 0])
    np.testing.assert_allclose(level.rotation_to_up(np.array([0.0, 0.0, -1.0])), np.diag([1, -1, -1]))


def test_when_somebody_falls_by_hand() -> None:
    found = level.fall_times(falling(), 30.0)
    assert found.onset == pytest.approx(2.0, abs=0.25)
    assert found.impact == found.end == pytest.approx(3.0, abs=0.25)
    assert level.limit_descent(FallTimes(1.0, 4.0, 6.0)) == FallTimes(4.0 - level.MAX_DESCENT, 4.0, 4.0)


def test_a_lens_by_hand() -> None:
    # 1 m above the floor, looks along y; a field of view of 90 degrees across a picture of 4:3.
    camera = PinholeCamera(np.array([0.0, 0.0, 1.0]), np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]), 2 / 3, 4 / 3)
    places, depth = camera.project(np.array([[0.0, 2.0, 1.0], [2.0, 2.0, 1.0], [0.0, 2.0, 2.0], [0.0, -5.0, 1.0]]))
    np.testing.assert_allclose(places[:3], [[2 / 3, 0.5], [4 / 3, 0.5], [2 / 3, 0.5 - 1 / 3]])
    np.testing.assert_allclose(depth, [2, 2, 2, 0.2])


@given(seed=st.integers(0, 10_000))
def test_drawn_lenses_look_at_the_person_upright(seed: int) -> None:
    camera = draw_camera(np.array([[0.0, 0.0, 0.9], [0.5, 0.0, 0.9]]), np.random.default_rng(seed))
    np.testing.assert_allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(camera.axes) == pytest.approx(1)
    assert 0.8 <= camera.position[2] <= 2.8 and camera.axes[1, 2] < 0
    places, depth = camera.project(np.array([[0.25, 0.0, 0.0], [0.25, 0.0, 1.7]]))
    assert (depth > 0.2).all() and places[1, 1] < places[0, 1]


def view_of(frames: int = 300, upright: float = 1.0) -> estimator.PersonView:
    joints = np.repeat(0.5 + 0.4 * estimator._STANDING_FIGURE[None], frames, axis=0)
    ones = np.ones(frames)
    return estimator.PersonView(joints, 0.4 * ones, upright * ones, 0.2 * ones, 4 / 3, 15.0)


def test_the_estimator_is_worse_with_who_lies() -> None:
    def errs(upright: float) -> tuple[float, float]:
        given = [estimator.estimate(view_of(upright=upright), np.random.default_rng(seed)) for seed in range(20)]
        error = np.concatenate([np.linalg.norm(one[..., :2] - view_of().joints, axis=-1).ravel() for one in given]) / 0.4
        return float(np.nanmedian(error)), float(np.mean([one[..., 2].mean() for one in given]))

    (standing_error, standing_score), (lying_error, lying_score) = errs(1.0), errs(0.0)
    assert standing_error < 0.06 < lying_error
    assert 0.35 < standing_score < 0.65 and 0.1 < lying_score < 0.4


@given(seed=st.integers(0, 10_000), upright=st.floats(0, 1))
def test_what_an_estimator_gives(seed: int, upright: float) -> None:
    view = view_of(40, upright)
    given_, again = (estimator.estimate(view, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(given_, again)
    assert given_.shape == (40, 17, 3)
    gone = np.isnan(given_[:, 0, 0])
    assert np.isnan(given_[gone, :, :2]).all() and (given_[gone, :, 2] == 0).all() and np.isfinite(given_[~gone]).all()
    assert (given_[..., 2] >= 0).all() and (given_[..., 2] <= 1).all()


def test_noise_and_spells() -> None:
    rng = np.random.default_rng(0)
    noise = estimator.correlated_noise((20_000, 2), 0.5, 15.0, rng)
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.1)
    after = (noise[1:] * noise[:-1]).mean()
    assert after == pytest.approx(0.5 * np.exp(-1 / 7.5), abs=0.06)
    there = estimator.random_intervals(np.full((50_000,), 0.01), 1.0, 15.0, rng)
    assert there.mean() == pytest.approx(1 - np.exp(-0.15), abs=0.02)  # the Poisson process' coverage
    assert estimator._SWAPPED[5] == 6 and list(COCO_17)[6] == "right shoulder"


@given(seed=st.integers(0, 10_000))
def test_no_occlusion_noise_hides_a_fall(seed: int) -> None:
    fall = FallTimes(4.0, 5.0, 5.0)
    piece = occlusion_noise.noise_interval(150, 15.0, fall, np.random.default_rng(seed))
    assert piece.stop <= 45 or piece.start >= 75


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("projected")
    tiny_dataset(data / "simulated", subjects=2, streams=("accelerometer", "skeleton"), lacking=[("S2", "accelerometer")])
    return data


def test_the_reader_over_a_tiny_simulation(folder: Path) -> None:
    dataset = datasets.open("projected", folder)
    assert len(dataset.sources) == 2 * 3 * 2 and len({source.id for source in dataset.sources}) == 12
    assert {source.subject for source in dataset.sources} == {"simulated-S1", "simulated-S2"}
    assert any("SmartFallMM: no such folder" in problem for problem in dataset.problems)
    for source in dataset.sources:
        recording, again = source.load(), pickle.loads(pickle.dumps(source)).load()
        keypoints, skeleton = recording.streams["keypoints"], recording.streams["skeleton"]
        assert keypoints.channels == KEYPOINTS and keypoints.unit == "1" and keypoints.rate == skeleton.rate == 15
        assert skeleton.channels == channel_names(KINECT_20) and np.isfinite(skeleton.values).all()
        np.testing.assert_array_equal(keypoints.times, skeleton.times)
        np.testing.assert_array_equal(keypoints.values, again.streams["keypoints"].values)
        assert (recording.fall is not None) == (source.activity == "fall") and recording.traits == {"set": "simulated"}
        if recording.fall is not None:
            assert recording.fall.impact is not None and 1.5 / 1.2 - 0.01 <= recording.fall.impact <= 1.5 / 0.85 + 0.01
    one, other = (source.load().streams["keypoints"].values for source in dataset.sources[:2])
    assert one.shape != other.shape or not np.array_equal(one, other, equal_nan=True)


def test_a_folder_without_any_of_the_sets(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no recordings of projected in this folder; expected files like SmartFallMM/"):
        datasets.open("projected", tmp_path)


def test_real_falls_go_down(real: Callable[[str], Path]) -> None:
    dataset = datasets.open("projected", real("SmartFallMM"))
    falls = [source for source in dataset.sources if source.fall and source.subject == "smartfallmm-S32"][::25]
    for source in falls:
        recording = source.load()
        fall = recording.fall
        assert fall is not None and fall.onset is not None and fall.impact is not None and 0.3 < fall.impact - fall.onset <= 1.3001
        head = recording.streams["skeleton"].values.reshape(-1, 20, 3)[:, 0, 2]
        assert head[round(fall.onset * 15)] > head[min(round((fall.impact + 0.3) * 15), len(head) - 1)] + 0.3
