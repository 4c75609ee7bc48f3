"""VSKD's teacher: a multi-scale temporal relation network on images.

Zhou, Andonian, Oliva and Torralba 2018, "Temporal relational reasoning in videos", ECCV, arXiv 1711.08496.

Shapes: B clips, T frames, S segments, D feature width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.models.inputs import FILM_CHANNELS, Channels
from featherfall.models.pretrained import Backbone, Pretrained
from featherfall.models.skeleton_pictures import SkeletonPictures

_CROPS = (1.0, 0.875, 0.75, 0.66)  # sides of random crops, as shares of the frame's shorter side (TSN, arXiv 1608.00859)
_EVALUATION_BATCH = 128  # pictures, in evaluation
_CENTRE_CROP = 0.875  # the crop in evaluation: 224 of 256 pixels


class Relations(nn.Module):
    """Features of ordered frames (B, S, D) -> (B, classes): for each scale k = S .. 2, relations of k frames, one network a scale.

    A scale's network is ReLU -> Linear(k D, hidden) -> ReLU -> Linear(hidden, classes). Training draws `relations` of a scale's relations
    at random (all, where there are fewer) and sums their logits. Evaluation takes the mean over all of a scale's, times as many: the
    expectation of training, without randomness.
    """

    def __init__(self, segments: int, width: int, classes: int, relations: int = 3, hidden: int = 256) -> None:
        super().__init__()
        self.relations = relations
        self.networks = nn.ModuleList()
        for k in range(segments, 1, -1):
            self.register_buffer(f"frames_{k}", torch.tensor(list(combinations(range(segments), k))), persistent=False)
            self.networks.append(
                nn.Sequential(nn.ReLU(), nn.Linear(k * width, hidden), nn.ReLU(), nn.Linear(hidden, classes)),
            )
        self.scales = range(segments, 1, -1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, S, D) -> (B, classes)."""
        total = torch.zeros((), device=features.device)
        for k, network in zip(self.scales, self.networks, strict=True):
            frames: Tensor = getattr(self, f"frames_{k}")
            used = min(self.relations, len(frames))
            if self.training:
                frames = frames[torch.randperm(len(frames))[:used].to(frames.device)]
            logits = network(features[:, frames].flatten(2))  # B, relations, classes
            total = total + logits.mean(dim=1) * used
        return total


class FilmPictures(nn.Module):
    """Frames (B, S, H, W, 3) uint8 RGB -> pictures (B, S, 3, size, size) in [0, 1], cropped to squares.

    In training each clip has a crop of its own, of one of `_CROPS`' sides (width and height drawn apart, at most one step from each other)
    at a random place; else the centre. Nothing is mirrored: left stays left.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, frames: Tensor) -> Tensor:
        pictures = frames.movedim(-1, 2).float() / 255
        height, width = pictures.shape[-2:]
        if not self.training:
            side = round(_CENTRE_CROP * min(height, width))
            top, left = (height - side) // 2, (width - side) // 2
            pictures = pictures[..., top : top + side, left : left + side]
            if side == self.size:
                return pictures
            resized = F.interpolate(pictures.flatten(0, 1), (self.size, self.size), mode="bilinear", align_corners=False)
            return resized.unflatten(0, pictures.shape[:2])
        count, segments = pictures.shape[:2]
        theta = _random_crops(count, min(height, width) / width, min(height, width) / height).to(pictures)
        grid = F.affine_grid(theta.repeat_interleave(segments, dim=0), [count * segments, 3, self.size, self.size], align_corners=False)
        return F.grid_sample(pictures.flatten(0, 1), grid, align_corners=False).unflatten(0, (count, segments))


def _random_crops(count: int, across: float, down: float) -> Tensor:
    """Return affine maps (count, 2, 3) from crop to frame. across, down: the largest square's share of the frame's sides."""
    last = len(_CROPS) - 1
    first = torch.randint(last + 1, (count,))
    second = (first + torch.randint(-1, 2, (count,))).clamp(0, last)
    sides = torch.tensor(_CROPS)
    share = torch.stack([sides[first] * across, sides[second] * down], dim=1)
    shift = (torch.rand(count, 2) * 2 - 1) * (1 - share)
    return torch.cat([torch.diag_embed(share), shift[:, :, None]], dim=2)


@dataclass(frozen=True)
class TRNOptions:
    """Options of `TRN`: `network.options` of a recipe.

    Attributes:
        segments: S; published: 8, for MMAct 3.
        relations: drawn per scale. width: D. size: pixels a side. dropout: of the backbone's features.
        backbone, pretrained: as in `models.pretrained.Backbone`.
        partial_bn: freeze all batch norms but the first, for a pretrained backbone and few clips a batch (TSN).
    """

    segments: int = 8
    relations: int = 3
    width: int = 300
    size: int = 224
    backbone: str = "bn_inception"
    pretrained: Pretrained = False
    partial_bn: bool = False
    dropout: float = 0.5

    def __post_init__(self) -> None:
        """Raises `ValueError` for options that contradict each other."""
        if self.segments < 2:
            raise ValueError(f"a relation needs at least 2 segments, not {self.segments}")
        if self.partial_bn and not self.pretrained:
            raise ValueError("partial_bn keeps the batch norms of a pretrained backbone; with 'pretrained: false' there are none to keep")


class TRN(nn.Module):
    """Frames of S segments -> backbone -> dropout -> Linear(width, D), each -> relations. The embedding is the frames' mean: (B, D).

    A clip's time is cut into S equal segments; training takes a random frame of each, evaluation the middle one.

    Arguments:
        input: name of the clip's film (B, T, H, W, 3) uint8, or skeleton (B, T, 3 J), which is drawn (`SkeletonPictures`).
        skeleton: the skeleton's channel names; None for a film.
    """

    def __init__(self, input: str, skeleton: Sequence[str] | None, classes: int, options: TRNOptions) -> None:
        super().__init__()
        self.inputs = (input,)
        self.segments, self.partial_bn = options.segments, options.partial_bn
        self.skeleton = None if skeleton is None else SkeletonPictures(skeleton, options.size)
        self.film = FilmPictures(options.size) if skeleton is None else None
        self.backbone = Backbone(options.backbone, options.pretrained)
        self.dropout = nn.Dropout(options.dropout)
        self.project = nn.Linear(self.backbone.width, options.width)
        self.embedding = nn.Identity()
        self.width = options.width
        self.relations = Relations(options.segments, options.width, classes, options.relations)
        self.train()

    def train(self, mode: bool = True) -> TRN:
        super().train(mode)
        if self.partial_bn:
            norms = [module for module in self.backbone.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
            for norm in norms[1:]:
                norm.eval()
                norm.requires_grad_(False)
        return self

    def features(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: frames} -> (B, S, D): the projected features of each segment's frame."""
        scene = clip[self.inputs[0]]
        frames = self._frames(scene)
        if self.skeleton is not None:
            pictures = self.skeleton(frames, scene)
        else:
            assert self.film is not None
            pictures = self.film(frames)
        seen = self._embed_frames(pictures.flatten(0, 1))
        return self.project(self.dropout(seen)).unflatten(0, (-1, self.segments))

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: frames} -> (B, D)."""
        return self.embedding(self.features(clip).mean(dim=1))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: frames} -> (B, classes) logits."""
        features = self.features(clip)
        self.embedding(features.mean(dim=1))  # so that a tap sees it
        return self.relations(features)

    def _embed_frames(self, pictures: Tensor) -> Tensor:
        """Map (B S, 3, size, size) -> (B S, width). In evaluation in parts: hundreds of clips' images at once overflow the caches."""
        if self.training or torch.compiler.is_compiling():
            return self.backbone(pictures)
        return torch.cat([self.backbone(part) for part in pictures.split(_EVALUATION_BATCH)])

    def _frames(self, scene: Tensor) -> Tensor:
        """Map (B, T, ...) -> (B, S, ...): one frame of each segment."""
        count, length = scene.shape[:2]
        if not self.training:
            middle = [int((i + 0.5) * length / self.segments) for i in range(self.segments)]
            return scene[:, middle]
        within = torch.rand(count, self.segments)
        at = ((torch.arange(self.segments) + within) * length / self.segments).long().clamp(max=length - 1).to(scene.device)
        return scene[torch.arange(count, device=scene.device)[:, None], at]


@register("model", "trn", looks_at=["film", "window"])
def build_trn(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """VSKD's teacher: relations between frames of a film, or of a skeleton drawn as pictures."""
    (name,) = inputs
    return TRN(name, None if tuple(channels[name]) == FILM_CHANNELS else channels[name], classes, TRNOptions(**options))
