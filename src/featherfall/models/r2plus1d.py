"""R(2+1)D networks for video: the vision branch of the multi-modal teacher, and the mono-modal student.

Blocks of a convolution over space, then one over time (Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action
Recognition", CVPR 2018, arXiv 1711.11248); widths and strides of the system "multi-modal to mono-modal" for AI Hub 71641, whose clips are
10 frames of 160 x 160 pixels.

Shapes: B clips, T frames, H x W pixels. Any T, H, W from 1 up will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.models.heads import make_head
from featherfall.models.inputs import Channels, one_film

TEACHER = ((64, 1), (128, 2), (128, 2), (64, 2))  # (width, stride) of each block
STUDENT = ((128, 2), (64, 4))


class R2Plus1DBlock(nn.Sequential):
    """(B, channels, T, H, W) -> (B, width, ceil(T / stride), ceil(H / stride), ceil(W / stride)), values >= 0.

    Conv3d 1 x 3 x 3 -> BN -> ReLU -> Conv3d 3 x 1 x 1 -> BN -> ReLU, without biases; the first strides over space, the second over time.
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__(
            nn.Conv3d(channels, width, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
            nn.Conv3d(width, width, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
        )


class NormalizeFrames(nn.Module):
    """(B, T, H, W, 3) RGB, uint8 (or float 0 .. 255) -> (B, 3, T, H, W) float32 in [0, 1].

    In memory the channels lie innermost (`torch.channels_last_3d`), however the frames came. All layers after it keep that order, in
    which a training step on a CPU takes two thirds of the time.

    Arguments:
        background: False subtracts the clip's mean picture, so that what does not move is 0 and the rest is in [-1, 1].
    """

    def __init__(self, background: bool = True) -> None:
        super().__init__()
        self.background = background

    def forward(self, frames: Tensor) -> Tensor:
        pictures = frames.contiguous().float() / 255
        if not self.background:
            pictures = pictures - pictures.mean(dim=1, keepdim=True)
        return pictures.permute(0, 4, 1, 2, 3)


class VisionNet(nn.Module):
    """R(2+1)D blocks -> mean over time and space -> head.

    Two classes share one logit, see `featherfall.models.heads`. The blocks can be tapped: "blocks.0", "blocks.1", ...

    Arguments:
        input: name of the clip's video.
        classes: number of logits.
        layers: (width, stride) of each block.
        hidden: width of a hidden layer of the head; None for a linear head.
        background: see `NormalizeFrames`; False is for cameras that stand still.
    """

    def __init__(
        self, input: str, classes: int, layers: Sequence[tuple[int, int]] = TEACHER, hidden: int | None = None, background: bool = True
    ) -> None:
        super().__init__()
        self.inputs = (input,)
        self.frames = NormalizeFrames(background)
        widths = [3, *(width for width, _ in layers)]
        self.blocks = nn.ModuleList(R2Plus1DBlock(widths[i], width, stride) for i, (width, stride) in enumerate(layers))
        self.embedding = nn.Identity()
        self.width = widths[-1]
        self.head = make_head(self.width, classes, hidden)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, H, W, 3) uint8} -> (B, width)."""
        features = self.frames(clip[self.inputs[0]])
        for block in self.blocks:
            features = block(features)
        pooled: Tensor = self.embedding(torch.mean(features, dim=(2, 3, 4)))
        return pooled

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, H, W, 3) uint8} -> (B, classes) logits."""
        logits: Tensor = self.head(self.embed(clip))
        return logits


class MonoVideoNet(VisionNet):
    """The student: two blocks, and a hidden layer in the head.

    Its blocks end in the shapes of the teacher's second and fourth, for any T, H and W: "blocks.0" may learn from the teacher's "blocks.1"
    and "blocks.1" from its "blocks.3".
    """

    def __init__(
        self, input: str, classes: int, layers: Sequence[tuple[int, int]] = STUDENT, hidden: int | None = 64, background: bool = True
    ) -> None:
        super().__init__(input, classes, layers, hidden, background)


@register("model", "video", looks_at=["film", "picture"])
def build_video(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Film teacher: four R(2+1)D blocks."""
    return VisionNet(one_film(inputs, channels), classes, **options)


@register("model", "mono_video", looks_at=["film", "picture"])
def build_mono_video(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Film student: two R(2+1)D blocks."""
    return MonoVideoNet(one_film(inputs, channels), classes, **options)
