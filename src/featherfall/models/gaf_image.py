"""VSKD's student: a wearable's signal as an image (Gramian angular field) for an image network.

Ni et al., "Progressive cross-modal knowledge distillation" / "VSKD", ICASSP 2022: ResNet-18 -> Linear(512, 300) -> ReLU -> Linear(300, C).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.models.gaf import GAF
from featherfall.models.inputs import Channels
from featherfall.models.pretrained import Backbone, Pretrained
from featherfall.signals.gaf import Method


@dataclass(frozen=True)
class GafOptions:
    """Options of `GafNet`: `network.options` of a recipe.

    Attributes:
        size: pixels a side. method, range, magnitude: as in `models.gaf.GAF`; `method` may be several, whose pictures are stacked.
            A range is in the inputs' unit, so with several inputs of different units leave it out.
        backbone, pretrained: as in `models.pretrained.Backbone`.
        semantic: width of the semantic layer, whose output is the embedding.
        dropout: before the classifier.
    """

    size: int = 64
    method: Method | Sequence[Method] = "summation"
    range: tuple[float, float] | None = None
    magnitude: bool = False
    backbone: str = "resnet18"
    pretrained: Pretrained = False
    semantic: int = 300
    dropout: float = 0.0


class GafNet(nn.Module):
    """Sensors -> Gramian angular fields -> backbone -> semantic layer -> linear; everything is in the exported graph.

    Missing samples (NaN) are bridged (see `featherfall.gaf`).

    Arguments:
        inputs: names of the inputs, each a key of the clip.
        widths: number of channels of each input; each channel becomes one of the picture's.
        classes: number of logits.
    """

    def __init__(self, inputs: Sequence[str], widths: Mapping[str, int], classes: int, options: GafOptions) -> None:
        super().__init__()
        self.inputs = tuple(inputs)
        methods: Sequence[Method] = [options.method] if isinstance(options.method, str) else options.method
        limits = None if options.range is None else (float(options.range[0]), float(options.range[1]))
        self.pictures = nn.ModuleList([GAF(options.size, one, limits, options.magnitude) for one in methods])
        channels = len(methods) * sum(widths[name] + options.magnitude for name in self.inputs)
        self.backbone = Backbone(options.backbone, options.pretrained, channels)
        self.semantic = nn.Linear(self.backbone.width, options.semantic)
        self.embedding = nn.Identity()
        self.dropout = nn.Dropout(options.dropout)
        self.width = options.semantic
        self.head = nn.Linear(options.semantic, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, width)."""
        series = [clip[name].transpose(1, 2) for name in self.inputs]
        pictures = torch.cat([gaf(values) for gaf in self.pictures for values in series], dim=1)
        return self.embedding(self.semantic(self.backbone(pictures * 0.5 + 0.5)))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} -> (B, classes) logits."""
        return self.head(self.dropout(torch.relu(self.embed(clip))))


@register("model", "gaf", looks_at=["window"])
def build_gaf(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """VSKD's student: worn sensors as Gramian angular fields, seen by an image network."""
    return GafNet(inputs, {name: len(channels[name]) for name in inputs}, classes, GafOptions(**options))
