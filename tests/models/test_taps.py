from __future__ import annotations

import pytest
import torch
from torch import nn

from featherfall.models.inertial import InertialNet
from featherfall.models.taps import tap_features


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_the_named_features_of_the_last_pass() -> None:
    model = InertialNet(["accelerometer"], 4).eval()
    first, last = ({"accelerometer": torch.randn(2, 32, 3)} for _ in range(2))
    with tap_features(model, ["embedding", "blocks.0"]) as features:
        model(first)
        logits = model(last)
    torch.testing.assert_close(features["embedding"], model.embed(last))
    torch.testing.assert_close(model.head(features["embedding"]), logits)
    torch.testing.assert_close(features["blocks.0"], model.blocks[0](model.normalise(model.channels(last))))


def test_the_student_learns_through_a_tap() -> None:
    model = InertialNet(["accelerometer"], 4)
    with tap_features(model, ["embedding"]) as features:
        model({"accelerometer": torch.randn(2, 32, 3)})
    features["embedding"].sum().backward()
    assert model.blocks[0][0].weight.grad is not None


def test_hooks_are_gone_afterwards_even_after_an_error() -> None:
    model = InertialNet(["accelerometer"], 4)
    with tap_features(model, ["embedding", "head"]):
        assert hooks(model) == 2
    assert hooks(model) == 0
    with pytest.raises(KeyError), tap_features(model, ["embedding", "head"]):
        model({})
    assert hooks(model) == 0


def test_an_unknown_name_lists_the_known_ones() -> None:
    model = InertialNet(["accelerometer"], 4)
    with pytest.raises(ValueError, match=r"no submodule 'embeding'; there are .*embedding"), tap_features(model, ["embeding"]):
        pass
    assert hooks(model) == 0
