from __future__ import annotations

from math import sqrt

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from featherfall.models.count import parameters
from featherfall.models.inertial import InertialChannels, InertialNet, TimeSegments, kind_of, moving_mean, posture_channels


@pytest.mark.parametrize("inputs", [["accelerometer"], ["accelerometer", "gyroscope"]])
def test_the_student_is_feather_light(inputs: list[str]) -> None:
    model = InertialNet(inputs, classes=27).eval()
    assert parameters(model) <= 50_000
    assert model({name: torch.randn(2, 160, 3) for name in inputs}).shape == (2, 27)


def test_channels_of_an_accelerometer_at_a_constant_value() -> None:
    channels = InertialChannels(["accelerometer"])({"accelerometer": torch.tensor([0.0, 3.0, 4.0]).expand(1, 30, 3)})
    expected = torch.tensor([0, 3, 4, 5 - 1, 0, 3, 4, 0], dtype=torch.float32)  # a, |a| - 1, low-passed a, |a - low-pass|
    torch.testing.assert_close(channels, expected[None, :, None].expand(1, 8, 30), atol=2e-3, rtol=0)


def test_the_low_pass_averages_what_there_is_at_the_edges() -> None:
    ramp = torch.zeros(1, 40, 3)
    ramp[0, :, 0] = torch.arange(40.0)
    channels = InertialChannels(["accelerometer"])({"accelerometer": ramp})[0]
    slow = channels[4]  # of x, over 25 samples
    assert slow[0].item() == pytest.approx(sum(range(13)) / 13)
    assert slow[20].item() == pytest.approx(20)
    assert slow[39].item() == pytest.approx(sum(range(27, 40)) / 13)
    assert channels[7, 0].item() == pytest.approx(6, abs=1e-3)
    assert channels[7, 20].item() == pytest.approx(0, abs=2e-3)


def test_channels_of_a_gyroscope() -> None:
    channels = InertialChannels(["wrist_gyroscope"])({"wrist_gyroscope": torch.tensor([[[180.0, 0.0, -360.0]]])})
    assert channels.flatten().tolist() == pytest.approx([1, 0, -2, sqrt(5)], rel=1e-5)


@pytest.mark.parametrize(
    ("quaternion", "up"),
    [
        ([1.0, 0.0, 0.0, 0.0], [0, 0, 1]),
        ([sqrt(0.5), sqrt(0.5), 0.0, 0.0], [0, 1, 0]),  # a quarter turn about x: the sensor's y points up
        ([sqrt(0.5), 0.0, sqrt(0.5), 0.0], [-1, 0, 0]),  # a quarter turn about y: its x points down
        ([sqrt(0.5), 0.0, 0.0, sqrt(0.5)], [0, 0, 1]),  # a turn about the vertical changes nothing
        ([2.0, 2.0, 0.0, 0.0], [0, 1, 0]),  # the length does not matter
    ],
)
def test_an_orientation_says_where_up_is(quaternion: list[float], up: list[float]) -> None:
    channels = InertialChannels(["wrist_orientation"])({"wrist_orientation": torch.tensor([[quaternion]])})
    assert channels.flatten().tolist() == pytest.approx(up, abs=1e-6)


def test_kind_of_goes_by_the_end_of_the_name() -> None:
    assert kind_of("watch_accelerometer") == "accelerometer"
    assert kind_of("gyroscope") == "gyroscope"
    with pytest.raises(ValueError, match="not 'skeleton'"):
        kind_of("skeleton")


def test_a_wrist_at_rest_has_finite_gradients() -> None:
    clip = {"accelerometer": torch.zeros(2, 32, 3, requires_grad=True)}
    InertialNet(["accelerometer"], 2)(clip).sum().backward()
    assert torch.isfinite(clip["accelerometer"].grad).all()  # type: ignore[arg-type]


@given(st.integers(1, 60), st.integers(1, 7))
def test_time_segments_are_adaptive_average_pooling(length: int, segments: int) -> None:
    features = torch.randn(2, 3, length, dtype=torch.float64)
    torch.testing.assert_close(TimeSegments(segments)(features), F.adaptive_avg_pool1d(features, segments))


def test_time_segments_with_peaks_by_hand() -> None:
    features = torch.tensor([[[1.0, 3.0, -5.0, -1.0]]])
    assert TimeSegments(2, peaks=True)(features).tolist() == [[[2, -3, 3, -1]]]  # means, then maxima
    model = InertialNet(["accelerometer"], 2, peaks=True).eval()
    clip = {"accelerometer": torch.randn(2, 48, 3)}
    assert model.embed(clip).shape == (2, model.width) and model(clip).shape == (2, 2)


def test_pooling_in_thirds_tells_before_from_after() -> None:
    model = InertialNet(["accelerometer"], 2).eval()
    clip = torch.randn(1, 48, 3)
    assert not torch.allclose(model({"accelerometer": clip}), model({"accelerometer": clip.flip(1)}), atol=1e-3)


@given(st.integers(1, 80), st.integers(0, 12))
def test_moving_mean_is_average_pooling(length: int, half: int) -> None:
    width = 2 * half + 1
    values = torch.randn(2, 3, length, dtype=torch.float64)
    pooled = torch.nn.functional.avg_pool1d(values, width, 1, half, count_include_pad=False)
    torch.testing.assert_close(moving_mean(values, width), pooled)


def test_posture_channels_by_hand() -> None:
    # At rest along z, then along x from the middle on: 90 degrees from before, 0 from after.
    still = torch.zeros(1, 3, 400)
    still[:, 2, :200], still[:, 0, 200:] = 1.0, 1.0
    channels = posture_channels(still, moving_mean(still, 25))
    assert channels.shape == (1, 6, 400)
    torch.testing.assert_close(channels[0, :, 20], torch.tensor([1.0, 0, 0, 0, 0, 0]), atol=2e-3, rtol=0)
    torch.testing.assert_close(channels[0, :, 380], torch.tensor([0.0, 1, 0, 0, 0, 0]), atol=2e-3, rtol=0)
    # A push of .5 g along the vertical for one sample of 25.
    pushed = torch.zeros(1, 3, 400)
    pushed[:, 2] = 1.0
    pushed[:, 2, 200] = 1.5
    vertical, across = posture_channels(pushed, moving_mean(pushed, 25))[0, 3:5, 200]
    assert float(vertical) == pytest.approx(0.5 * 24 / 25, abs=1e-3)
    assert float(across) == pytest.approx(0, abs=2e-3)


def test_posture_channels_do_not_depend_on_the_mounting() -> None:
    torch.manual_seed(0)
    values = torch.randn(4, 3, 300)
    turn = torch.linalg.qr(torch.randn(3, 3))[0]
    turned = torch.einsum("ij,bjt->bit", turn, values)
    torch.testing.assert_close(
        posture_channels(turned, moving_mean(turned, 25)), posture_channels(values, moving_mean(values, 25)), atol=1e-4, rtol=1e-4
    )


def test_posture_adds_its_channels_to_each_accelerometer() -> None:
    net = InertialNet(["accelerometer", "gyroscope"], 2, posture=True).eval()
    assert net.channels.channels == 8 + 6 + 4
    assert net({"accelerometer": torch.zeros(2, 300, 3), "gyroscope": torch.zeros(2, 300, 3)}).isfinite().all()
