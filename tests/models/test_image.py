from __future__ import annotations

import pytest
import torch

pytest.importorskip("torchvision", reason="torchvision is not installed (extra 'vision')")

from featherfall.core.errors import UserError
from featherfall.core.training_settings import Training
from featherfall.models.build import build_network
from featherfall.models.image import PictureNet
from featherfall.training.optim import optimizer_for

CHANNELS = {"picture": ("red", "green", "blue"), "accelerometer": ("x", "y", "z")}
PICTURES = torch.randint(0, 256, (4, 1, 32, 32, 3), dtype=torch.uint8)


def net(**options: object) -> PictureNet:
    torch.manual_seed(0)
    model = build_network("image", ["picture"], CHANNELS, 2, **options)
    assert isinstance(model, PictureNet)
    return model


def step(model: PictureNet) -> None:
    optimizer = optimizer_for(model.parameters(), Training(lr=0.1))
    torch.nn.functional.cross_entropy(model({"picture": PICTURES}), torch.tensor([0, 1, 0, 1])).backward()
    optimizer.step()


def test_a_picture_becomes_logits() -> None:
    model = net().eval()
    assert model.width == 512 and model.head.in_features == 512
    logits = model({"picture": PICTURES})
    assert logits.shape == (4, 2)
    torch.testing.assert_close(logits, model({"picture": PICTURES.float()}))  # mixed pictures are float
    features = model.backbone(PICTURES[:, 0].permute(0, 3, 1, 2) / 255)
    torch.testing.assert_close(logits, model.head(features))


def test_features_of_several_pictures_are_averaged() -> None:
    model = net(dropout=0.0).eval()
    film = torch.cat([PICTURES[:1], PICTURES[1:2]], dim=1)
    single = model({"picture": PICTURES[:2]})
    torch.testing.assert_close(model({"picture": film})[0], single.mean(dim=0))


def test_a_frozen_backbone_stays_as_it_is() -> None:
    model = net(frozen=True)
    assert model.training and model.dropout.training and not any(module.training for module in model.backbone.modules())
    before = {name: values.clone() for name, values in model.state_dict().items()}
    step(model)
    changed = {name for name, values in model.state_dict().items() if not torch.equal(values, before[name])}
    assert changed == {"head.weight", "head.bias"}
    assert all(parameter.grad is None for parameter in model.backbone.parameters())
    assert not model.eval().head.training and model.train().head.training and not model.backbone.training


def test_a_frozen_backbone_sees_a_picture_once() -> None:
    model, seen = net(frozen=True, dropout=0.0), []
    model.backbone.register_forward_hook(lambda module, given, features: seen.append(len(features)))
    first = model({"picture": PICTURES[:2]})
    again = model({"picture": PICTURES[1:3]})
    assert sum(seen) == 3
    torch.testing.assert_close(again[0], first[1])
    torch.testing.assert_close(again, model.eval()({"picture": PICTURES[1:3]}), rtol=1e-3, atol=1e-3)  # one by one, and as a batch
    model({"picture": PICTURES[1:3]})
    assert sum(seen) == 7  # evaluated pictures are always computed
    tuned = net(dropout=0.0)
    tuned.backbone.register_forward_hook(lambda module, given, features: seen.append(len(features)))
    for _ in range(2):
        tuned({"picture": PICTURES[:2]})
    assert sum(seen) == 11


def test_a_tuned_backbone_learns() -> None:
    model = net()
    before = {name: values.clone() for name, values in model.state_dict().items()}
    step(model)
    same = {name for name, values in model.state_dict().items() if torch.equal(values, before[name])}
    assert not same  # batch norm's statistics among them


def test_what_it_cannot_see_is_refused() -> None:
    with pytest.raises(UserError, match="it takes one film"):
        build_network("image", ["accelerometer"], CHANNELS, 2)
    with pytest.raises(UserError, match="unexpected keyword argument 'froze'"):
        build_network("image", ["picture"], CHANNELS, 2, froze=True)
