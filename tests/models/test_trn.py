from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import pytest
import torch
from torch import nn

pytest.importorskip("torchvision", reason="torchvision is not installed (extra 'vision')")

from featherfall.core.errors import UserError
from featherfall.core.skeletons import KINECT_20, channel_names
from featherfall.models import build_network
from featherfall.models.taps import tap_features
from featherfall.models.trn import _CROPS, TRN, FilmPictures, Relations, _random_crops

CHANNELS = {"skeleton": channel_names(KINECT_20), "film": ("red", "green", "blue")}


def teacher(input: str = "skeleton", **options: Any) -> TRN:
    torch.manual_seed(0)
    model = build_network("trn", [input], CHANNELS, 4, **{"size": 32, "backbone": "resnet18", "segments": 4, **options})
    assert isinstance(model, TRN)
    return model


def films(count: int = 2, length: int = 10) -> torch.Tensor:
    return torch.randint(0, 256, (count, length, 40, 48, 3), dtype=torch.uint8)


@pytest.mark.parametrize("backbone", ["bn_inception", "resnet18", "mobilenet_v3_small"])
def test_skeletons_and_films_to_logits_and_a_feature_as_wide_as_the_students(backbone: str) -> None:
    for clip in ({"skeleton": torch.randn(2, 30, 60)}, {"film": films()}):
        model = teacher(*clip, backbone=backbone).eval()
        with tap_features(model, ["embedding"]) as features, torch.no_grad():
            assert model(clip).shape == (2, 4)
        assert features["embedding"].shape == (2, 300) and model.width == 300
        torch.testing.assert_close(features["embedding"], model.embed(clip))


def test_the_feature_is_the_mean_over_segments() -> None:
    model = teacher().eval()
    clip = {"skeleton": torch.randn(2, 30, 60)}
    torch.testing.assert_close(model.embed(clip), model.features(clip).mean(dim=1))


def test_evaluation_is_deterministic_and_training_is_not() -> None:
    model = teacher(dropout=0.0).eval()
    clip = {"skeleton": torch.randn(3, 40, 60)}
    assert torch.equal(model(clip), model(clip))
    model.train()
    assert not torch.equal(model(clip), model(clip))


def test_relations_by_hand() -> None:
    torch.manual_seed(0)
    relations = Relations(segments=3, width=2, classes=5, relations=2).eval()
    features = torch.randn(4, 3, 2)
    three, two = relations.networks
    pairs = torch.stack([two(features[:, pair].flatten(1)) for pair in ([0, 1], [0, 2], [1, 2])])
    expected = three(features.flatten(1)) + 2 * pairs.mean(dim=0)  # two of the three pairs, on average
    torch.testing.assert_close(relations(features), expected)


def test_evaluation_is_what_training_gives_on_average() -> None:
    relations = Relations(segments=4, width=3, classes=2, relations=3)
    features = torch.randn(2, 4, 3)
    relations.train()
    mean = torch.stack([relations(features) for _ in range(3000)]).mean(dim=0)
    torch.testing.assert_close(mean, relations.eval()(features), atol=0.02, rtol=0)


def test_relations_are_of_ordered_frames_and_their_networks_have_the_published_shape() -> None:
    relations = Relations(segments=8, width=300, classes=27)
    for k, network in zip(range(8, 1, -1), relations.networks, strict=True):
        frames = getattr(relations, f"frames_{k}")
        assert frames.tolist() == [list(chosen) for chosen in combinations(range(8), k)] and len(frames) == comb(8, k)
        assert [type(layer) for layer in network] == [nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]  # type: ignore[arg-type]
        assert network[1].in_features == k * 300 and network[1].out_features == network[3].in_features == 256  # type: ignore[index]
    features = torch.randn(1, 8, 300)
    assert not torch.allclose(relations.eval()(features), relations(features.flip(1)), atol=1e-3)


def test_frames_of_segments() -> None:
    model = teacher(segments=4)
    scene = torch.arange(40.0)[None, :, None].expand(300, 40, 1)
    drawn = model.train()._frames(scene)[..., 0]
    assert drawn.shape == (300, 4)
    for i in range(4):
        assert set(drawn[:, i].int().tolist()) == set(range(10 * i, 10 * i + 10))
    assert model.eval()._frames(scene)[0, :, 0].tolist() == [5, 15, 25, 35]
    assert model._frames(scene[:, :2])[0, :, 0].tolist() == [0, 0, 1, 1]  # fewer frames than segments


def test_films_are_cropped_to_the_centre_in_evaluation() -> None:
    frames = torch.zeros(1, 1, 40, 80, 3, dtype=torch.uint8)
    frames[:, :, :, 40:, 0] = 255
    pictures = FilmPictures(20).eval()(frames)
    assert pictures.shape == (1, 1, 3, 20, 20)
    assert pictures[0, 0, 0, :, :9].max() == 0 and pictures[0, 0, 0, :, 11:].min() == 1 and not pictures[0, 0, 1:].any()


def test_random_crops_stay_inside_and_are_the_same_for_all_frames_of_a_clip() -> None:
    torch.manual_seed(0)
    theta = _random_crops(500, 0.75, 1.0)
    share, shift = theta[:, [0, 1], [0, 1]], theta[:, :, 2]
    assert set((share[:, 1] * 1000).round().int().tolist()) == {int(1000 * side) for side in _CROPS}
    assert (share[:, 0] <= 0.75).all() and ((share + shift.abs()) <= 1 + 1e-6).all() and (theta[:, 0, 1] == 0).all()
    model = FilmPictures(16).train()
    frames = films(3, 1).expand(3, 5, 40, 48, 3)
    pictures = model(frames)
    assert torch.equal(pictures[:, 0], pictures[:, 4]) and pictures.min() >= 0 and pictures.max() <= 1 + 1e-6


def test_partial_bn_freezes_all_but_the_first() -> None:
    model = teacher()
    model.partial_bn = True
    model.train()
    norms = [module for module in model.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms[0].training and norms[0].weight.requires_grad
    assert not any(norm.training or norm.weight.requires_grad for norm in norms[1:])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"segments": 1}, "at least 2 segments"), ({"partial_bn": True}, "pretrained"), ({"backbone": "nonet"}, "nonet")],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        teacher(**options)
