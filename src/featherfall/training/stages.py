"""The stages of a recipe on one fold: teachers, their outputs, the student alone, the student distilled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from featherfall.clips.labels import IGNORED, check_classes, classes, clip_labels
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.ground.errors import UserError
from featherfall.ground.files import atomic_write
from featherfall.ground.recipe import Network, Recipe, Training
from featherfall.models.build import branches_of, build
from featherfall.models.fusion import FusionNet
from featherfall.training.data import Clips, load_clips
from featherfall.training.fit import Validate, fit
from featherfall.training.objectives import Distil, HardLabels, TeacherOutputs, class_weights
from featherfall.training.outputs import logits_of, teacher_outputs

BRANCH_SEED = 7919  # keeps the initial weights of branches apart from those of whole teachers


@dataclass(frozen=True, eq=False)
class Part:
    """The training (or validation) clips of one fold with their classes."""

    clips: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Stage:
    """A recipe on one fold of a store."""

    recipe: Recipe
    store: ClipStore
    fold: Fold

    @property
    def classes(self) -> list[str]:
        return classes(self.store, self.recipe.labels)

    def part(self, recordings: np.ndarray) -> Part:
        """The labelled clips of the given recordings; clips that are neither class are left out."""
        labels = clip_labels(self.store, self.recipe.labels)
        clips = self.store.clips_of(recordings)
        clips = clips[labels[clips] != IGNORED]
        return Part(clips, labels[clips])

    @property
    def training_part(self) -> Part:
        part = self.part(self.fold.train)
        check_classes(self.classes, part.labels, f"{self.recipe.name}, {self.fold.name}")
        return part

    def network(self, network: Network, seed: int) -> nn.Module:
        """A freshly initialised network of this recipe."""
        torch.manual_seed(seed)
        return build(network.kind, network.inputs, self.store.channels, len(self.classes), **network.options)

    def load(self, part: Part, inputs: Sequence[str], training: Training) -> Clips:
        return load_clips(self.store, part.clips, part.labels, inputs, training.augment)


def train_teacher(stage: Stage, member: int, folder: Path) -> nn.Module:
    """One member of the teacher ensemble: its branches alone first (if the recipe says so), then the whole."""
    teacher = stage.recipe.teacher
    network, training = teacher.network, teacher.training
    model = stage.network(network, member)
    clips = stage.load(stage.training_part, network.inputs, training)
    objective = _hard_labels(stage, clips.labels, training, training.label_smoothing)
    if isinstance(model, FusionNet) and teacher.pretrain and not (folder / "weights.pt").is_file():
        for kind, inputs in branches_of(network.inputs).items():
            branch = stage.network(network.model_copy(update={"kind": kind, "inputs": inputs, "options": {}}), member + BRANCH_SEED)
            fit(branch, clips.seen_by(inputs), training, objective, member, folder / f"branch-{kind}")
            model.branches[kind].load_state_dict(branch.state_dict())
    return fit(model, clips, training, objective, member, folder, _validate(stage, network, training))


def write_teacher_outputs(stage: Stage, members: Sequence[Path], folder: Path) -> Path:
    """What the ensemble says of every view of every training clip, computed once for all students of the fold."""
    path = folder / "outputs.pt"
    if path.is_file():
        return path
    network = stage.recipe.teacher.network
    clips = stage.load(stage.training_part, network.inputs, stage.recipe.student.training)
    taps = sorted({term.teacher_tap for term in stage.recipe.distillation.terms if term.loss != "soft"})
    logits, features = [], {}
    for i, member in enumerate(members):
        model = stage.network(network, i)
        model.load_state_dict(torch.load(member / "weights.pt", weights_only=True))
        said, felt = teacher_outputs(model, clips, taps if i == 0 else ())
        logits.append(said)
        features |= felt
    with atomic_write(path) as file:
        torch.save({"logits": torch.stack(logits, dim=2), "features": features}, file)
    return path


def train_student(stage: Stage, role: str, seed: int, folder: Path, outputs: Path | None) -> nn.Module:
    """The student, "alone" or "distilled": same data, views, augmentation, budget and seed."""
    student = stage.recipe.student
    model = stage.network(student.network, seed)
    clips = stage.load(stage.training_part, student.network.inputs, student.training)
    objective: nn.Module
    if role == "alone":
        objective = _hard_labels(stage, clips.labels, student.training, student.alone_label_smoothing)
    else:
        assert outputs is not None
        saved = torch.load(outputs, weights_only=True)
        weights = class_weights(clips.labels, len(stage.classes)) if student.training.balance else None
        widths = _tap_widths(model, clips, [term.student_tap for term in stage.recipe.distillation.terms if term.loss != "soft"])
        torch.manual_seed(seed)
        objective = Distil(stage.recipe.distillation, TeacherOutputs(saved["logits"], saved["features"]), widths, weights)
    return fit(model, clips, student.training, objective, seed, folder, _validate(stage, student.network, student.training))


def _hard_labels(stage: Stage, labels: Tensor, training: Training, smoothing: float) -> HardLabels:
    return HardLabels(class_weights(labels, len(stage.classes)) if training.balance else None, smoothing)


def _tap_widths(model: nn.Module, clips: Clips, taps: Sequence[str]) -> Mapping[str, int]:
    one = Clips({name: values[:1, :2] for name, values in clips.inputs.items()}, {n: f[:2] for n, f in clips.present.items()}, clips.labels[:2])
    _, features = teacher_outputs(model, one, taps)
    return {name: values.shape[-1] for name, values in features.items()}


def _validate(stage: Stage, network: Network, training: Training) -> Validate | None:
    """Balanced accuracy on the validation part, for early stopping."""
    if training.early_stop is None:
        return None
    part = stage.part(stage.fold.validation)
    if not len(part.clips):
        raise UserError(f"{stage.recipe.name}: early_stop needs a validation part; set split.validation to 1 or more")
    plain = training.model_copy(update={"augment": training.augment.model_copy(update={"views": 0})})
    clips = stage.load(part, network.inputs, plain)

    def score(model: nn.Module) -> float:
        device = next(model.parameters()).device
        right = logits_of(model, clips.to(device)).argmax(dim=1).cpu() == clips.labels
        return float(torch.stack([right[clips.labels == label].float().mean() for label in clips.labels.unique()]).mean())

    return score
