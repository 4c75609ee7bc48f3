"""Falls from a camera's keypoints: features independent of the person's place and size in the image, and a small network.

Shapes: B clips, T frames, 17 joints of `COCO_17`; x right and y down in picture heights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.models.inertial import TimeSegments, conv_block
from featherfall.models.inputs import Channels

_FACE, _SHOULDERS, _HIPS, _KNEES, _ANKLES = slice(0, 5), slice(5, 7), slice(11, 13), slice(13, 15), slice(15, 17)
_MIN_SCORE = 0.1  # joints of a lower score do not count for the box
_VISIBLE_SCORE = 0.3  # joints of this score or more are counted as visible
_SMOOTHING = 0.2  # weight of the neighbouring frame, of the next but one _SMOOTHING ** 2, ...
_MAX_VELOCITY = 4.0  # body sizes a second; faster changes are jumps of the pose estimator
_MIN_SIZE = 0.02  # picture heights, the smallest body size; keeps divisions finite
_TINY = 1e-6


class KeypointFeatures(nn.Module):
    """(B, T, 51) keypoints, any of them NaN -> (B, `channels`, T) finite features.

    A joint's place is the mean over time of its places, weighted by score and by `_SMOOTHING` to the power of the frames between: steady
    where it is well seen, interpolated where it is not. Lengths are in body sizes: the 85th percentile over the clip of the diagonal of the
    box around the seen joints, the measure that a fall changes least. The ground is the 85th percentile of the lowest of hips, knees and
    ankles. Per frame:

    - heights over the ground of head, shoulders, hips and knees; the trunk's direction (right, up) and length; from hips to ankles;
    - width, height and diagonal of the box, and the joints' spread (weighted standard deviation) to the right and down;
    - velocities over .2 s and .5 s, in body sizes a second, of the heights of head, shoulders and hips, of the hips' place to the right,
      and of the box's width and height;
    - mean score, the share of visible joints, and whether there is a pose at all.

    Left and right are not distinguished, except by the sign of directions to the right.

    Arguments:
        rate: frames a second.
    """

    channels = 13 + 2 * 6 + 3

    def __init__(self, rate: float = 15.0) -> None:
        super().__init__()
        self.rate = rate
        self.steps = (max(round(0.2 * rate), 1), max(round(0.5 * rate), 1))

    def forward(self, keypoints: Tensor) -> Tensor:
        x, y, score = keypoints.unflatten(2, (17, 3)).unbind(dim=-1)
        there = x.isfinite() & y.isfinite()
        score = torch.where(there, score, 0.0).nan_to_num(0.0).clamp(0.0, 1.0)
        x, y = (_subtract_mean(torch.where(there, values, 0.0), score) for values in (x, y))
        x, y, steady = _smooth_over_time(x, y, score)

        head_y, knee_y = (_mean(y[..., part], steady[..., part]) for part in (_FACE, _KNEES))
        shoulder_x, shoulder_y = (_mean(values[..., _SHOULDERS], steady[..., _SHOULDERS]) for values in (x, y))
        hip_x, hip_y = (_mean(values[..., _HIPS], steady[..., _HIPS]) for values in (x, y))
        ankle_x, ankle_y = (_mean(values[..., _ANKLES], steady[..., _ANKLES]) for values in (x, y))

        left, right = _box(x, steady)
        top, bottom = _box(y, steady)
        wide, high = right - left, bottom - top
        diagonal = (wide.square() + high.square()).sqrt()
        size = _percentile(diagonal, 0.85).clamp(min=_MIN_SIZE)
        ground = _percentile(torch.maximum(torch.maximum(hip_y, knee_y), ankle_y), 0.85)

        heights = [(ground - values) / size for values in (head_y, shoulder_y, hip_y, knee_y)]
        trunk_x, trunk_y = shoulder_x - hip_x, hip_y - shoulder_y
        trunk = (trunk_x.square() + trunk_y.square()).sqrt()
        legs = ((hip_x - ankle_x).square() + (hip_y - ankle_y).square()).sqrt()
        spread = [_spread(values, steady) / size for values in (x, y)]
        box = [wide / size, high / size, diagonal / size]
        shape = [trunk_x / trunk.clamp(min=0.1 * _MIN_SIZE), trunk_y / trunk.clamp(min=0.1 * _MIN_SIZE), trunk / size, legs / size]
        moving = [*heights[:3], hip_x / size, box[0], box[1]]
        speeds = [self._speed(values, step) for step in self.steps for values in moving]
        sure = [score.mean(dim=-1), (score >= _VISIBLE_SCORE).to(score.dtype).mean(dim=-1), there.any(dim=-1).to(score.dtype)]
        return torch.stack([*heights, *shape, *box, *spread, *speeds, *sure], dim=1)

    def _speed(self, values: Tensor, step: int) -> Tensor:
        """Map (B, T) -> (B, T) change per second over the last `step` frames; 0 before there are as many."""
        change = (values[:, step:] - values[:, :-step]) * (self.rate / step)
        return nn.functional.pad(change.clamp(-_MAX_VELOCITY, _MAX_VELOCITY), (step, 0))


def _subtract_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Return (B, T, 17) less its weighted mean over frames and joints, so that sums stay small wherever the person is in the image."""
    mean = (values * weight).sum(dim=(1, 2), keepdim=True) / weight.sum(dim=(1, 2), keepdim=True).clamp(min=_TINY)
    return values - mean


def _smooth_over_time(x: Tensor, y: Tensor, score: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return places and scores (B, T, 17) as weighted means over time; a joint never seen is at the centre, with score 0."""
    frame = torch.arange(x.shape[1], device=x.device, dtype=x.dtype)
    near = (_SMOOTHING ** (frame[:, None] - frame).abs())[..., None]  # (T, T, 1)

    def around(values: Tensor) -> Tensor:
        # No matrix product: int8 would quantise it, and its weights span 27 powers of ten.
        return (near * values[:, None]).sum(dim=2)

    weight = around(score)
    # Far frames weigh 1e-27 and less: they count where nothing nearer is seen, so nothing is added to the divisor but what float32 needs.
    safe = weight.clamp(min=1e-36)
    x, y = (around(values * score) / safe for values in (x, y))
    return x, y, weight / near.sum(dim=1)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Map (B, T, n) -> (B, T), weighted; the plain mean where no weight is."""
    weight = weight + 1e-4
    return (values * weight).sum(dim=-1) / weight.sum(dim=-1)


def _box(values: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
    """Map (B, T, 17) -> least and greatest of the seen joints, (B, T); of all where fewer than three are seen."""
    seen = score >= _MIN_SCORE
    seen = seen | (seen.sum(dim=-1, keepdim=True) < 3)
    return torch.where(seen, values, 1e6).amin(dim=-1), torch.where(seen, values, -1e6).amax(dim=-1)


def _spread(values: Tensor, weight: Tensor) -> Tensor:
    """Map (B, T, 17) -> (B, T) weighted standard deviation."""
    off = values - _mean(values, weight)[..., None]
    return (_mean(off.square(), weight) + 1e-12).sqrt()


def _percentile(values: Tensor, share: float) -> Tensor:
    """Map (B, T) -> (B, 1): the value of that rank."""
    rank = values.shape[1] - round(share * (values.shape[1] - 1))
    return values.topk(rank, dim=1).values[:, -1:]


class KeypointNet(nn.Module):
    """1-D convolutions over `KeypointFeatures`, pooling into segments of time, linear.

    Arguments:
        input: name of the clip's keypoints.
        layers: (width, kernel, stride) of each convolution.
        segments: parts of time whose mean and maximum are kept.
    """

    def __init__(
        self,
        classes: int,
        input: str = "keypoints",
        layers: Sequence[tuple[int, int, int]] = ((32, 5, 1), (48, 5, 2), (64, 3, 2)),
        segments: int = 4,
        dropout: float = 0.4,
        rate: float = 15.0,
    ) -> None:
        super().__init__()
        self.inputs = (input,)
        self.features = KeypointFeatures(rate)
        self.normalise = nn.BatchNorm1d(self.features.channels, affine=False)
        widths = [self.features.channels, *(width for width, _, _ in layers)]
        self.blocks = nn.Sequential(*(conv_block(widths[i], *layer) for i, layer in enumerate(layers)))
        self.pool = TimeSegments(segments, peaks=True)
        self.embedding = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.width = widths[-1] * segments * 2
        self.head = nn.Linear(self.width, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{"keypoints": (B, T, 51), ...} -> (B, width)."""
        return self.embedding(self.pool(self.blocks(self.normalise(self.features(clip[self.inputs[0]])))))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{"keypoints": (B, T, 51), ...} -> (B, classes) logits."""
        return self.head(self.dropout(self.embed(clip)))


@register("model", "keypoints", looks_at=["keypoints"])
def build_keypoints(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Camera student: 1-D convolutions on features of a person's keypoints."""
    (name,) = inputs
    return KeypointNet(classes, input=name, **options)
