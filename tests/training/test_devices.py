from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from featherfall.core.errors import UserError
from featherfall.core.training_settings import Augment
from featherfall.signals.resample import resample
from featherfall.training.augment import augment, quaternion_of, random_rotations, turn_orientation
from featherfall.training.devices import (
    any_rotations,
    as_recorded,
    bridge,
    clip_range,
    draw_device,
    mirrored,
    round_to_steps,
    sampled_every,
)

RATE = 50.0
OFF = {"rotation_deg": 0, "scale": 0, "noise_g": 0}


def one(*values: float) -> Tensor:
    """(1, T, 1)"""
    return torch.tensor(values, dtype=torch.float32)[None, :, None]


def test_range_and_resolution_by_hand() -> None:
    values = torch.tensor([[[-5.0, 1.0], [3.0, 0.26]], [[-5.0, 1.0], [3.0, 0.26]]])
    clipped = clip_range(values, torch.tensor([2.0, torch.inf]))
    assert clipped.tolist() == [[[-2.0, 1.0], [2.0, pytest.approx(0.26)]], values[1].tolist()]
    rounded = round_to_steps(values, torch.tensor([0.5, 0.0]))
    assert rounded[0].tolist() == [[-5.0, 1.0], [3.0, 0.5]] and torch.equal(rounded[1], values[1])


def test_a_lower_rate_by_hand() -> None:
    """Every second sample, from the first or from half a step on; what lies between is on straight lines, what lies beyond is held."""
    values = one(0, 1, 4, 9, 16, 25)
    assert sampled_every(values, torch.tensor([2.0]), torch.tensor([0.0])).flatten().tolist() == [0, 2, 4, 10, 16, 16]
    assert sampled_every(values, torch.tensor([2.0]), torch.tensor([0.5])).flatten().tolist() == [1, 1, 5, 9, 17, 25]
    assert sampled_every(values, torch.tensor([2.5]), torch.tensor([0.0])).flatten().tolist() == pytest.approx(
        [0, 2.6, 5.2, 10.2, 17.6, 25]
    )
    assert torch.equal(sampled_every(values, torch.tensor([1.0]), torch.tensor([0.7])), values)
    assert sampled_every(values, torch.tensor([50.0]), torch.tensor([0.04])).flatten().tolist() == [4] * 6


@given(st.floats(1.01, 4), st.floats(0, 0.99), st.integers(0, 1000))
def test_a_lower_rate_is_what_resampling_makes_of_it(step: float, phase: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(40, 2)).cumsum(axis=0)
    times = np.arange(phase * step, 39 + 1e-9, step)
    sampled = np.stack([np.interp(times, np.arange(40), column) for column in values.T], axis=1)
    expected, _ = resample(times, sampled, np.arange(40.0))
    found = sampled_every(torch.from_numpy(values)[None], torch.tensor([step]).double(), torch.tensor([phase]).double())[0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_lost_samples_by_hand() -> None:
    values = one(1, 2, 30, 40, 5, 6)
    lost = torch.tensor([[True, False, True, True, False, True]])
    assert bridge(values, lost).flatten().tolist() == [2, 2, 3, 4, 5, 5]
    assert torch.equal(bridge(values, torch.ones_like(lost)), values) and torch.equal(bridge(values, ~torch.ones_like(lost)), values)


@given(st.lists(st.booleans(), min_size=12, max_size=12).filter(lambda lost: sum(lost) <= 10), st.integers(0, 1000))
def test_lost_samples_look_as_a_gap_does_after_resampling(lost: list[bool], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(12, 3))
    kept = ~np.asarray(lost)
    expected = np.stack([np.interp(np.arange(12.0), np.flatnonzero(kept), column[kept]) for column in values.T], axis=1)
    np.testing.assert_allclose(bridge(torch.from_numpy(values)[None], torch.tensor([lost]))[0].numpy(), expected, atol=1e-9)


def test_devices_are_drawn_within_their_bounds() -> None:
    torch.manual_seed(0)
    settings = Augment(device_share=0.25, rate_hz=(20, 200), range_g=(2, 8), resolution_g=0.1, packet_loss=0.4)
    device = draw_device(4000, 300, settings, RATE)
    assert device.step is not None and device.phase is not None and device.full_scale is not None and device.resolution is not None
    slow = device.step > 1  # a quarter; of them those below 50 Hz: log 2.5 / log 10
    assert slow.float().mean().item() == pytest.approx(0.25 * 0.398, abs=0.02) and device.step.min() >= 1 and device.step.max() <= 2.5
    assert set(device.full_scale.tolist()) == {2, 4, 8, float("inf")}
    assert torch.isfinite(device.full_scale).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert (device.resolution > 0).float().mean().item() == pytest.approx(0.25, abs=0.03) and device.resolution.max() <= 0.1
    assert device.lost is not None and device.lost.float().mean().item() == pytest.approx(0.25 * 0.2, abs=0.01)
    runs = [len(run) for row in device.lost[:500].int() for run in "".join(map(str, row.tolist())).strip("0").split("0") if run]
    assert min(runs) > 0 and max(runs) > 15


def test_what_is_off_draws_nothing() -> None:
    """Old recipes keep their random numbers, to the bit."""
    clip = {"accelerometer": torch.randn(8, 30, 3), "gyroscope": torch.randn(8, 30, 3)}
    torch.manual_seed(3)
    plain = augment(clip, Augment())
    after = torch.rand(1)
    torch.manual_seed(3)
    again = augment(clip, Augment(device_share=1.0), RATE)
    assert torch.equal(torch.rand(1), after) and all(torch.equal(plain[name], again[name]) for name in clip)


def test_accelerometers_are_clipped_and_the_sensors_of_one_device_lose_the_same_packets() -> None:
    torch.manual_seed(0)
    clip = {name: 9 * torch.randn(32, 100, 3) for name in ("accelerometer", "gyroscope", "phone_gyroscope")}
    clipped = augment(clip, Augment(**OFF, device_share=1.0, range_g=(4, 4), resolution_g=0.5), RATE)
    assert clipped["accelerometer"].abs().max() <= 4.25 and torch.equal(clipped["gyroscope"], clip["gyroscope"])
    lossy = augment(clip, Augment(**OFF, device_share=1.0, packet_loss=0.9), RATE)
    changed = {name: (lossy[name] - clip[name]).abs().amax(dim=2) > 1e-6 for name in clip}
    assert torch.equal(changed["accelerometer"], changed["gyroscope"]) and changed["gyroscope"].any()
    assert not torch.equal(changed["gyroscope"], changed["phone_gyroscope"])
    assert torch.equal(as_recorded(clip["gyroscope"], draw_device(32, 100, Augment(), RATE), acceleration=False), clip["gyroscope"])


def test_any_mounting_prefers_no_direction() -> None:
    torch.manual_seed(0)
    turns = any_rotations(20_000)
    torch.testing.assert_close(turns @ turns.transpose(1, 2), torch.eye(3).expand_as(turns), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(len(turns)))
    assert turns.mean(dim=0).abs().max() < 0.02  # of uniform rotations; the mean trace is 0
    rest = {"accelerometer": torch.tensor([0.0, 0, 1]).expand(20_000, 2, 3)}
    up = augment(rest, Augment(**OFF, any_mounting=0.5))["accelerometer"][:, 0]
    moved = (up[:, 2] < 1 - 1e-6).float().mean().item()
    assert moved == pytest.approx(0.5, abs=0.02) and up.norm(dim=1).sub(1).abs().max() < 1e-5


@given(st.integers(0, 10_000))
def test_orientations_follow_any_mounting(seed: int) -> None:
    """Also by half a turn, where the trace is -1."""
    torch.manual_seed(seed)
    half_turns = torch.stack([torch.diag(torch.tensor(signs)) for signs in ([1.0, -1, -1], [-1.0, 1, -1], [-1.0, -1, 1])])
    turns = torch.cat([any_rotations(8), random_rotations(4, 20.0), half_turns])
    q = quaternion_of(turns)
    w, u = q[:, :1, None], q[:, None, 1:]
    vectors = torch.eye(3).expand(len(turns), 3, 3)
    cross = torch.linalg.cross(u.expand_as(vectors), vectors)
    rotated = vectors + 2 * (w * cross + torch.linalg.cross(u.expand_as(vectors), cross))
    torch.testing.assert_close(rotated.transpose(1, 2), turns, atol=2e-5, rtol=0)
    torch.testing.assert_close(q.norm(dim=1), torch.ones(len(turns)))
    still = torch.tensor([1.0, 0, 0, 0]).expand(len(turns), 1, 4)
    torch.testing.assert_close(turn_orientation(q[:, None], turns).abs(), still, atol=1e-4, rtol=0)


def test_the_other_wrist_by_hand() -> None:
    """The hand swings forward about y while x points to it: mirrored, x points to the elbow, and the swing about y is the other way."""
    both = torch.tensor([True, False])
    pair = torch.tensor([[[1.0, 2, 3]], [[1.0, 2, 3]]])
    assert mirrored("accelerometer", pair, both).tolist() == [[[-1.0, 2, 3]], [[1.0, 2, 3]]]
    assert mirrored("gyroscope", pair, both).tolist() == [[[1.0, -2, -3]], [[1.0, 2, 3]]]
    turned = mirrored("orientation", torch.tensor([[[0.5, 0.1, 0.2, 0.3]]]), both[:1])
    torch.testing.assert_close(turned, torch.tensor([[[0.5, 0.1, -0.2, -0.3]]]))


def test_the_inputs_of_a_mirrored_sensor_fit_together() -> None:
    """A sensor that turns keeps seeing gravity where its orientation says it is: da/dt = a x w, before and after."""
    torch.manual_seed(0)
    clips, step = 16, 1e-3
    rotation = torch.randn(clips, 1, 3, dtype=torch.float64)
    start = torch.nn.functional.normalize(torch.randn(clips, 1, 3, dtype=torch.float64), dim=2)
    acceleration = torch.cat([start, start + step * torch.linalg.cross(start, rotation)], dim=1)
    chosen = torch.ones(clips, dtype=torch.bool)
    a, w = mirrored("accelerometer", acceleration, chosen), mirrored("gyroscope", rotation, chosen)
    torch.testing.assert_close(a[:, 1:] - a[:, :1], step * torch.linalg.cross(a[:, :1], w), atol=1e-9, rtol=0)
    clip = {"accelerometer": acceleration, "gyroscope": rotation}
    settings = Augment(**OFF, mirror=0.5)
    out = augment(clip, settings)
    other = out["accelerometer"][:, 0, 0] == -clip["accelerometer"][:, 0, 0]
    assert 0 < other.sum() < clips and torch.equal(out["gyroscope"][:, 0, 1] == -clip["gyroscope"][:, 0, 1], other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rate_hz": (50, 20)}, r"rate_hz \[50.0, 20.0\] is not in order; give \[low, high\]"),
        ({"range_g": (5, 7)}, r"range_g \[5.0, 7.0\] holds none of 2, 4, 8 and 16; widen it"),
        ({"mirror": 2}, "mirror"),
    ],
)
def test_settings_that_say_nothing(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Augment(**settings)  # type: ignore[arg-type]
