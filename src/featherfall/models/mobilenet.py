"""MobileNet v1 (Howard et al. 2017, arXiv 1704.04861), small and permissively licensed, and its published int8 weights.

The weights are Google's `mobilenet_v1_<width>_<size>_quant.tflite` (Apache-2.0, ImageNet). In such a file batch norm is folded into the
convolutions, so this network has biases in its place: with weights it is tuned as it is, without them it learns slowly.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.errors import UserError

_PLANES = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)  # of the pointwise convolutions, at width 1
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
_IMAGENET_CLASSES = 1001  # classes, the first of which is "background"
WIDTHS = {"mobilenet_v1_025": 0.25, "mobilenet_v1_050": 0.5, "mobilenet_v1_075": 0.75, "mobilenet_v1_100": 1.0}


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's "SAME" padding: odd padding goes to the right and the bottom."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, out, ceil(H / stride), ceil(W / stride))."""
        down, across = (
            max((-(-side // step) - 1) * step + kernel - side, 0)
            for side, step, kernel in zip(input.shape[2:], self.stride, self.kernel_size, strict=True)
        )
        return super().forward(F.pad(input, (across // 2, across - across // 2, down // 2, down - down // 2)))


class MobileNetV1(nn.Module):
    """(B, 3, H, W) normalised images -> (B, classes); `width` scales the channels of every layer."""

    expects = ((128 / 255,) * 3, (128 / 255,) * 3)  # mean and sd of pictures in [0, 1]: (pixel - 128) / 128

    def __init__(self, width: float = 0.25, classes: int = _IMAGENET_CLASSES) -> None:
        super().__init__()
        planes = [max(round(count * width), 8) for count in (32, *_PLANES)]
        layers: list[nn.Module] = [SameConv(3, planes[0], 3, 2), nn.ReLU6()]
        for before, after, stride in zip(planes, planes[1:], _STRIDES, strict=False):
            layers += [SameConv(before, before, 3, stride, groups=before), nn.ReLU6(), SameConv(before, after, 1), nn.ReLU6()]
        self.features = nn.Sequential(*layers)
        for layer in self.convolutions:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.classifier = nn.Linear(planes[-1], classes)

    @property
    def convolutions(self) -> list[SameConv]:
        """The convolutions, in order."""
        return [layer for layer in self.features if isinstance(layer, SameConv)]

    def forward(self, pictures: Tensor) -> Tensor:
        return self.classifier(self.features(pictures).mean(dim=(2, 3)))


def read_tflite(path: Path) -> dict[str, Tensor]:
    """Read a `mobilenet_v1_*_quant.tflite` file as a state_dict of `MobileNetV1`: scale x (value - zero point), float32.

    Raises: `UserError` for any other file.
    """
    from featherfall.runtime.perceive.litert import open_net, opening

    net = open_net(path)
    with opening(path):
        net.allocate_tensors()
    constants: dict[str, np.ndarray] = {}
    for one in net.get_tensor_details():
        scale, zero = one["quantization"]
        if one["name"].startswith("MobilenetV1/") and scale and (name := _parameter_name(one["name"], len(one["shape"]))):
            constants[name] = (net.get_tensor(one["index"]).astype(np.float32) - zero) * np.float32(scale)
    out: dict[str, Tensor] = {}
    for name, values in constants.items():
        if name.startswith("classifier.weight"):
            values = values[:, 0, 0]
        elif values.ndim == 4:  # (1, 3, 3, C) of depthwise convolutions, (out, k, k, in) of others
            values = values.transpose(3, 0, 1, 2) if len(values) == 1 else values.transpose(0, 3, 1, 2)
        out[name] = torch.from_numpy(np.ascontiguousarray(values))
    if len(out) != 2 * (1 + 2 * len(_STRIDES) + 1):
        raise UserError(f"pretrained: {path}: not a quantised MobileNet v1 with batch norm folded in; give another file of weights")
    return out


def _parameter_name(tensor: str, dimensions: int) -> str | None:
    """Return the parameter that a constant of the file is; None for computed ones. The first of the joined names is the tensor's own."""
    first, _, _ = tensor.partition(";")
    parts = first.split("/")
    if parts[1] == "Logits":
        if parts[-1] == "BiasAdd" and dimensions == 1:
            return "classifier.bias"
        return "classifier.weight" if parts[-1] == "Conv2D" else None
    kind = {"bias": "bias", "Conv2D_Fold": "weight", "depthwise_Fold": "weight"}.get(parts[-1])
    if kind is None:
        return None
    _, number, *which = parts[2].split("_")
    block = int(number)  # Conv2d_0, Conv2d_1_depthwise, Conv2d_1_pointwise, ...
    convolution = 0 if block == 0 else 2 * block - (which == ["depthwise"])
    return f"features.{2 * convolution}.{kind}"
