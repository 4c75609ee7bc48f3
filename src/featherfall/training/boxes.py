"""Boxes of clips as tensors, and augmentation of images with their boxes.

Shapes: N clips, B batch, G boxes (padded with class -1), S pixels a side. Boxes: left, top, right, bottom as fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.clips.boxes import box_edges
from featherfall.core.recording import Box
from featherfall.core.training_settings import Augment

MIN_VISIBLE = 0.35  # share of a box that must stay in the picture for it to count: the rest is too little to learn from


@dataclass(frozen=True, eq=False)
class BoxTable:
    """boxes: (N, G, 4) float32. names: (N, G) int64 class, -1 where there is none."""

    boxes: Tensor
    names: Tensor

    def at(self, index: Tensor) -> BoxTable:
        """Return the table of some clips only."""
        return BoxTable(self.boxes[index], self.names[index])

    def concatenate(self, other: BoxTable) -> BoxTable:
        """Return the table of these clips followed by those of another table."""
        most = max(self.names.shape[1], other.names.shape[1])
        boxes = [F.pad(one.boxes, (0, 0, 0, most - one.names.shape[1])) for one in (self, other)]
        names = [F.pad(one.names, (0, most - one.names.shape[1]), value=-1) for one in (self, other)]
        return BoxTable(torch.cat(boxes), torch.cat(names))


def box_table(pictures: Sequence[Sequence[tuple[int, Box]]]) -> BoxTable:
    """Return the people of N pictures as tensors."""
    most = max([len(one) for one in pictures] + [1])
    boxes, names = torch.zeros(len(pictures), most, 4), torch.full((len(pictures), most), -1, dtype=torch.int64)
    for i, one in enumerate(pictures):
        for j, (number, box) in enumerate(one):
            boxes[i, j], names[i, j] = torch.tensor(box_edges(box)), number
    return BoxTable(boxes, names)


def augment_pictures(
    pictures: Tensor, boxes: Tensor, names: Tensor, settings: Augment, mosaic: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Augment pictures and their boxes alike, with torch's random numbers.

    Each picture is scaled by a factor of up to exp(+- 2 x `film_crop`), its sides by another of up to exp(+- `film_crop`), moved within
    that, mirrored at random where `film_flip`, each channel brightened by its own factor (sd of the logarithm half of `film_light`; the
    whole picture's light is the loop's). The outside is gray. Boxes of which less than `MIN_VISIBLE` stays in the picture are dropped.

    Arguments:
        pictures: (B, 1, S, S, 3) uint8. boxes: (B, G, 4). names: (B, G).
        mosaic: chance that this batch's pictures are four of its pictures each.
    Returns: (B, 1, S, S, 3) float32 of 0..255, (B, G', 4), (B, G').
    """
    values = pictures[:, 0].permute(0, 3, 1, 2).float()
    if mosaic and float(torch.rand(())) < mosaic:
        values, boxes, names = make_mosaic(values, boxes, names)
    count = values.shape[0]
    scale = torch.exp((2 * torch.rand(count, 1) - 1) * 2 * settings.film_crop) * torch.exp(
        (2 * torch.rand(count, 2) - 1) * settings.film_crop
    )
    offset = (2 * torch.rand(count, 2) - 1) * ((scale - 1).abs() + settings.film_crop)  # of the picture's middle, in halves of the picture
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0) if settings.film_flip else torch.ones(count)
    # A place p (-1..1) of the new picture shows the place scale p + offset of the old one.
    turn = torch.zeros(count, 2, 3)
    turn[:, 0, 0], turn[:, 1, 1], turn[:, :, 2] = scale[:, 0] * mirror, scale[:, 1], offset
    grid = F.affine_grid(turn.to(values.device), [count, 3, pictures.shape[2], pictures.shape[3]], align_corners=False)
    gain = torch.exp(torch.randn(count, 3, 1, 1) * settings.film_light / 2).to(values.device)
    moved = F.grid_sample((values - 114) / 128, grid, mode="bilinear", align_corners=False) * 128 + 114
    moved = (moved * gain).clamp(0, 255)
    factor = torch.stack([scale[:, 0] * mirror, scale[:, 1]], dim=1)[:, None]
    corners = [((2 * boxes[..., at : at + 2] - 1 - offset[:, None]) / factor + 1) / 2 for at in (0, 2)]
    new = torch.cat([torch.minimum(*corners), torch.maximum(*corners)], dim=-1)
    inside = new.clamp(0, 1)
    visible = _area(inside) / _area(new).clamp(min=1e-9)
    names = torch.where(visible >= MIN_VISIBLE, names, -1)
    return moved.permute(0, 2, 3, 1)[:, None], inside, names


def make_mosaic(values: Tensor, boxes: Tensor, names: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Combine each image with three others of the batch, at half size (Bochkovskiy et al., YOLOv4, 2020).

    Returns: (B, 3, S, S), (B, 4 G, 4), (B, 4 G).
    """
    half = F.avg_pool2d(values, 2)
    orders = [torch.arange(len(values)), *(torch.randperm(len(values)) for _ in range(3))]
    places = ((0, 0), (1, 0), (0, 1), (1, 1))
    rows = [torch.cat([half[orders[i]], half[orders[i + 1]]], dim=3) for i in (0, 2)]
    moved = [boxes[order] / 2 + torch.tensor([x, y, x, y]) / 2 for order, (x, y) in zip(orders, places, strict=True)]
    return torch.cat(rows, dim=2), torch.cat(moved, dim=1), torch.cat([names[order] for order in orders], dim=1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)
