"""A small recurrent network on worn sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from featherfall.core.registry import register


@register("model", "tiny-gru", looks_at=["window"])
class TinyGRU(nn.Module):
    """Gated recurrent unit over all channels, averaged over time.

    Arguments:
        inputs: names of the clip's inputs.
        channels: channel names by input.
        classes: number of logits.
        hidden: width of the state.
    """

    def __init__(self, inputs: Sequence[str], channels: Mapping[str, Sequence[str]], classes: int, hidden: int = 16) -> None:
        super().__init__()
        self.inputs = tuple(inputs)
        width = sum(len(channels[name]) for name in inputs)
        self.normalise = nn.BatchNorm1d(width, affine=False)
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.embedding = nn.Identity()  # where the recipe's losses tap
        self.width = hidden
        self.head = nn.Linear(hidden, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, width)."""
        values = torch.cat([clip[name] for name in self.inputs], dim=-1)
        states, _ = self.gru(self.normalise(values.transpose(1, 2)).transpose(1, 2))
        embedding: Tensor = self.embedding(states.mean(dim=1))
        return embedding

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, classes) logits."""
        logits: Tensor = self.head(self.embed(clip))
        return logits
