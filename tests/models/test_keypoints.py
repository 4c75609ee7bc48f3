from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.export.logits import onnx_logits, torch_logits

from featherfall.export.onnx import export_onnx
from featherfall.models.count import parameters
from featherfall.models.keypoints import _MAX_VELOCITY, KeypointFeatures, KeypointNet

HEAD, SHOULDER, HIP, KNEE, TRUNK_X, TRUNK_Y, TRUNK, LEGS, WIDE, HIGH, DIAGONAL, SPREAD_X, SPREAD_Y = range(13)
HEAD_FAST, SHOULDER_FAST, HIP_FAST, ACROSS_FAST = 13, 14, 15, 16
HIP_SLOW = 21
SCORE, VISIBLE, THERE = 25, 26, 27

# A person from the front: right and down in picture heights.
FIGURE = np.array(
    [
        *((1.0, 0.1),) * 5,
        *((1.1, 0.3), (0.9, 0.3), (1.1, 0.5), (0.9, 0.5), (1.1, 0.6), (0.9, 0.6)),
        *((1.05, 0.6), (0.95, 0.6), (1.05, 0.8), (0.95, 0.8), (1.05, 1.0), (0.95, 1.0)),
    ]
)


def clip_of(places: np.ndarray, score: float = 0.8) -> torch.Tensor:
    """(1, T, 51) of (T, 17, 2) places."""
    return torch.from_numpy(np.concatenate([places, np.full((*places.shape[:2], 1), score)], axis=2).reshape(1, len(places), 51)).float()


def still(frames: int = 40) -> np.ndarray:
    return np.repeat(FIGURE[None], frames, axis=0)


def walking(rng: np.random.Generator, frames: int = 40) -> np.ndarray:
    steps = np.cumsum(rng.normal(0, 0.01, (frames, 1, 2)), axis=0)
    return still(frames) + steps + rng.normal(0, 0.01, (frames, 17, 2))


def test_a_still_figure_by_hand() -> None:
    features = KeypointFeatures()(clip_of(still()))[0]
    assert features.shape == (KeypointFeatures.channels, 40)
    size = np.hypot(0.2, 0.9)
    wanted = {
        HEAD: 0.9 / size,
        SHOULDER: 0.7 / size,
        HIP: 0.4 / size,
        KNEE: 0.2 / size,
        TRUNK_X: 0.0,
        TRUNK_Y: 1.0,
        TRUNK: 0.3 / size,
        LEGS: 0.4 / size,
        WIDE: 0.2 / size,
        HIGH: 0.9 / size,
        DIAGONAL: 1.0,
        SPREAD_X: FIGURE[:, 0].std() / size,
        SPREAD_Y: FIGURE[:, 1].std() / size,
        SCORE: 0.8,
        VISIBLE: 1.0,
        THERE: 1.0,
    }
    for channel, value in wanted.items():
        np.testing.assert_allclose(features[channel], value, atol=2e-3, err_msg=str(channel))
    np.testing.assert_allclose(features[13:25], 0, atol=1e-4)


def test_a_steady_descent_has_its_speed() -> None:
    frames = np.arange(40)
    sinking = still() + np.stack([0.02 * frames, 0.01 * frames], axis=1)[:, None]
    features = KeypointFeatures()(clip_of(sinking))[0]
    size = np.hypot(0.2, 0.9)
    middle = slice(12, 38)  # away from the ends, where there is less to average
    for channel in (HEAD_FAST, SHOULDER_FAST, HIP_FAST, HIP_SLOW):
        np.testing.assert_allclose(features[channel, middle], -0.01 * 15 / size, rtol=1e-2)
    np.testing.assert_allclose(features[ACROSS_FAST, middle], 0.02 * 15 / size, rtol=1e-2)


def test_a_jump_is_cut() -> None:
    jumping = still()
    jumping[20:] += 5.0
    features = KeypointFeatures()(clip_of(jumping))[0]
    assert float(features[HIP_FAST].min()) == pytest.approx(-_MAX_VELOCITY)


@given(right=st.floats(-3, 3), down=st.floats(-3, 3), scale=st.floats(0.1, 10), seed=st.integers(0, 100))
def test_place_and_size_in_the_picture_change_nothing(right: float, down: float, scale: float, seed: int) -> None:
    places = walking(np.random.default_rng(seed))
    moved = places * scale + (right, down)
    np.testing.assert_allclose(KeypointFeatures()(clip_of(places)), KeypointFeatures()(clip_of(moved)), atol=5e-3)


def test_a_joint_that_is_lost_for_a_while_is_bridged() -> None:
    lost = clip_of(still()).unflatten(2, (17, 3))
    lost[:, 10:20, 11:13, :2] = 7.0  # the hips, guessed wrongly with no score
    lost[:, 10:20, 11:13, 2] = 0.0
    lost[:, 25:30, :, :2] = torch.nan  # nobody
    lost[:, 25:30, :, 2] = 0.0
    features = KeypointFeatures()(lost.flatten(2))[0]
    whole = KeypointFeatures()(clip_of(still()))[0]
    np.testing.assert_allclose(features[:SPREAD_X], whole[:SPREAD_X], atol=5e-3)
    np.testing.assert_array_equal(features[THERE], np.where((np.arange(40) >= 25) & (np.arange(40) < 30), 0, 1))


def test_nothing_seen_at_all_and_broken_values_give_finite_features() -> None:
    rng = np.random.default_rng(0)
    nobody = torch.full((1, 40, 51), torch.nan)
    scored = clip_of(walking(rng))
    scored[:, 3, 2::3] = torch.nan
    scored[:, 5, 0] = torch.inf
    one = clip_of(walking(rng)).unflatten(2, (17, 3))
    one[:, 1:, :, :2], one[:, 1:, :, 2] = torch.nan, 0.0
    for clip in (nobody, scored, one.flatten(2), torch.zeros(1, 40, 51)):
        assert torch.isfinite(KeypointFeatures()(clip)).all()


def test_the_network_is_small_exports_and_says_the_same_there(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = KeypointNet(2).eval()
    assert parameters(model) <= 60_000
    rng = np.random.default_rng(1)
    clips = torch.cat([clip_of(walking(rng)) for _ in range(4)]).numpy()
    clips[1, 10:15] = np.nan
    clips[1, 10:15, 2::3] = 0
    clips[2] = np.nan
    assert model.embed({"keypoints": torch.from_numpy(clips)}).shape == (4, model.width)
    export_onnx(model, {"keypoints": clips}, tmp_path / "model.onnx")
    np.testing.assert_allclose(
        onnx_logits(tmp_path / "model.onnx", {"keypoints": clips}), torch_logits(model, {"keypoints": clips}), atol=1e-4
    )
