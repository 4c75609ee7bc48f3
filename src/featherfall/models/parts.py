"""Sensors on many parts of the body: the sensor branch of the multi-modal teacher.

Shapes: B clips, P parts, C channels of a part, T samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.models.heads import make_head
from featherfall.models.inputs import Channels

SENSOR_KINDS = ("accelerometer", "gyroscope", "magnetometer")
_LAYERS = (16, 32, 16)


class PartsNet(nn.Module):
    """One small 1-D network for each body part, then the maximum of every three features -> linear.

    Per part: Conv1d (kernel 3, padding 2) -> ReLU -> max pool 2, three times; mean over time. The parts' features, one after the other,
    are max-pooled in threes (for 12 parts of 16: 192 -> 64). From the system "multi-modal to mono-modal" for AI Hub 71641. Channels in
    g, deg/s and uT are brought to one scale by a batch norm without trainable numbers, each channel of each part by its own.

    Two classes share one logit, see `featherfall.models.heads`.

    Arguments:
        inputs: "<part>_<kind>", e.g. "head_accelerometer"; kinds are accelerometer, gyroscope, magnetometer, each (B, T, 3). Any parts
            and any of the kinds, but each part with the same.
        classes: number of logits.
        shared: all parts have the same weights; otherwise each has its own.
        means: the mean of so many samples is one sample for the network; a remainder at the end is dropped. The original's
            one mean a second is 50 at 50 Hz, which smooths an impact away; 1 keeps every sample.
        layers: width of each convolution.
    Raises: ValueError for inputs of another kind, repeated ones, and a part that lacks a kind.
    """

    def __init__(self, inputs: Sequence[str], classes: int, shared: bool = True, means: int = 1, layers: Sequence[int] = _LAYERS) -> None:
        super().__init__()
        if means < 1:
            raise ValueError(f"means must be 1 or more, not {means}")
        self.inputs = tuple(inputs)
        self.parts = group_by_part(inputs)
        self.means = means
        count, channels = len(self.parts), 3 * len(next(iter(self.parts.values())))
        self.normalise = nn.BatchNorm1d(count * channels, affine=False)
        # Parts with weights of their own are groups of one convolution; parts that share them are clips of one batch.
        self.groups = 1 if shared else count
        widths = [channels, *layers]
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv1d(self.groups * widths[i], self.groups * width, 3, padding=2, groups=self.groups), nn.ReLU(), nn.MaxPool1d(2)
                )
                for i, width in enumerate(layers)
            )
        )
        self.pool = nn.MaxPool1d(3, 3, ceil_mode=True)  # where features do not come in threes, the last are fewer
        self.embedding = nn.Identity()
        self.width = -(-count * widths[-1] // 3)
        self.head = make_head(self.width, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{"<part>_<kind>": (B, T, 3)} in g, deg/s, uT -> (B, width). Raises: `UserError` for clips shorter than `means`."""
        values = torch.cat([clip[name] for names in self.parts.values() for name in names], dim=2).transpose(1, 2)  # B, P C, T
        if self.means > 1:
            if values.shape[2] < self.means:
                raise UserError(f"model 'parts': clips of {values.shape[2]} samples have no mean of {self.means}; lower the option means")
            values = F.avg_pool1d(values, self.means)
        values = self.normalise(values)
        each = values.reshape(-1, self.groups * values.shape[1] // len(self.parts), values.shape[2])
        features = self.blocks(each).mean(dim=2).reshape(values.shape[0], -1)  # B, P x 16
        pooled: Tensor = self.embedding(self.pool(features[:, None])[:, 0])
        return pooled

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{"<part>_<kind>": (B, T, 3)} -> (B, classes) logits."""
        logits: Tensor = self.head(self.embed(clip))
        return logits


def group_by_part(inputs: Sequence[str]) -> dict[str, list[str]]:
    """Return the inputs of each part, parts as they come, kinds ordered as `SENSOR_KINDS`: {"head": ["head_accelerometer", ...], ...}.

    An input that is only a kind ("gyroscope") belongs to a part without a name. Raises: ValueError, see `PartsNet`.
    """
    found: dict[str, dict[str, str]] = {}
    for name in inputs:
        part, _, kind = name.rpartition("_")
        if kind not in SENSOR_KINDS:
            raise ValueError(f"sensors of body parts end in {', '.join(SENSOR_KINDS)}, not {name!r}")
        if kind in found.setdefault(part, {}):
            raise ValueError(f"{name!r} is named twice")
        found[part][kind] = name
    kinds = [kind for kind in SENSOR_KINDS if any(kind in having for having in found.values())]
    for part, having in found.items():
        lacking = [kind for kind in kinds if kind not in having]
        if lacking:
            raise ValueError(f"part {part!r} lacks {' and '.join(lacking)}, which other parts have")
    return {part: [having[kind] for kind in kinds] for part, having in found.items()}


@register("model", "parts", looks_at=["window"])
def build_parts(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Teacher of worn sensors: the same small network on each part of the body."""
    return PartsNet(inputs, classes, **options)
