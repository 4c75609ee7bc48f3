from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from featherfall.core.training_settings import Augment
from featherfall.models.inertial import up_direction
from featherfall.training.augment import _MIRRORED_JOINTS, augment, random_rotations, scale_motion, sensor_and_kind, turn_orientation

TURN_ONLY = Augment(rotation_deg=40, scale=0, noise_g=0, joint_noise_m=0)
STILL = TURN_ONLY.model_copy(update={"rotation_deg": 0.0})


def clip(count: int = 6, length: int = 12) -> dict[str, Tensor]:
    torch.manual_seed(0)
    widths = {"watch_accelerometer": 3, "watch_gyroscope": 3, "watch_orientation": 4, "phone_accelerometer": 3, "skeleton": 9}
    values = {name: torch.randn(count, length, width) for name, width in widths.items()}
    values["watch_orientation"] = torch.nn.functional.normalize(values["watch_orientation"], dim=-1)
    return {**values, "present:skeleton": torch.arange(count) > 1}


def turn_between(before: Tensor, after: Tensor) -> Tensor:
    """(B, 3, 3): the matrix R of after = R before, by least squares."""
    return torch.linalg.lstsq(before, after).solution.transpose(1, 2)


def to_world(quaternions: Tensor, vectors: Tensor) -> Tensor:
    """q v q*, written with cross products: v + 2 w (u x v) + 2 u x (u x v)."""
    w, u = quaternions[..., :1], quaternions[..., 1:]
    cross = torch.linalg.cross(u, vectors)
    return vectors + 2 * (w * cross + torch.linalg.cross(u, cross))


@given(st.integers(0, 10_000), st.floats(0, 180))
def test_rotations_never_mirror(seed: int, angle: float) -> None:
    torch.manual_seed(seed)
    turns = random_rotations(8, angle).double()
    torch.testing.assert_close(turns @ turns.transpose(1, 2), torch.eye(3, dtype=torch.float64).expand(8, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(8, dtype=torch.float64), atol=1e-5, rtol=0)


def test_the_angle_has_the_stated_spread() -> None:
    torch.manual_seed(0)
    turns = random_rotations(4000, 23.0)
    angle = torch.rad2deg(torch.arccos(((turns.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1)))
    assert angle.square().mean().sqrt().item() == pytest.approx(23, rel=0.05)
    assert turns.mean(dim=0)[~torch.eye(3, dtype=torch.bool)].abs().max() < 0.02  # no direction is preferred


def test_turning_keeps_magnitudes_and_turns_each_clip_its_own_way() -> None:
    before = clip()
    after = augment(before, TURN_ONLY)
    for name in ("watch_accelerometer", "watch_gyroscope", "phone_accelerometer"):
        torch.testing.assert_close(after[name].norm(dim=-1), before[name].norm(dim=-1))
        turns = turn_between(before[name], after[name])
        torch.testing.assert_close(torch.linalg.det(turns), torch.ones(6))
        assert not torch.allclose(turns[0], turns[1], atol=1e-2)


def test_the_inputs_of_one_sensor_turn_together() -> None:
    before = clip()
    after = augment(before, TURN_ONLY)
    watch, wheel, phone = (
        turn_between(before[name], after[name]) for name in ("watch_accelerometer", "watch_gyroscope", "phone_accelerometer")
    )
    torch.testing.assert_close(watch, wheel, atol=1e-4, rtol=0)
    assert (watch - phone).abs().amax() > 0.1


def test_orientation_turns_so_that_the_world_stays_where_it_is() -> None:
    before = clip()
    after = augment(before, TURN_ONLY)
    world = to_world(before["watch_orientation"], before["watch_accelerometer"])
    torch.testing.assert_close(to_world(after["watch_orientation"], after["watch_accelerometer"]), world, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(after["watch_orientation"].norm(dim=-1), torch.ones(6, 12))


def test_what_the_network_reads_off_an_orientation_turns_too() -> None:
    quaternions = clip()["watch_orientation"]
    turn = random_rotations(6, 30.0)
    up = up_direction(quaternions.transpose(1, 2))
    torch.testing.assert_close(up_direction(turn_orientation(quaternions, turn).transpose(1, 2)), turn @ up, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(to_world(quaternions, up.transpose(1, 2)), torch.tensor([0.0, 0, 1]).expand(6, 12, 3), atol=1e-5, rtol=0)


def test_a_skeleton_turns_as_a_body_and_keeps_its_gaps() -> None:
    before = clip()
    before["skeleton"][0, 3, :3] = torch.nan
    after = augment(before, TURN_ONLY)["skeleton"]
    assert torch.equal(after.isnan(), before["skeleton"].isnan())
    bones = [(values[..., 3:6] - values[..., 6:9]).norm(dim=-1) for values in (before["skeleton"], after)]
    torch.testing.assert_close(*bones)


def test_flags_pass_through_and_the_batch_is_not_changed() -> None:
    before = clip()
    kept = {name: values.clone() for name, values in before.items()}
    after = augment(before, Augment())
    assert after.keys() == before.keys()
    assert torch.equal(after["present:skeleton"], kept["present:skeleton"])
    assert all(torch.equal(before[name], kept[name]) for name in kept)


def test_nothing_asked_nothing_done() -> None:
    before = clip()
    after = augment(before, STILL)
    for name, values in before.items():
        torch.testing.assert_close(after[name], values)


def test_noise_and_scale_have_the_stated_size() -> None:
    torch.manual_seed(0)
    rest = {name: torch.zeros(200, 50, 3) for name in ("accelerometer", "gyroscope", "skeleton")}
    noisy = augment(rest, STILL.model_copy(update={"noise_g": 0.02, "joint_noise_m": 0.01}))
    assert noisy["accelerometer"].std().item() == pytest.approx(0.02, rel=0.02)
    assert noisy["gyroscope"].std().item() == pytest.approx(0.02 * 180, rel=0.02)  # the same in half turns a second
    assert noisy["skeleton"].std().item() == pytest.approx(0.01, rel=0.02)
    scaled = augment({"accelerometer": torch.ones(5000, 2, 3)}, STILL.model_copy(update={"scale": 0.1}))["accelerometer"]
    assert scaled.std(dim=(1, 2)).max() < 1e-6  # one factor a clip
    assert scaled[:, 0, 0].std().item() == pytest.approx(0.1, rel=0.05)


def test_livelier_motion_keeps_gravity() -> None:
    torch.manual_seed(0)
    rest = torch.tensor([0.0, 0.6, 0.8]).expand(4, 60, 3)
    torch.testing.assert_close(scale_motion(rest, 0.5), rest)
    shaken = rest + 0.5 * torch.sin(torch.arange(60) * 2 * torch.pi / 5)[None, :, None]  # five whole swings in the half-second mean
    moved, was = ((values - rest)[:, 20:40] for values in (scale_motion(shaken, 0.5), shaken))
    factor = moved[:, 1:2, :1] / was[:, 1:2, :1]
    torch.testing.assert_close(moved, factor * was, atol=1e-5, rtol=1e-4)
    assert (factor > 0).all() and factor.std() > 0.1


def test_a_lively_or_silent_gyroscope() -> None:
    torch.manual_seed(0)
    before = {"gyroscope": torch.randn(2000, 4, 3).clamp(min=0.1), "accelerometer": torch.randn(2000, 4, 3)}
    after = augment(before, STILL.model_copy(update={"gyroscope_drop": 0.25}))
    silent = (after["gyroscope"] == 0).all(dim=2).all(dim=1)
    assert silent.float().mean().item() == pytest.approx(0.25, abs=0.03)
    torch.testing.assert_close(after["gyroscope"][~silent], before["gyroscope"][~silent])
    torch.testing.assert_close(after["accelerometer"], before["accelerometer"])
    factor = augment(before, STILL.model_copy(update={"dynamics": 0.3}))["gyroscope"] / before["gyroscope"]
    torch.testing.assert_close(factor, factor[:, :1, :1].expand_as(factor))  # one a clip
    assert factor[:, 0, 0].log().std().item() == pytest.approx(0.3, rel=0.1)


def test_sensor_and_kind() -> None:
    assert sensor_and_kind("watch_accelerometer") == ("watch", "accelerometer")
    assert sensor_and_kind("accelerometer") == ("", "accelerometer")
    assert sensor_and_kind("depth_skeleton")[1] == "skeleton"
    assert sensor_and_kind("depth_skeleton")[0] != sensor_and_kind("depth_accelerometer")[0]


def test_keypoints_are_mirrored_with_their_names_or_turned() -> None:
    torch.manual_seed(0)
    keypoints = torch.rand(64, 5, 51)
    keypoints[:, 2, :2] = torch.nan
    changed = augment({"keypoints": keypoints}, Augment(rotation_deg=0))["keypoints"].unflatten(2, (17, 3))
    plain = keypoints.unflatten(2, (17, 3))
    swapped = plain[:, :, _MIRRORED_JOINTS] * torch.tensor([-1.0, 1.0, 1.0])
    same = [torch.allclose(one, was, equal_nan=True) for one, was in zip(changed, plain, strict=True)]
    other = [torch.allclose(one, was, equal_nan=True) for one, was in zip(changed, swapped, strict=True)]
    assert all(a != b for a, b in zip(same, other, strict=True)) and 16 < sum(same) < 48
    assert _MIRRORED_JOINTS[:7] == [0, 2, 1, 4, 3, 6, 5]

    turned = augment({"keypoints": keypoints}, Augment(rotation_deg=5))["keypoints"].unflatten(2, (17, 3))
    torch.testing.assert_close(turned[:, 0, 0, :2].norm(dim=-1), plain[:, 0, 0, :2].norm(dim=-1))
