from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.motions import move

from featherfall.core.skeletons import AZURE_32, KINECT_20, channel_names, parents_of
from featherfall.sim.sense.joints import DepthCamera, skeleton
from featherfall.sim.world.motion import SIM_RATE
from featherfall.sim.world.rotation import from_axis_angle, multiply, rotate

LAYOUTS = pytest.mark.parametrize("layout", [KINECT_20, AZURE_32], ids=["kinect", "azure"])


def at(layout: dict[str, str], values: np.ndarray, joint: str) -> np.ndarray:
    """(N, 3) of one joint."""
    return values.reshape(len(values), -1, 3)[:, list(layout).index(joint)]


@LAYOUTS
def test_a_stream_as_readers_give_it(layout: dict[str, str]) -> None:
    stream = skeleton(move(2.0), layout)
    assert stream.values.shape == (61, 3 * len(layout)) and stream.values.dtype == np.float32
    assert (stream.unit, stream.rate, stream.channels) == ("m", 30.0, channel_names(layout))
    np.testing.assert_allclose(stream.times, np.arange(61) / 30)
    assert len(parents_of(stream.channels)) == len(layout)
    assert not np.isnan(stream.values).any()


def test_a_standing_person_in_the_world() -> None:
    values = skeleton(move(0.5), KINECT_20, view=None).values  # 1.7 m tall
    np.testing.assert_allclose(at(KINECT_20, values, "left shoulder")[0], [0, 0.110 * 1.7, 0.818 * 1.7], atol=1e-6)
    np.testing.assert_allclose(at(KINECT_20, values, "right wrist")[0], [0, -0.110 * 1.7, (0.818 - 0.186 - 0.146) * 1.7], atol=1e-6)
    np.testing.assert_allclose(at(KINECT_20, values, "left knee")[0], [0, 0.052 * 1.7, 0.285 * 1.7], atol=1e-6)
    np.testing.assert_allclose(at(KINECT_20, values, "hip centre")[0], [0, 0, 0.575 * 1.7], atol=1e-6)
    np.testing.assert_allclose(at(KINECT_20, values, "head")[0], [0, 0, 0.945 * 1.7], atol=1e-6)
    np.testing.assert_allclose(at(KINECT_20, values, "right ankle")[0], [0, -0.052 * 1.7, 0.039 * 1.7], atol=1e-6)


def test_the_cameras_axes_are_those_of_the_two_devices() -> None:
    motion = move(0.5)  # faces the camera 3 m ahead, at .9 m
    kinect = skeleton(motion, KINECT_20).values
    azure = skeleton(motion, AZURE_32).values
    knee = (0.285 * 1.7, 0.052 * 1.7)
    # x to the camera's left (a person who faces it has the left at negative x), y up, z away.
    np.testing.assert_allclose(at(KINECT_20, kinect, "left knee")[0], [-knee[1], knee[0] - 0.9, 3], atol=1e-6)
    np.testing.assert_allclose(at(AZURE_32, azure, "left knee")[0], [knee[1], 0.9 - knee[0], 3], atol=1e-6)
    assert at(AZURE_32, azure, "nose")[0, 2] < at(AZURE_32, azure, "head")[0, 2]  # it is nearer
    from_the_left = skeleton(motion, KINECT_20, view=DepthCamera(azimuth=np.pi / 2, distance=2.0, height=1.0)).values
    np.testing.assert_allclose(at(KINECT_20, from_the_left, "left knee")[0], [0, knee[0] - 1, 2 - knee[1]], atol=1e-6)


@given(azimuth=st.floats(-3.2, 3.2), height=st.floats(0.2, 3))
def test_a_view_keeps_distances_and_handedness(azimuth: float, height: float) -> None:
    motion = move(0.1, turn=((0.6, 0.0, 0.8), 2.0))
    for layout in (KINECT_20, AZURE_32):
        world = skeleton(motion, layout, view=None).values.reshape(-1, len(layout), 3)
        seen = skeleton(motion, layout, view=DepthCamera(azimuth, 3.0, height)).values.reshape(-1, len(layout), 3)
        a, b = (
            np.diff(v[-1, [list(layout).index(n) for n in ("left hip", "right hip", "head", "left foot")]], axis=0) for v in (world, seen)
        )
        np.testing.assert_allclose(a @ a.T, b @ b.T, atol=1e-5)
        np.testing.assert_allclose(np.linalg.det(a), np.linalg.det(b), atol=1e-5)


def test_frames_lie_between_the_poses() -> None:
    t = np.arange(401) / SIM_RATE
    values = skeleton(move(2.0, root=np.stack([t, 0 * t, 0 * t], axis=1)), KINECT_20, rate=33.3, view=None).values
    np.testing.assert_allclose(at(KINECT_20, values, "right hip")[:, 0], np.arange(len(values)) / 33.3, atol=1e-6)


@LAYOUTS
def test_noise_has_its_size_and_grows_when_lying(layout: dict[str, str]) -> None:
    count = round(100 * SIM_RATE) + 1
    upright = move(100.0)
    lying = move(100.0)
    down = from_axis_angle((0.0, 1.0, 0.0), np.full((count, 1), np.pi / 2))
    object.__setattr__(lying, "positions", rotate(down, lying.positions))
    object.__setattr__(lying, "rotations", multiply(np.broadcast_to(down, lying.rotations.shape), lying.rotations))
    for motion, size in ((upright, 0.005), (lying, 0.015)):
        clean = skeleton(motion, layout)
        noisy = skeleton(motion, layout, rng=np.random.default_rng(0), noise_m=0.005)
        error = noisy.values - clean.values
        assert at(layout, error, "left hip").std() == pytest.approx(size, rel=0.1)
        assert at(layout, error, "left hand").std() == pytest.approx(2 * size, rel=0.1)
        hip = at(layout, error, "left hip")[:, 0]
        assert np.corrcoef(hip[1:], hip[:-1])[0, 1] == pytest.approx(0.5 * np.exp(-1 / 9), abs=0.08)  # half of it lingers for 9 frames


def test_missing_joints_are_nan_as_often_as_asked_and_for_a_while() -> None:
    stream = skeleton(move(100.0), AZURE_32, rng=np.random.default_rng(0), dropout=0.05)
    missing = np.isnan(stream.values).reshape(len(stream.values), -1, 3)
    assert (missing.all(axis=2) == missing.any(axis=2)).all()  # a joint goes as a whole
    gone = missing[..., 0]
    assert gone.mean() == pytest.approx(0.05, abs=0.01)
    gaps = (np.diff(gone.astype(int), axis=0) == 1).sum()
    assert gone.sum() / gaps == pytest.approx(9, rel=0.2)  # .3 s
    again = skeleton(move(100.0), AZURE_32, rng=np.random.default_rng(0), dropout=0.05)
    np.testing.assert_array_equal(stream.values, again.values)
