"""Inertial network: the wrist student, and the inertial branch of teachers.

Shapes: B clips, T samples, C channels. Inputs are in raw physical units; all preprocessing is part of the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.models.inputs import Channels

GYROSCOPE_SCALE = 1 / 180  # deg/s -> half turns a second, so that channels start at similar sizes
LOWPASS = 25  # samples; half a second at 50 Hz, which separates posture from motion
SECOND = 51  # samples at 50 Hz, odd
POSTURE_CHANNELS = 6


def conv_block(channels: int, width: int, kernel: int, stride: int) -> nn.Sequential:
    """Conv1d -> BatchNorm -> ReLU on (B, channels, T) -> (B, width, T / stride)."""
    return nn.Sequential(
        nn.Conv1d(channels, width, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)
    )


def magnitude(vectors: Tensor) -> Tensor:
    """Map (B, C, T) -> (B, 1, T); the small constant keeps the gradient finite at rest."""
    return (vectors.square().sum(dim=1, keepdim=True) + 1e-6).sqrt()


def moving_mean(values: Tensor, width: int) -> Tensor:
    """Return the mean over `width` (odd) samples around each, fewer at the edges; (B, C, T).

    By running sums, whose cost does not grow with the width: a quarter of `avg_pool1d`'s time here, a third in ONNX Runtime.
    """
    count, half = values.shape[-1], width // 2
    sums = F.pad(values, (half + 1, half)).cumsum(dim=-1)
    at = torch.arange(count, device=values.device)
    seen = (at + half + 1).clamp(max=count) - (at - half).clamp(min=0)
    return (sums[..., width:] - sums[..., :-width]) / seen


class InertialChannels(nn.Module):
    """Raw inputs -> the channels of the convolutions.

    accelerometer a (g): a, |a| - 1, low-passed a (posture), |a - low-pass| (motion): 8 channels; with `posture`, those of
    `posture_channels` as well.
    gyroscope w (deg/s): w, |w| in half turns a second: 4 channels. orientation (quaternion): where up is, seen from the sensor: 3 channels.
    """

    WIDTHS = {"accelerometer": 8, "gyroscope": 4, "orientation": 3}

    def __init__(self, inputs: Sequence[str], posture: bool = False) -> None:
        super().__init__()
        self.inputs = tuple(inputs)
        self.posture = posture
        accelerometers = sum(kind_of(name) == "accelerometer" for name in self.inputs)
        self.channels = sum(self.WIDTHS[kind_of(name)] for name in self.inputs) + POSTURE_CHANNELS * accelerometers * posture

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, channels, T)."""
        parts: list[Tensor] = []
        for name in self.inputs:
            values = clip[name].transpose(1, 2)
            kind = kind_of(name)
            if kind == "accelerometer":
                slow = moving_mean(values, LOWPASS)
                parts += [values, magnitude(values) - 1, slow, magnitude(values - slow)]
                if self.posture:
                    parts.append(posture_channels(values, slow))
            elif kind == "gyroscope":
                turns = values * GYROSCOPE_SCALE
                parts += [turns, magnitude(turns)]
            else:
                parts.append(up_direction(values))
        return torch.cat(parts, dim=1)


def posture_channels(acceleration: Tensor, slow: Tensor) -> Tensor:
    """Return what does not depend on how the sensor is mounted; (B, 3, T) g, and its low-pass -> (B, 6, T).

    The cosines of the angles from the posture at each time to that of the window's first and of its last quarter; the low-pass's
    magnitude - 1; the motion along the vertical and across it; the motion's mean over a second.
    """
    up, motion = F.normalize(slow, dim=1), acceleration - slow
    quarter = slow.shape[-1] // 4
    before = F.normalize(slow[..., :quarter].mean(dim=-1, keepdim=True), dim=1)
    after = F.normalize(slow[..., -quarter:].mean(dim=-1, keepdim=True), dim=1)
    turned = [(up * reference).sum(dim=1, keepdim=True) for reference in (before, after)]
    vertical = (motion * up).sum(dim=1, keepdim=True)
    return torch.cat(
        [*turned, magnitude(slow) - 1, vertical, magnitude(motion - vertical * up), moving_mean(magnitude(motion), SECOND)], dim=1
    )


def up_direction(quaternions: Tensor) -> Tensor:
    """Map (B, 4, T) orientations (scalar first, sensor to world) -> (B, 3, T) unit vectors: the world's up in the sensor's axes."""
    w, x, y, z = F.normalize(quaternions, dim=1).unbind(dim=1)
    return torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], dim=1)


def kind_of(name: str) -> str:
    """ "watch_accelerometer" -> "accelerometer"; raises ValueError for an input this network does not know."""
    for kind in InertialChannels.WIDTHS:
        if name.endswith(kind):
            return kind
    raise ValueError(f"an inertial model takes inputs that end in {', '.join(InertialChannels.WIDTHS)}, not {name!r}")


class InertialNet(nn.Module):
    """1-D convolutions, pooling into thirds of time, linear.

    Arguments:
        inputs: names of the inputs, each a key of the clip.
        classes: number of logits.
        layers: (width, kernel, stride) of each convolution.
        thirds: segments of time that are averaged separately; their order distinguishes opposite actions.
        peaks: also keep the maximum of each segment: an impact is short.
        posture: add channels that do not depend on how an accelerometer is mounted, see `posture_channels`.
        dropout: before the classifier.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        classes: int,
        layers: Sequence[tuple[int, int, int]] = ((32, 9, 2), (48, 5, 2), (64, 5, 2), (64, 3, 1)),
        thirds: int = 3,
        peaks: bool = False,
        posture: bool = False,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        self.inputs = tuple(inputs)
        self.channels = InertialChannels(inputs, posture)
        self.normalise = nn.BatchNorm1d(self.channels.channels, affine=False)
        widths = [self.channels.channels, *(width for width, _, _ in layers)]
        self.blocks = nn.Sequential(*(conv_block(widths[i], *layer) for i, layer in enumerate(layers)))
        self.pool = TimeSegments(thirds, peaks)
        self.embedding = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.width = widths[-1] * thirds * (2 if peaks else 1)
        self.head = nn.Linear(self.width, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, width)."""
        features = self.blocks(self.normalise(self.channels(clip)))
        return self.embedding(self.pool(features))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, classes) logits."""
        return self.head(self.dropout(self.embed(clip)))


class TimeSegments(nn.Module):
    """(B, W, T) -> (B, W, segments), or (B, W, 2 segments) with peaks: mean (and maximum) of each segment of time.

    Adaptive pooling, written as slices so that it exports to plain operators.
    """

    def __init__(self, segments: int, peaks: bool = False) -> None:
        super().__init__()
        self.segments, self.peaks = segments, peaks

    def forward(self, features: Tensor) -> Tensor:
        count = features.shape[-1]
        bounds = [(count * i // self.segments, -(-count * (i + 1) // self.segments)) for i in range(self.segments)]
        parts = [features[..., start:stop] for start, stop in bounds]
        pooled = [part.mean(dim=-1) for part in parts]
        if self.peaks:
            pooled += [part.amax(dim=-1) for part in parts]
        return torch.stack(pooled, dim=-1)


@register("model", "inertial", looks_at=["window"])
def build_inertial(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Wrist student, and the inertial branch of teachers: 1-D convolutions on worn sensors."""
    return InertialNet(inputs, classes, **options)
