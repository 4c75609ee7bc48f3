"""The stages of a detector's recipe on one part of a store: teacher, student alone, student distilled; and what a detector finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.recipe import Network, Recipe, Training
from featherfall.models.build import build
from featherfall.models.detect.net import Detector
from featherfall.runtime.perceive.boxes import Found, decode
from featherfall.training.boxes import BoxTable
from featherfall.training.checkpoint import load_tensors
from featherfall.training.data import Clips, load_clips
from featherfall.training.detect import FromEmbedding, FromLabels, Moved, Pictures
from featherfall.training.fit import fit

CHUNK = 16  # pictures at once


def load_pictures(store: ClipStore, boxes: BoxTable, recordings: np.ndarray, input: str) -> Pictures:
    """The pictures of some recordings; boxes: of all recordings of the store."""
    index = store.clips_of(recordings)
    return Pictures(load_clips(store, index, np.zeros(len(index)), [input]), boxes.at(torch.from_numpy(store.recording[index])))


def labels_of(recipe: Recipe) -> list[str]:
    """The two classes in the order of the logits: as `clips.labels.classes`."""
    return [recipe.labels.negative, str(recipe.labels.positive)]


def network(recipe: Recipe, network: Network, store: ClipStore, seed: int) -> Detector:
    """A freshly initialised detector of the recipe."""
    torch.manual_seed(seed)
    model = build(network.kind, network.inputs, store.channels, len(labels_of(recipe)), **network.options)
    assert isinstance(model, Detector)
    return model


def load_network(recipe: Recipe, wanted: Network, store: ClipStore, weights: Path) -> Detector:
    """A trained detector."""
    model = network(recipe, wanted, store, 0)
    model.load_state_dict(load_tensors(weights))
    model.eval()
    return model


def learn(
    recipe: Recipe,
    model: Detector,
    pictures: Pictures,
    training: Training,
    seed: int,
    folder: Path,
    *,
    teacher: Detector | None = None,
    embedding: str | None = None,
    soft: float = 1.0,
    rehearsed: Pictures | None = None,
) -> nn.Module:
    """Train a detector in place, resumable in `folder`; returns it in evaluation mode.

    Arguments:
        teacher: whose words are learnt beside the labels; with `embedding` ("l2" or "cosine") whose embedding is learnt, and no label.
        soft: weight of the teacher's words.
        rehearsed: simulated pictures that come along (`detection.first.rehearse` a batch).
    """
    detection, how = recipe.detection, training.augment
    assert detection is not None
    moved = Moved(pictures.boxes, how, detection.mosaic, rehearsed, detection.first.replay if detection.first else 0)
    # The loop would move pictures without their boxes; it only changes their light.
    training = training.model_copy(update={"augment": how.model_copy(update={"film_crop": 0.0, "film_flip": False})})
    torch.manual_seed(seed)  # of the projectors
    objective: nn.Module
    if embedding is not None:
        assert teacher is not None
        objective = FromEmbedding(moved, teacher, model.width, embedding)
    else:
        hard = recipe.distillation.hard if teacher is not None and recipe.distillation else 1.0
        objective = FromLabels(moved, recipe.clip.films[model.input].size, teacher, hard, soft)
    return fit(model, pictures.clips, training, objective, seed, folder)


@torch.no_grad()
def find(model: Detector, clips: Clips, labels: Sequence[str], overlap: float, least: float = 0.0) -> list[list[Found]]:
    """What the detector finds in each picture, best first; as the runtime does it."""
    model.eval()
    out: list[list[Found]] = []
    for index in torch.arange(len(clips)).split(CHUNK):
        said = model(clips.take(index, torch.zeros_like(index)).clip)
        for scores, boxes in zip(said.logits.sigmoid().numpy(), said.boxes.numpy(), strict=True):
            out.append(decode(boxes, scores, list(labels), least, overlap))
    return out
