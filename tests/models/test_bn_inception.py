from __future__ import annotations

import pytest
import torch
from torch import nn

from featherfall.models.bn_inception import BNInception
from featherfall.models.count import macs, parameters


def test_parameters_are_those_of_the_published_network() -> None:
    model = BNInception()
    assert parameters(model) == 11_295_240
    assert parameters(model) - parameters(model.last_linear) == 10_270_240
    names = model.state_dict()
    assert len(names) == 485  # 69 convolutions with bias, as many batch norms of five tensors, one linear layer
    assert {"conv1_7x7_s2.weight", "inception_4c_pool_proj_bn.running_mean", "inception_5b_double_3x3_2.bias", "last_linear.bias"} <= set(
        names
    )
    assert names["inception_4d_1x1.weight"].shape == (96, 608, 1, 1)
    assert names["inception_5a_1x1.weight"].shape == (352, 1056, 1, 1)


def test_widths_of_the_blocks() -> None:
    model = BNInception(classes=2).eval()
    widths = {"3a": 256, "3b": 320, "3c": 576, "4a": 576, "4b": 576, "4c": 608, "4d": 608, "4e": 1056, "5a": 1024, "5b": 1024}
    values = torch.zeros(1, 192, 28, 28)
    for name, width in widths.items():
        values = model._block(name, values)
        assert values.shape[1] == width
    assert values.shape[2:] == (7, 7)


@pytest.mark.parametrize("size", [48, 64, 75, 97])
def test_any_size(size: int) -> None:
    assert BNInception(classes=3).eval()(torch.rand(2, 3, size, size)).shape == (2, 3)


def test_macs_at_the_published_size() -> None:
    class OfClip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = BNInception()

        def forward(self, clip: dict[str, torch.Tensor]) -> torch.Tensor:
            return self.net(clip["picture"])

    assert macs(OfClip(), {"picture": torch.zeros(1, 3, 224, 224)}) == pytest.approx(2.0e9, rel=0.05)


def test_published_weights_see_blue_first() -> None:
    model = BNInception(classes=2).eval()
    seen: list[torch.Tensor] = []
    model.conv1_7x7_s2.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    rgb = torch.rand(1, 3, 32, 32)
    model(rgb)
    assert torch.equal(seen[0], rgb[:, [2, 1, 0]])
