from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.export.logits import onnx_logits, torch_logits
from torch import Tensor, nn

from featherfall.core.errors import UserError
from featherfall.export.onnx import export_onnx
from featherfall.models import build_network
from featherfall.models.count import macs, parameters
from featherfall.models.r2plus1d import MonoVideoNet, NormalizeFrames, R2Plus1DBlock, VisionNet
from featherfall.models.taps import tap_features

CHANNELS = {"video": ("red", "green", "blue"), "second": ("red", "green", "blue"), "accelerometer": ("x", "y", "z")}
SMALL = ((4, 1), (8, 2), (8, 2), (4, 2))
SMALL_STUDENT = ((8, 2), (4, 4))


def film(count: int = 2, frames: int = 10, height: int = 32, width: int = 32) -> Tensor:
    return torch.randint(0, 256, (count, frames, height, width, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_a_block_by_hand() -> None:
    """One bright pixel in the middle of time and space: spread over 3 x 3 pixels, then over time by the kernel read backwards."""
    block = R2Plus1DBlock(1, 1, 1).eval()
    space, over_time = block[0], block[3]
    assert isinstance(space, nn.Conv3d) and isinstance(over_time, nn.Conv3d)
    with torch.no_grad():
        space.weight.fill_(1.0)
        over_time.weight.copy_(torch.tensor([1.0, 2.0, 3.0]).reshape(over_time.weight.shape))
    clip = torch.zeros(1, 1, 3, 5, 5)
    clip[0, 0, 1, 2, 2] = 10
    wanted = torch.zeros(1, 1, 3, 5, 5)
    wanted[0, 0, :, 1:4, 1:4] = torch.tensor([30.0, 20.0, 10.0])[:, None, None]
    torch.testing.assert_close(block(clip), wanted, rtol=2e-5, atol=0)
    assert (block(-clip) == 0).all()


def test_a_block_is_as_published() -> None:
    block = R2Plus1DBlock(3, 64, 2)
    assert [type(layer) for layer in block] == [nn.Conv3d, nn.BatchNorm3d, nn.ReLU] * 2
    assert parameters(block) == 3 * 64 * 9 + 128 + 64 * 64 * 3 + 128  # no biases
    assert block(torch.zeros(2, 3, 10, 33, 16)).shape == (2, 64, 5, 17, 8)


def test_frames_become_0_to_1_with_channels_innermost() -> None:
    frames = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(1, 2, 4, 5, 3)
    said = NormalizeFrames()(frames)
    assert said.shape == (1, 3, 2, 4, 5) and said.dtype == torch.float32
    assert said[0, :, 1, 3, 4].tolist() == pytest.approx([0, 0.2, 1])
    assert NormalizeFrames()(film()).is_contiguous(memory_format=torch.channels_last_3d)
    turned = film().permute(0, 1, 4, 2, 3).contiguous().permute(0, 1, 3, 4, 2)  # the same frames, rows innermost in memory
    assert NormalizeFrames()(turned).is_contiguous(memory_format=torch.channels_last_3d) and torch.equal(
        NormalizeFrames()(turned), NormalizeFrames()(film())
    )
    assert torch.equal(NormalizeFrames()(film().float()), NormalizeFrames()(film()))


def test_sizes_are_the_originals() -> None:
    with torch.device("meta"):  # shapes without numbers
        clip = {"video": torch.empty(1, 10, 160, 160, 3, dtype=torch.uint8)}
        teacher, student = VisionNet("video", 2), MonoVideoNet("video", 2)
    assert parameters(teacher.blocks) == 14_272 + 123_392 + 197_120 + 86_272
    assert parameters(teacher.head) == 64 + 1
    assert parameters(student) == 143_617 == 53_120 + 86_272 + (64 * 64 + 64) + (64 + 1)
    # Positions (frames x pixels) x products of each convolution, block by block: space, time.
    by_hand = [256_000 * 1_728 + 256_000 * 12_288, 64_000 * 73_728 + 32_000 * 49_152, 8_000 * 147_456 + 4_800 * 49_152]
    by_hand.append(1_200 * 73_728 + 800 * 12_288)
    assert macs(teacher, clip) == sum(by_hand) + 64
    assert round(macs(teacher, clip) / 1e9, 2) == 11.39
    assert macs(student, clip) == 64_000 * 3_456 + 32_000 * 49_152 + 2_000 * 73_728 + 800 * 12_288 + 64 * 64 + 64
    assert round(macs(student, clip) / 1e9, 2) == 1.95


@pytest.mark.parametrize("pixels", [64, 160])
def test_the_students_blocks_match_the_teachers_second_and_fourth(pixels: int) -> None:
    with torch.device("meta"):
        clip = {"video": torch.empty(1, 10, pixels, pixels, 3, dtype=torch.uint8)}
        teacher, student = VisionNet("video", 2), MonoVideoNet("video", 2)
    with tap_features(teacher, ["blocks.1", "blocks.3"]) as taught, tap_features(student, ["blocks.0", "blocks.1"]) as said:
        teacher(clip), student(clip)
    assert said["blocks.0"].shape == taught["blocks.1"].shape == (1, 128, 5, pixels // 2, pixels // 2)
    assert said["blocks.1"].shape == taught["blocks.3"].shape == (1, 64, 2, pixels // 8, pixels // 8)


@settings(max_examples=25)
@given(st.integers(1, 20), st.integers(1, 40), st.integers(1, 40))
def test_they_match_at_any_size(frames: int, height: int, width: int) -> None:
    clip = {"video": film(1, frames, height, width)}
    teacher, student = VisionNet("video", 2, SMALL).eval(), MonoVideoNet("video", 2, SMALL_STUDENT).eval()
    with (
        torch.no_grad(),
        tap_features(teacher, ["blocks.1", "blocks.3"]) as taught,
        tap_features(student, ["blocks.0", "blocks.1"]) as said,
    ):
        assert teacher(clip).shape == student(clip).shape == (1, 2)
    assert said["blocks.0"].shape == taught["blocks.1"].shape and said["blocks.1"].shape == taught["blocks.3"].shape


def test_the_embedding_is_the_mean_of_the_last_block() -> None:
    model = VisionNet("video", 2).eval()
    with torch.no_grad(), tap_features(model, ["blocks.3"]) as features:
        embedding = model.embed({"video": film()})
    assert embedding.shape == (2, model.width)
    torch.testing.assert_close(embedding, features["blocks.3"].flatten(2).mean(dim=2))


def test_the_order_of_memory_changes_nothing() -> None:
    blocks = nn.Sequential(*VisionNet("video", 2, SMALL).blocks).eval()
    frames = NormalizeFrames()(film())
    with torch.no_grad():
        torch.testing.assert_close(blocks(frames), blocks(frames.contiguous()))


@pytest.mark.parametrize("network", [MonoVideoNet("video", 2), VisionNet("video", 5, SMALL)])
def test_onnx_says_the_same(network: VisionNet, tmp_path: Path) -> None:
    network({"video": film(4)})  # moves the statistics of batch norm
    export_onnx(network, {"video": film(2).numpy()}, tmp_path / "model.onnx")
    for count in (1, 3):
        clip = {"video": film(count).numpy()}
        np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", clip), torch_logits(network, clip), atol=1e-5)


def test_half_precision_trains() -> None:
    torch.manual_seed(0)
    model, clip = MonoVideoNet("video", 2), {"video": film(4)}
    exact = model(clip)
    with torch.autocast("cpu", torch.bfloat16), tap_features(model, ["blocks.0"]) as features:
        rough = model(clip)
        (nn.functional.cross_entropy(rough, torch.tensor([0, 1, 0, 1])) + features["blocks.0"].float().square().mean()).backward()
    assert rough.dtype == features["blocks.0"].dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), exact, atol=0.02, rtol=0)
    assert all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in model.parameters())


@pytest.mark.parametrize("kind", ["video", "mono_video"])
def test_it_takes_one_film(kind: str) -> None:
    assert build_network(kind, ["second"], CHANNELS, 2).inputs == ("second",)
    for inputs in (["video", "second"], ["accelerometer"], ["video", "accelerometer"]):
        with pytest.raises(UserError, match=f"model '{kind}' .* takes one film, an input of the channels red, green, blue"):
            build_network(kind, inputs, CHANNELS, 2)


def test_without_background_only_what_moves_is_left() -> None:
    frames = torch.full((1, 4, 2, 2, 3), 51, dtype=torch.uint8)
    frames[0, 0, 0, 0] = 255  # one pixel, in one of four pictures: its mean is (255 + 3 x 51) / 4 = 102
    seen = NormalizeFrames(background=False)(frames)
    assert seen.shape == (1, 3, 4, 2, 2)
    torch.testing.assert_close(seen[0, 0, :, 0, 0], torch.tensor([153.0, -51, -51, -51]) / 255)
    assert not seen[0, :, :, 1].any()
