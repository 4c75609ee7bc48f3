"""Multi-modal teacher on a video and worn sensors, of the system "multi-modal to mono-modal" for AI Hub 71641."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.models.build import build_network
from featherfall.models.heads import make_head
from featherfall.models.inputs import FILM_CHANNELS, Channels


class MultimodalNet(nn.Module):
    """Concatenated embeddings of its branches -> linear -> ReLU -> linear.

    Unlike in `FusionNet`, no branch may be missing from a clip. Two classes share one logit, see `featherfall.models.heads`.

    Arguments:
        branches: by name; each has `inputs`, `embed(clip) -> (B, width)`, `width` and `make_head`. They may be pretrained. Their heads are
            taken off.
        classes: number of logits.
        hidden: width of the hidden layer.
    """

    def __init__(self, branches: Mapping[str, nn.Module], classes: int, hidden: int = 64) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(branches)
        self.inputs = tuple(name for branch in branches.values() for name in branch.inputs)  # type: ignore[union-attr]
        for branch in branches.values():
            branch.head = nn.Identity()
        widths = [int(branch.width) for branch in branches.values()]  # type: ignore[arg-type]
        self.width = sum(widths)
        self.embedding = nn.Identity()
        self.head = make_head(self.width, classes, hidden)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """Return the clip as its branches take it -> (B, width)."""
        parts = [branch.embed(clip) for branch in self.branches.values()]  # type: ignore[operator]
        together: Tensor = self.embedding(torch.cat(parts, dim=1))
        return together

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """Same argument as `embed` -> (B, classes) logits."""
        logits: Tensor = self.head(self.embed(clip))
        return logits


@register("model", "multimodal", looks_at=["film", "window"])
def build_multimodal(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Multi-modal teacher: a film branch and a branch of worn sensors.

    Arguments:
        options: those under "video" and "parts" are the branch's.
    """
    films = [name for name in inputs if tuple(channels[name]) == FILM_CHANNELS]
    sensors = [name for name in inputs if name not in films]
    if not films or not sensors:
        raise ValueError("it takes a film and sensors")
    branches = {
        kind: build_network(kind, names, channels, classes, **options.pop(kind, {}))
        for kind, names in (("video", films), ("parts", sensors))
    }
    return MultimodalNet(branches, classes, **options)
