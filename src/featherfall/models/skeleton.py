"""Skeleton network: joints, bones and velocities; missing joints are zeros with a flag.

Shapes: B clips, T samples, J joints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.core.skeletons import parents_of
from featherfall.models.inertial import TimeSegments, conv_block
from featherfall.models.inputs import Channels


class SkeletonChannels(nn.Module):
    """(B, T, 3 J) metres, NaN where a joint was not seen -> (B, 10 J, T).

    Per joint: position around the clip's mean root in units of the body's size, the bone from its parent, the velocity, and whether it
    was seen. Arguments: parents[j] is the index of joint j's parent; the root is its own parent.
    """

    def __init__(self, parents: Sequence[int]) -> None:
        super().__init__()
        self.root = next(j for j, parent in enumerate(parents) if parent == j)
        self.register_buffer("parents", torch.tensor(list(parents)), persistent=False)
        self.channels = 10 * len(parents)

    def forward(self, skeleton: Tensor) -> Tensor:
        joints = skeleton.unflatten(2, (-1, 3))  # B T J 3
        seen = ~joints.isnan().any(dim=-1, keepdim=True)
        joints = joints.nan_to_num(0.0)
        root, root_seen = joints[:, :, self.root], seen[:, :, self.root]
        centre = (root * root_seen).sum(dim=1) / root_seen.sum(dim=1).clamp(min=1)
        centred = (joints - centre[:, None, None]) * seen
        # Mean distance of seen joints from the centre: a body size that needs no particular joint.
        size = centred.norm(dim=-1).sum(dim=(1, 2)) / seen.sum(dim=(1, 2, 3)).clamp(min=1)
        centred = centred / size.clamp(min=0.05)[:, None, None, None]
        parents: Tensor = self.parents  # type: ignore[assignment]
        bones = (centred - centred[:, :, parents]) * (seen & seen[:, :, parents])
        velocity = torch.zeros_like(centred)
        velocity[:, 1:-1] = (centred[:, 2:] - centred[:, :-2]) * (seen[:, 2:] & seen[:, 1:-1] & seen[:, :-2])
        features = torch.cat([centred, bones, velocity * 5, seen.to(centred.dtype)], dim=-1)
        return features.flatten(2).transpose(1, 2)


class SkeletonNet(nn.Module):
    """1-D convolutions over time on joints, bones and velocities.

    Arguments:
        parents: see `SkeletonChannels`.
        input: name of the clip's skeleton.
        every: stride over the samples; a Kinect gives 30 frames a second where a watch gives 50 samples.
    """

    def __init__(
        self,
        parents: Sequence[int],
        classes: int,
        input: str = "skeleton",
        every: int = 2,
        layers: Sequence[tuple[int, int, int]] = ((64, 5, 2), (96, 5, 2), (96, 3, 1)),
        thirds: int = 3,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.inputs = (input,)
        self.every = every
        self.channels = SkeletonChannels(parents)
        self.normalise = nn.BatchNorm1d(self.channels.channels, affine=False)
        widths = [self.channels.channels, *(width for width, _, _ in layers)]
        self.blocks = nn.Sequential(*(conv_block(widths[i], *layer) for i, layer in enumerate(layers)))
        self.pool = TimeSegments(thirds)
        self.embedding = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.width = widths[-1] * thirds
        self.head = nn.Linear(self.width, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{"skeleton": (B, T, 3 J), ...} -> (B, width)."""
        return self.embedding(self.pool(self.blocks(self.normalise(self.channels(clip[self.inputs[0]][:, :: self.every])))))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{"skeleton": (B, T, 3 J), ...} -> (B, classes) logits."""
        return self.head(self.dropout(self.embed(clip)))


@register("model", "skeleton", looks_at=["window"])
def build_skeleton(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Skeleton teacher: 1-D convolutions on joints, bones and velocities."""
    (name,) = inputs
    return SkeletonNet(parents_of(channels[name]), classes, input=name, **options)
