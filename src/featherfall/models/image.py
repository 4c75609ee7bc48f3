"""Network on one frame of a film, or the mean of several: backbone -> dropout -> linear."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.models.inputs import Channels, one_film
from featherfall.models.pretrained import Backbone, Pretrained

_REMEMBERED = 10_000  # pictures whose features are kept, 5 kB each at a width of 1,280


class PictureNet(nn.Module):
    """Films (B, F, H, W, 3) uint8 -> (B, classes) logits; the frames' features are averaged.

    Arguments:
        input: the film's name.
        classes: number of logits.
        backbone, pretrained: as in `models.pretrained.Backbone`.
        frozen: do not train the backbone: no gradient, batch norm with its loaded statistics; only the last layer is trained. In training
            the features of a picture that returns are not computed again; augmentation without `film_crop` and `film_light` lets it return.
        dropout: before the last layer.
    """

    def __init__(
        self,
        input: str,
        classes: int,
        backbone: str = "resnet18",
        pretrained: Pretrained = False,
        frozen: bool = False,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.input, self.frozen = input, frozen
        self._known: dict[bytes, Tensor] = {}
        self.backbone = Backbone(backbone, pretrained)
        self.backbone.requires_grad_(not frozen)
        self.embedding = nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.width = self.backbone.width
        self.head = nn.Linear(self.width, classes)
        self.train()

    def train(self, mode: bool = True) -> PictureNet:
        """Set the mode as any module does, but keep a frozen backbone in evaluation mode."""
        super().train(mode)
        self.backbone.train(mode and not self.frozen)
        return self

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{film's name: (B, F, H, W, 3) pictures, 0 to 255} -> (B, classes) logits."""
        film = clip[self.input]
        pictures = film.flatten(0, 1)
        features = self._remembered(pictures) if self.frozen and self.training else self._features(pictures)
        if film.shape[1] > 1:
            features = features.unflatten(0, (-1, film.shape[1])).mean(dim=1)
        return self.head(self.dropout(self.embedding(features)))

    def _features(self, pictures: Tensor) -> Tensor:
        """(N, H, W, 3) pictures, 0 to 255 -> (N, width)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return self.backbone(pictures.permute(0, 3, 1, 2).float() / 255)

    def _remembered(self, pictures: Tensor) -> Tensor:
        """`_features`, one picture at a time, so that they do not depend on which pictures are already known."""
        found = []
        for picture in pictures:
            key = hashlib.blake2b(picture.cpu().numpy().tobytes(), digest_size=16).digest()
            features = self._known.get(key)
            if features is None:
                features = self._features(picture[None])
                if len(self._known) < _REMEMBERED:
                    self._known[key] = features
            found.append(features)
        return torch.cat(found)


@register("model", "image", looks_at=["picture", "film"])
def build_image(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Pretrained image network on one picture, or on each picture of a film."""
    return PictureNet(one_film(inputs, channels), classes, **options)
