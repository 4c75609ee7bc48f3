"""A toy problem that a small network learns in seconds, and a whole training of it that can be killed.

    python -m tests.training.toy everything runs/toy

trains as slowly as a network that somebody would want to kill, with a checkpoint after every step.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from featherfall.core.recipe import Distillation
from featherfall.core.training_settings import Augment, EarlyStop, Swa, Training
from featherfall.models.inertial import InertialNet
from featherfall.training import fit as fit_module
from featherfall.training.data import Clips
from featherfall.training.fit import Validate, fit
from featherfall.training.objectives import Distil, HardLabels
from featherfall.training.outputs import logits_of
from featherfall.training.teachers import TeacherOutputs

STEPS = 60
CASES = ("plain", "everything", "averaged")


def toy_clips(count: int = 24, views: int = 2, labelled: int | None = None) -> Clips:
    """Class 1 swings along x twice as fast as class 0."""
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 2
    phase = torch.rand(views, count, 1, generator=random) * 6
    swing = torch.sin(torch.linspace(0, 6, 32) * (1 + labels)[:, None] + phase)
    values = torch.stack([swing, torch.zeros_like(swing), torch.ones_like(swing)], dim=-1)
    values += 0.05 * torch.randn(values.shape, generator=random)
    return Clips({"accelerometer": values}, {"accelerometer": torch.ones(count, dtype=torch.bool)}, labels, labelled or views)


def toy_model(seed: int = 0) -> InertialNet:
    torch.manual_seed(seed)
    return InertialNet(["accelerometer"], 2, layers=((8, 5, 2), (8, 3, 2)), thirds=1, dropout=0.2)


def teacher_of(clips: Clips, classes: int = 2, width: int = 5) -> TeacherOutputs:
    """Two teachers who are nearly right, and features that tell the classes apart."""
    random = torch.Generator().manual_seed(1)
    shape = (clips.views, len(clips))
    right = 4 * nn.functional.one_hot(clips.labels, classes).float()
    logits = right[None, :, None] + torch.randn(*shape, 2, classes, generator=random)
    features = 2.0 * clips.labels[None, :, None] + 0.1 * torch.randn(*shape, width, generator=random)
    return TeacherOutputs(logits, {"embedding": features})


def run(case: str, folder: Path) -> nn.Module:
    """One training.

    "plain": cross-entropy, SGD, the averaged weights ship. "averaged": focal loss, mixup, stochastic weight averaging. "everything": a
    moving average, an early stop whose best weights ship, distillation with a projector and teacher-only views.
    """
    if case == "plain":
        training = Training(steps=STEPS, batch=8, lr=0.01, average=0.8, optimizer="sgd", schedule="cosine")
        return fit(toy_model(), toy_clips(), training, HardLabels(), 3, folder)
    if case == "averaged":
        training = Training(steps=STEPS, batch=8, lr=0.01, average=0, swa=Swa(start=0.5, lr=0.005))
        return fit(toy_model(), toy_clips(), training, HardLabels(focal=2.0, mixup=0.4), 3, folder)
    augment = Augment(views=1, blends=1, teacher_only_share=0.25)
    early = EarlyStop(every=5, patience=4)
    training = Training(steps=STEPS, batch=8, lr=0.01, average=0.8, early_stop=early, augment=augment)
    clips = toy_clips(views=3, labelled=2)
    torch.manual_seed(3)
    how = Distillation.model_validate({"terms": [{"loss": "soft"}, {"loss": "mse", "weight": 0.1}, {"loss": "rkd_angle"}]})
    objective = Distil(how, teacher_of(clips), {"embedding": (8,)}, len(clips))
    return fit(toy_model(), clips, training, objective, 3, folder, plateau(clips))


def plateau(clips: Clips) -> Validate:
    """Minus the loss, but no better than -.3: the looks stop improving some time after half-way."""

    def score(model: nn.Module) -> float:
        loss = float(nn.functional.cross_entropy(logits_of(model, clips), clips.labels))
        return round(-max(loss, 0.3), 3)

    return score


if __name__ == "__main__":
    fit_module.CHECKPOINT_SECONDS = 0
    quick = fit_module.augment

    def slow(clip: dict[str, Tensor], how: Augment, rate: float) -> dict[str, Tensor]:
        time.sleep(0.03)
        return quick(clip, how, rate)

    fit_module.augment = slow
    run(sys.argv[1], Path(sys.argv[2]))
