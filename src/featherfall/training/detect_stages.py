"""The stages of a detector's recipe: training from labels, a teacher's outputs or its embedding; and detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.training_settings import Training
from featherfall.models.detect.net import Detector
from featherfall.runtime.perceive.boxes import Found, decode_boxes
from featherfall.training.boxes import BoxTable
from featherfall.training.data import Clips, load_clips
from featherfall.training.detect import Augmented, FromEmbedding, FromLabels, Pictures
from featherfall.training.fit import fit
from featherfall.training.outputs import _FILM_BATCH
from featherfall.training.stages import FoldContext


@dataclass(frozen=True, eq=False)
class DetectorTeacher:
    """A trained teacher, and which of its outputs a student learns.

    embedding: loss of its embedding (a key of `training.detect.MAP_LOSSES`), without labels. None: its outputs, beside the labels.
    soft: weight of the loss of its outputs.
    """

    model: Detector
    embedding: str | None = None
    soft: float = 1.0


def load_pictures(store: ClipStore, boxes: BoxTable, recordings: np.ndarray, input: str) -> Pictures:
    """Load the pictures of some recordings. boxes: of all recordings of the store."""
    index = store.clips_of(recordings)
    return Pictures(load_clips(store, index, np.zeros(len(index)), [input]), boxes.at(torch.from_numpy(store.recording[index])))


def learn(
    stage: FoldContext,
    model: Detector,
    pictures: Pictures,
    training: Training,
    seed: int,
    folder: Path,
    teacher: DetectorTeacher | None = None,
    replayed: Pictures | None = None,
) -> nn.Module:
    """Train a detector in place, resumable in `folder`, and return it in evaluation mode.

    Arguments:
        replayed: pictures of which some (`detection.pretrain.replay`) are added to every batch.
    """
    recipe, augment = stage.recipe, training.augment
    detection = recipe.detection
    assert detection is not None
    replay = detection.pretrain.replay if detection.pretrain else 0
    augmented = Augmented(pictures.boxes, augment, detection.mosaic, replayed, replay)
    # The loop would move pictures without their boxes; it only changes their light.
    training = training.model_copy(update={"augment": augment.model_copy(update={"film_crop": 0.0, "film_flip": False})})
    torch.manual_seed(seed)  # of the projectors
    objective: nn.Module
    if teacher is not None and teacher.embedding is not None:
        objective = FromEmbedding(augmented, teacher.model, model.width, teacher.embedding)
    elif teacher is not None:
        hard = recipe.required_supervision.distillation.hard
        objective = FromLabels(augmented, recipe.clip.films[model.input].size, teacher.model, hard, teacher.soft)
    else:
        objective = FromLabels(augmented, recipe.clip.films[model.input].size)
    return fit(model, pictures.clips, training, objective, seed, folder)


@torch.no_grad()
def detect(model: Detector, clips: Clips, labels: Sequence[str], overlap: float, least: float = 0.0) -> list[list[Found]]:
    """Return the boxes of each picture, best first, chosen as the runtime does."""
    model.eval()
    out: list[list[Found]] = []
    for index in torch.arange(len(clips)).split(_FILM_BATCH):
        outputs = model(clips.take(index, torch.zeros_like(index)).clip)
        for scores, boxes in zip(outputs.logits.sigmoid().numpy(), outputs.boxes.numpy(), strict=True):
            out.append(decode_boxes(boxes, scores, list(labels), least, overlap))
    return out
