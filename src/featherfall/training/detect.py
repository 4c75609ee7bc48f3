"""Objectives of detectors: labels, a teacher's outputs, a teacher's embedding; on pictures that are augmented together with their boxes.

Shapes: B batch, G boxes (padded with class -1), D width of a map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.training_settings import Augment
from featherfall.losses.detection import assign_targets, box_losses, learn_from
from featherfall.models.detect.net import Detector, DetectorOutputs, grid_points
from featherfall.training.boxes import BoxTable, augment_pictures
from featherfall.training.data import Batch, Clips

BOX_WEIGHT = 2.5  # of the boxes' loss against the classes'


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures with their boxes: clip i of `clips` shows row i of `boxes`."""

    clips: Clips
    boxes: BoxTable


@dataclass(frozen=True, eq=False)
class Augmented:
    """How the pictures of a batch and their boxes are augmented, the same for teacher and student.

    mosaic: share of batches of four-in-one pictures. replayed: pictures of which `replay`, drawn at random, are added to every batch.
    """

    boxes: BoxTable
    augment: Augment
    mosaic: float
    replayed: Pictures | None = None
    replay: int = 0

    def __call__(self, input: str, batch: Batch) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Return the batch's clip with its augmented pictures, (B + `replay`, G, 4) boxes and (B + `replay`, G) classes."""
        table = self.boxes.at(batch.index.cpu())
        pictures = batch.clip[input]
        if self.replayed is not None and self.replay:
            drawn = torch.randint(len(self.replayed.clips), (self.replay,))
            more = self.replayed.clips.take(drawn, torch.zeros_like(drawn)).clip[input]
            pictures = torch.cat([pictures, more.to(pictures)])
            table = table.concatenate(self.replayed.boxes.at(drawn))
        pictures, boxes, names = augment_pictures(pictures, table.boxes, table.names, self.augment, self.mosaic)
        return {input: pictures}, boxes.to(pictures.device), names.to(pictures.device)


class FromLabels(nn.Module):
    """hard x (classes + `BOX_WEIGHT` x boxes) of the labels; with a teacher + soft x the same of its outputs (`losses.detection`).

    Arguments:
        size: side of the pictures, pixels.
        teacher: frozen; sees the same augmented pictures. None learns from labels alone.
    """

    def __init__(self, augmented: Augmented, size: int, teacher: Detector | None = None, hard: float = 1.0, soft: float = 1.0) -> None:
        super().__init__()
        self.augmented, self.hard, self.soft = augmented, hard, soft
        self._teacher = (teacher.eval(),) if teacher else ()  # a tuple hides it: its weights are not this module's
        self.register_buffer("middles", grid_points(size)[0], persistent=False)

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        assert isinstance(model, Detector)
        middles: Tensor = self.middles  # type: ignore[assignment]
        clip, boxes, names = self.augmented(model.input, batch)
        student: DetectorOutputs = model(clip)
        with torch.autocast(student.logits.device.type, enabled=False):  # sums over thousands of places: not in bfloat16
            classes, where = box_losses(student.logits, student.boxes, assign_targets(student.logits, student.boxes, middles, boxes, names))
        losses = {"classes": classes, "boxes": where}
        total = self.hard * (classes + BOX_WEIGHT * where)
        for teacher in self._teacher:
            with torch.no_grad():
                taught: DetectorOutputs = teacher.to(student.logits.device)(clip)
            with torch.autocast(student.logits.device.type, enabled=False):
                classes, where = learn_from(student.logits, student.boxes, taught.logits, taught.boxes)
            losses |= {"taught_classes": classes, "taught_boxes": where}
            total = total + self.soft * (classes + BOX_WEIGHT * where)
        return {"loss": total, **losses}


class FromEmbedding(nn.Module):
    """Embedding distillation: the headless student's three maps against those of the headless, frozen teacher, place by place.

    Where widths differ, a 1 x 1 convolution a map takes the student's to the teacher's; it is trained along and discarded. Labels are
    not used.

    Arguments:
        width: of the student's maps. loss: a key of `MAP_LOSSES`.
    """

    def __init__(self, augmented: Augmented, teacher: Detector, width: int, loss: str) -> None:
        super().__init__()
        self.augmented, self.loss = augmented, loss
        self._teacher = (teacher.eval(),)
        same = width == teacher.width
        self.projectors = nn.ModuleList(nn.Identity() if same else nn.Conv2d(width, teacher.width, 1) for _ in range(3))

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        assert isinstance(model, Detector)
        clip, _, _ = self.augmented(model.input, batch)
        maps = model.embed(clip)
        with torch.no_grad():
            wanted = self._teacher[0].to(maps[0].device).embed(clip)
        parts = [
            MAP_LOSSES[self.loss](projector(one).float(), other.float())
            for projector, one, other in zip(self.projectors, maps, wanted, strict=True)
        ]
        return {"loss": torch.stack(parts).mean(), **{f"map_{i}": part for i, part in enumerate(parts)}}


def l2_of_maps(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean squared difference of two (B, D, H, W) maps over the teacher's variance; 1 for a student that predicts the mean."""
    return (student - teacher).square().mean() / teacher.var().clamp(min=1e-6)


def cosine_of_maps(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 - cosine of the vectors of each place of two (B, D, H, W) maps, 0..2.

    Places are weighted by the length of the teacher's vector, so that places where the teacher has strong features dominate the mean.
    """
    length = teacher.norm(dim=1)
    apart = 1 - F.cosine_similarity(student, teacher, dim=1)
    return (apart * length).sum() / length.sum().clamp(min=1e-6)


# What the registered losses of these names are for a detector, whose embedding is three maps and not one vector.
MAP_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"l2": l2_of_maps, "cosine": cosine_of_maps}
OUTPUT_LOSS = "soft"  # the registered loss for which a detector has `losses.detection.learn_from`
