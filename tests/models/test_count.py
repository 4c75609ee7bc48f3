from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from featherfall.models.count import macs, parameters
from featherfall.models.inertial import InertialNet


class ConvThenLinear(nn.Module):
    """(B, 3, 16) -> conv, 8 channels, kernel 5, stride 2 -> mean -> linear, 4."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(3, 8, 5, stride=2, padding=2)
        self.norm = nn.BatchNorm1d(8)
        self.linear = nn.Linear(8, 4)

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        return self.linear(self.norm(self.convolution(clip["a"])).mean(dim=-1))


def test_parameters_by_hand() -> None:
    assert parameters(ConvThenLinear()) == (3 * 8 * 5 + 8) + (8 + 8) + (8 * 4 + 4)


def test_macs_by_hand() -> None:
    # 8 output samples x 8 channels, each 3 x 5 products; then 8 x 4.
    for batch in (1, 7):
        assert macs(ConvThenLinear(), {"a": torch.randn(batch, 3, 16)}) == 8 * 8 * 15 + 32


def test_macs_of_grouped_convolutions() -> None:
    model = nn.Sequential(nn.Conv1d(8, 8, 3, padding=1, groups=8))
    model.forward = lambda clip: model[0](clip["a"])  # type: ignore[method-assign]
    assert macs(model, {"a": torch.randn(1, 8, 10)}) == 8 * 10 * 3


def test_macs_of_layers_whose_first_dimension_holds_more_than_clips() -> None:
    model = nn.Sequential(nn.Conv1d(3, 8, 5))
    model.forward = lambda clip: model[0](clip["a"].flatten(0, 1))  # type: ignore[method-assign]
    for batch in (1, 4):
        assert macs(model, {"a": torch.randn(batch, 6, 3, 9)}) == 6 * (5 * 8 * 15)


def test_counting_leaves_no_trace() -> None:
    model = InertialNet(["accelerometer"], 2).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    macs(model, {"accelerometer": torch.randn(2, 32, 3)})
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
