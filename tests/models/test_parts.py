from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.export.logits import onnx_logits, torch_logits
from torch import Tensor

from featherfall.core.errors import UserError
from featherfall.datasets.aihub import AIHubFalls
from featherfall.export.onnx import export_onnx
from featherfall.models import build_network
from featherfall.models.count import macs, parameters
from featherfall.models.parts import PartsNet, group_by_part
from featherfall.models.taps import tap_features

SCALES = {"accelerometer": 1.0, "gyroscope": 200.0, "magnetometer": 50.0}
TWO = ["head_accelerometer", "head_gyroscope", "left_thigh_accelerometer", "left_thigh_gyroscope"]


def sensors(inputs: list[str], count: int = 3, length: int = 10) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    return {name: torch.randn(count, length, 3, generator=random) * SCALES[name.rpartition("_")[2]] for name in inputs}


def test_parts_of() -> None:
    assert group_by_part(["left_thigh_gyroscope", "head_gyroscope", "head_accelerometer", "left_thigh_accelerometer"]) == {
        "left_thigh": ["left_thigh_accelerometer", "left_thigh_gyroscope"],
        "head": ["head_accelerometer", "head_gyroscope"],
    }
    assert group_by_part(["gyroscope"]) == {"": ["gyroscope"]}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([*TWO, "head_magnetometer"], "part 'left_thigh' lacks magnetometer, which other parts have"),
        (["head_accelerometer", "pelvis_gyroscope", "pelvis_magnetometer"], "part 'head' lacks gyroscope and magnetometer"),
        (["head_accelerometer", "head_accelerometer"], "'head_accelerometer' is named twice"),
        (["head_orientation"], "end in accelerometer, gyroscope, magnetometer, not 'head_orientation'"),
        (["video"], "not 'video'"),
    ],
)
def test_inputs_that_do_not_fit(inputs: list[str], message: str) -> None:
    with pytest.raises(UserError, match=rf"model 'parts' .*{message}"):
        build_network("parts", inputs, {name: ("x", "y", "z") for name in inputs}, 2)


def test_shapes_and_sizes_are_the_originals() -> None:
    model, inputs = PartsNet(AIHubFalls.streams, 2), list(AIHubFalls.streams)
    with tap_features(model, ["blocks.0", "blocks.1", "blocks.2", "embedding"]) as features:
        assert model(sensors(inputs)).shape == (3, 2)
    # 10 samples -> (10 + 2) / 2 = 6 -> (6 + 2) / 2 = 4 -> (4 + 2) / 2 = 3
    assert [tuple(values.shape) for values in features.values()] == [(36, 16, 6), (36, 32, 4), (36, 16, 3), (3, 64)]
    convolutions = (9 * 16 * 3 + 16) + (16 * 32 * 3 + 32) + (32 * 16 * 3 + 16)
    assert parameters(model) == convolutions + 65 == 3_633
    assert macs(model, sensors(inputs)) == 12 * (12 * 16 * 27 + 8 * 32 * 48 + 6 * 16 * 96) + 64
    separate = PartsNet(AIHubFalls.streams, 2, shared=False)
    assert parameters(separate) == 12 * convolutions + 65
    assert macs(separate, sensors(inputs)) == macs(model, sensors(inputs))


@pytest.mark.parametrize("kinds", [["accelerometer"], ["gyroscope", "accelerometer"], ["accelerometer", "gyroscope", "magnetometer"]])
@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("shared", [True, False])
def test_any_parts_and_kinds(kinds: list[str], count: int, shared: bool) -> None:
    inputs = [f"part{i}_{kind}" for i in range(count) for kind in kinds]
    model = PartsNet(inputs, 2, shared)
    assert model.embed(sensors(inputs)).shape == (3, model.width) == (3, -(-16 * count // 3))
    first = 3 * len(kinds) * 16 * 3 + 16
    assert sum(value.numel() for value in model.blocks[0].parameters()) == first * (1 if shared else count)


def test_separate_weights_that_are_equal_are_shared_weights() -> None:
    shared, separate = PartsNet(TWO, 2, shared=True).eval(), PartsNet(TWO, 2, shared=False).eval()
    copied = {
        name: torch.cat([value, value]) if name.startswith("blocks") else value for name, value in shared.state_dict().items()
    }  # one after the other: the groups of a convolution
    separate.load_state_dict(copied)
    torch.testing.assert_close(separate(sensors(TWO)), shared(sensors(TWO)))


@pytest.mark.parametrize("shared", [True, False])
def test_a_part_speaks_in_its_own_features(shared: bool) -> None:
    model, clip = (
        PartsNet([f"part{i}_accelerometer" for i in range(3)], 2, shared).eval(),
        sensors([f"part{i}_accelerometer" for i in range(3)]),
    )
    changed = {**clip, "part2_accelerometer": clip["part2_accelerometer"] + 3}
    same = model.embed(changed) == model.embed(clip)
    assert (
        same[:, :10].all() and not same[:, 11:].all()
    )  # the features 0..31 of the first two parts lie in the first ten threes, and two beyond


def test_features_are_the_largest_of_three_by_hand() -> None:
    """Convolutions that pass on the middle sample: features are means of the largest of neighbours, and those of three."""
    model = PartsNet(["accelerometer"], 2, layers=(3,)).eval()
    convolution = model.blocks[0][0]  # type: ignore[index]
    with torch.no_grad():
        convolution.bias.zero_()
        convolution.weight.zero_()
        for axis in range(3):
            convolution.weight[axis, axis, 1] = 1
    clip = torch.tensor([[[1.0, -4, 0], [3, -1, 2], [2, -2, 8]]])  # T x 3
    # Padded by 2, kernel 3: 0 x[0] x[1] x[2] 0; pairs (0, x[0]) and (x[1], x[2]); the last is alone and falls away.
    wanted = max((1 + 3) / 2, 0, (0 + 8) / 2)
    assert model.embed({"accelerometer": clip}).flatten().tolist() == pytest.approx([wanted], rel=1e-4)


def test_means_of_a_second_are_the_clip_at_one_a_second() -> None:
    clip = sensors(TWO, length=500)
    slow = {name: values.unflatten(1, (10, 50)).mean(dim=2) for name, values in clip.items()}
    original, ours = PartsNet(TWO, 2, means=50).eval(), PartsNet(TWO, 2).eval()
    ours.load_state_dict(original.state_dict())
    torch.testing.assert_close(original(clip), ours(slow))
    torch.testing.assert_close(original({name: values[:, :540] for name, values in clip.items()}), original(clip))


def test_means_erase_an_impact_and_single_samples_keep_it() -> None:
    gentle = torch.ones(1, 500, 3)
    hard = gentle.clone()
    hard[:, 260], hard[:, 261:265] = 9.0, -1.0  # the same mean of that second
    for means, erased in ((50, True), (1, False)):
        model = PartsNet(["accelerometer"], 2, means=means).eval()
        assert torch.allclose(model.embed({"accelerometer": gentle}), model.embed({"accelerometer": hard}), atol=1e-5) is erased


def test_clips_shorter_than_a_mean() -> None:
    with pytest.raises(UserError, match="clips of 40 samples have no mean of 50; lower the option means"):
        PartsNet(TWO, 2, means=50)(sensors(TWO, length=40))
    with pytest.raises(UserError, match="means must be 1 or more, not 0"):
        build_network("parts", TWO, {name: ("x", "y", "z") for name in TWO}, 2, means=0)


def test_units_do_not_matter() -> None:
    """Deg/s or rad/s: the channels are brought to one scale, by no trainable number."""
    model, clip = PartsNet(TWO, 2).train(), sensors(TWO, 16)
    other = {name: values * (0.5 if name.endswith("gyroscope") else 1) for name, values in clip.items()}
    torch.testing.assert_close(model(clip), model(other), atol=1e-4, rtol=1e-4)
    assert not list(model.normalise.parameters())


@pytest.mark.parametrize("options", [{}, {"shared": False, "means": 4}])
def test_onnx_says_the_same(options: dict[str, Any], tmp_path: Path) -> None:
    model = PartsNet(TWO, 2, **options)
    model(sensors(TWO, 8, 41))
    export_onnx(model, {name: values.numpy() for name, values in sensors(TWO, 2, 41).items()}, tmp_path / "model.onnx")
    for count in (1, 5):
        clip = {name: values.numpy() for name, values in sensors(TWO, count, 41).items()}
        np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", clip), torch_logits(model, clip), atol=1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_half_precision_trains(shared: bool) -> None:
    torch.manual_seed(0)
    model, clip = PartsNet(TWO, 2, shared), sensors(TWO, 8)
    exact = model(clip)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(clip)
        torch.nn.functional.cross_entropy(rough, torch.arange(8) % 2).backward()
    torch.testing.assert_close(rough.float(), exact, atol=0.03, rtol=0)
    assert all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in model.parameters())
