from __future__ import annotations

import pytest
import torch

from featherfall.core.errors import UserError
from featherfall.models.detect.net import STRIDES, Detector, grid_points

pytest.importorskip("timm", reason="detectors need timm: pip install 'featherfall[vision]'")


def pictures(count: int = 2, size: int = 64) -> dict[str, torch.Tensor]:
    return {"picture": torch.randint(0, 256, (count, 1, size, size, 3), dtype=torch.uint8)}


def test_what_it_says_of_every_place() -> None:
    model = Detector("picture", 2, backbone="mobilenetv4_conv_small_050", width=16).eval()
    said = model(pictures())
    count = sum((64 // stride) ** 2 for stride in STRIDES)
    assert said.logits.shape == (2, count, 2) and said.boxes.shape == (2, count, 4)
    middles, strides = grid_points(64)
    assert len(middles) == len(strides) == count
    # Distances are never negative, so that every box holds the place that says it.
    assert (said.boxes[..., :2] <= middles).all() and (said.boxes[..., 2:] >= middles).all()
    assert 0.002 < said.logits.sigmoid().mean() < 0.05  # at first nearly everything is background


def test_its_embedding_is_three_maps() -> None:
    model = Detector("picture", 2, backbone="mobilenetv4_conv_small_050", width=16).eval()
    assert [tuple(one.shape) for one in model.embed(pictures())] == [(2, 16, 8, 8), (2, 16, 4, 4), (2, 16, 2, 2)]


def test_its_maps_keep_the_channels_innermost_however_the_pictures_came() -> None:
    model = Detector("picture", 2, backbone="mobilenetv4_conv_small_050", width=16).eval()
    clip = pictures()
    turned = {"picture": clip["picture"].permute(0, 1, 4, 2, 3).contiguous().permute(0, 1, 3, 4, 2)}  # the same, rows innermost in memory
    for one, other in zip(model.embed(clip), model.embed(turned), strict=True):
        assert other.is_contiguous(memory_format=torch.channels_last) and torch.equal(one, other)


def test_places_by_hand() -> None:
    middles, strides = grid_points(64)
    assert middles[0].tolist() == [1 / 16, 1 / 16] and middles[1].tolist() == [3 / 16, 1 / 16]
    assert middles[-1].tolist() == [0.75, 0.75] and strides[-1] == 32


def test_a_backbone_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match=r"not known to timm; similar names: resnet"):
        Detector("picture", 2, backbone="resnet1")
    with pytest.raises(UserError, match="at strides"):
        Detector("picture", 2, backbone="vit_tiny_patch16_224")
