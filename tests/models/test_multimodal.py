from __future__ import annotations

from pathlib import Path

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
from featherfall.models.multimodal import MultimodalNet
from featherfall.models.parts import PartsNet
from featherfall.models.r2plus1d import MonoVideoNet, VisionNet
from featherfall.models.taps import tap_features

CHANNELS = {"video": ("red", "green", "blue"), "second": ("red", "green", "blue"), **{name: ("x", "y", "z") for name in AIHubFalls.streams}}
HEAD = ["head_accelerometer", "head_gyroscope"]
SMALL = {"layers": [[4, 1], [8, 2], [8, 2], [4, 2]]}


def teacher(inputs: list[str], **options: object) -> MultimodalNet:
    torch.manual_seed(0)
    model = build_network("multimodal", inputs, CHANNELS, 2, **options)
    assert isinstance(model, MultimodalNet)
    return model


def clip(inputs: list[str], count: int = 2, pixels: int = 32) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    values: dict[str, Tensor] = {name: torch.randn(count, 10, 3, generator=random) for name in inputs if name != "video"}
    return values | {"video": torch.randint(0, 256, (count, 10, pixels, pixels, 3), dtype=torch.uint8, generator=random)}


def test_sizes_are_the_originals() -> None:
    inputs = ["video", *AIHubFalls.streams]
    with torch.device("meta"):  # shapes without numbers
        model, vision, sensors = teacher(inputs), VisionNet("video", 2), PartsNet(AIHubFalls.streams, 2)
    whole = {name: values.to("meta") for name, values in clip(inputs, 1, 160).items()}
    assert parameters(model) == 432_945 == (parameters(vision) - 65) + (parameters(sensors) - 65) + (128 * 64 + 64) + (64 + 1)
    assert model.width == 128
    assert macs(model, whole) == (macs(vision, whole) - 64) + (macs(sensors, whole) - 64) + 128 * 64 + 64
    assert round(macs(model, whole) / 1e9, 2) == 11.39


def test_branches_by_channels() -> None:
    model = teacher([*HEAD, "video"])
    assert {name: branch.inputs for name, branch in model.branches.items()} == {"video": ("video",), "parts": tuple(HEAD)}
    assert model.inputs == ("video", *HEAD)
    assert model(clip(HEAD)).shape == (2, 2) and (model(clip(HEAD))[:, 0] == 0).all()


def test_options_of_branches() -> None:
    model = teacher(["video", *HEAD], hidden=7, video=SMALL, parts={"shared": False, "means": 5})
    parts, vision = model.branches["parts"], model.branches["video"]
    assert isinstance(parts, PartsNet) and isinstance(vision, VisionNet)
    assert (parts.groups, parts.means, vision.width, len(vision.blocks)) == (1, 5, 4, 4)
    assert model.width == 4 + parts.width == 4 + 6
    assert model.head[0].out_features == 7


def test_the_embedding_is_that_of_the_branches() -> None:
    model, values = teacher(["video", *HEAD]).eval(), clip(HEAD)
    vision, sensors = model.branches["video"], model.branches["parts"]
    torch.testing.assert_close(model.embed(values), torch.cat([vision.embed(values), sensors.embed(values)], dim=1))  # type: ignore[operator]


def test_pretrained_branches_leave_only_their_heads_behind() -> None:
    model, alone = teacher(["video", *HEAD]), build_network("video", ["video"], CHANNELS, 2)
    branch = model.branches["video"]
    kept = branch.state_dict().keys()
    assert {name for name in alone.state_dict() if name not in kept} == {"head.0.weight", "head.0.bias"}
    branch.load_state_dict({name: values for name, values in alone.state_dict().items() if name in kept})
    values = clip(HEAD)
    torch.testing.assert_close(branch.eval().embed(values), alone.eval().embed(values))  # type: ignore[operator]


def test_the_student_learns_from_the_vision_branch() -> None:
    model, student, values = teacher(["video", *HEAD]).eval(), MonoVideoNet("video", 2), clip(HEAD)
    taps = ["branches.video.blocks.1", "branches.video.blocks.3"]
    with torch.no_grad(), tap_features(model, taps) as taught, tap_features(student, ["blocks.0", "blocks.1"]) as said:
        model(values), student(values)
    assert [said[name].shape for name in ("blocks.0", "blocks.1")] == [taught[name].shape for name in taps]


def test_onnx_says_the_same(tmp_path: Path) -> None:
    model = teacher(["video", *HEAD], video=SMALL)
    model(clip(HEAD, 4))
    export_onnx(model, {name: values.numpy() for name, values in clip(HEAD).items()}, tmp_path / "model.onnx")
    for count in (1, 3):
        values = {name: value.numpy() for name, value in clip(HEAD, count).items()}
        np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", values), torch_logits(model, values), atol=1e-5)


def test_half_precision_trains() -> None:
    model, values = teacher(["video", *HEAD], video=SMALL), clip(HEAD, 4)
    exact = model(values)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(values)
        torch.nn.functional.cross_entropy(rough, torch.tensor([0, 1, 0, 1])).backward()
    torch.testing.assert_close(rough.float(), exact, atol=0.03, rtol=0)
    assert all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (["video"], {}, "takes a film and sensors"),
        (HEAD, {}, "takes a film and sensors"),
        (["video", "second", *HEAD], {}, r"model 'video' with inputs \['video', 'second'\]: it takes one film"),
        (["video", *HEAD, "pelvis_gyroscope"], {}, "model 'parts' .* part 'pelvis' lacks accelerometer"),
        (["video", *HEAD], {"video": {"layer": 3}}, "model 'video' .*layer"),
        (["video", *HEAD], {"vision": {}}, "model 'multimodal' .*vision"),
    ],
)
def test_errors_name_the_branch_and_the_fault(inputs: list[str], options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_network("multimodal", inputs, CHANNELS, 2, **options)
