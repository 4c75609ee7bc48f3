"""BN-Inception: Inception with batch normalisation, the backbone of TSN and TRN.

Ioffe and Szegedy 2015, "Batch normalization: accelerating deep network training by reducing internal covariate shift", arXiv 1502.03167.
Names of layers are those of the widely used conversion from Caffe, so that its file of ImageNet weights loads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The file that many repositories point to; its sha256 starts as its name says (torch.hub's convention, checked).
WEIGHTS_URL = "http://data.lip6.fr/cadene/pretrainedmodels/bn_inception-52deb4733.pth"

# name: (1x1, 3x3 reduce, 3x3, double 3x3 reduce, double 3x3, width after pooling). Without 1x1: stride 2, maximum, pooling passes through.
_BLOCKS: dict[str, tuple[int, int, int, int, int, int]] = {
    "3a": (64, 64, 64, 64, 96, 32),
    "3b": (64, 64, 96, 64, 96, 64),
    "3c": (0, 128, 160, 64, 96, 0),
    "4a": (224, 64, 96, 96, 128, 128),
    "4b": (192, 96, 128, 96, 128, 128),
    "4c": (160, 128, 160, 128, 160, 128),
    "4d": (96, 128, 192, 160, 192, 128),
    "4e": (0, 128, 192, 192, 256, 0),
    "5a": (352, 192, 320, 160, 224, 128),
    "5b": (352, 192, 320, 192, 224, 128),
}
_POOLS_MAXIMUM = ("3c", "4e", "5b")


class BNInception(nn.Module):
    """(B, 3, H, W) -> (B, classes) logits. 11,295,240 parameters with 1000 classes, 10,270,240 without the classifier.

    Attributes:
        expects: (mean, sd) of RGB pictures in [0, 1] that the published weights were trained on (their own order is BGR; the forward
            pass turns it).
    """

    expects = ((128 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255))

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self._conv("conv1_7x7_s2", 3, 64, 7, 2)
        self._conv("conv2_3x3_reduce", 64, 64, 1)
        self._conv("conv2_3x3", 64, 192, 3)
        width = 192
        for name, (one, reduce, three, double_reduce, double, pooled) in _BLOCKS.items():
            stride = 1 if one else 2
            if one:
                self._conv(f"inception_{name}_1x1", width, one, 1)
            self._conv(f"inception_{name}_3x3_reduce", width, reduce, 1)
            self._conv(f"inception_{name}_3x3", reduce, three, 3, stride)
            self._conv(f"inception_{name}_double_3x3_reduce", width, double_reduce, 1)
            self._conv(f"inception_{name}_double_3x3_1", double_reduce, double, 3)
            self._conv(f"inception_{name}_double_3x3_2", double, double, 3, stride)
            if pooled:
                self._conv(f"inception_{name}_pool_proj", width, pooled, 1)
            width = one + three + double + (pooled or width)
        self.last_linear = nn.Linear(width, classes)

    def _conv(self, name: str, channels: int, width: int, kernel: int, stride: int = 1) -> None:
        self.add_module(name, nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2))
        self.add_module(f"{name}_bn", nn.BatchNorm2d(width))
        nn.init.kaiming_normal_(self.get_submodule(name).weight, nonlinearity="relu")  # type: ignore[arg-type]

    def _run(self, name: str, values: Tensor) -> Tensor:
        convolution, norm = getattr(self, name), getattr(self, f"{name}_bn")
        return F.relu(norm(convolution(values)))

    def _block(self, name: str, values: Tensor) -> Tensor:
        prefix = f"inception_{name}"
        plain = bool(_BLOCKS[name][0])
        parts = [self._run(f"{prefix}_1x1", values)] if plain else []
        parts.append(self._run(f"{prefix}_3x3", self._run(f"{prefix}_3x3_reduce", values)))
        double = self._run(f"{prefix}_double_3x3_1", self._run(f"{prefix}_double_3x3_reduce", values))
        parts.append(self._run(f"{prefix}_double_3x3_2", double))
        if not plain:
            odd = (values.shape[2] % 2, values.shape[3] % 2)  # of such a size the convolutions give half, rounded up
            parts.append(F.max_pool2d(values, 3, 2, padding=odd, ceil_mode=True))
        else:
            pooled = F.max_pool2d(values, 3, 1, 1) if name in _POOLS_MAXIMUM else F.avg_pool2d(values, 3, 1, 1)
            parts.append(self._run(f"{prefix}_pool_proj", pooled))
        return torch.cat(parts, dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        values = self._run("conv1_7x7_s2", pictures.flip(1))
        values = F.max_pool2d(values, 3, 2, ceil_mode=True)
        values = self._run("conv2_3x3", self._run("conv2_3x3_reduce", values))
        values = F.max_pool2d(values, 3, 2, ceil_mode=True)
        for name in _BLOCKS:
            values = self._block(name, values)
        return self.last_linear(values.mean(dim=(2, 3)))
