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
from featherfall.ground.recipe import Augment, Network, Recipe, Training
from featherfall.models.build import branches_of, build
from featherfall.models.fusion import FusionNet
from featherfall.training.checkpoint import load, save
from featherfall.training.data import Clips, load_clips
from featherfall.training.fit import Validate, fit
from featherfall.training.objectives import Distil, HardLabels, TeacherOutputs, class_weights
from featherfall.training.outputs import logits_and_features, logits_of
from featherfall.training.views import make_views

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

    def load_network(self, network: Network, seed: int, weights: Path) -> nn.Module:
        """A trained network."""
        model = self.network(network, seed)
        model.load_state_dict(load(weights))
        return model.eval()

    def load(self, part: Part, inputs: Sequence[str], augment: Augment | None = None, *, teacher_only: bool = False) -> Clips:
        """A part's clips with the given inputs and their views."""
        return load_clips(self.store, part.clips, part.labels, inputs, augment, teacher_only=teacher_only)


def train_teacher(stage: Stage, member: int, folder: Path) -> nn.Module:
    """One member of the teacher ensemble: its branches alone first (if the recipe says so), then the whole."""
    teacher = stage.recipe.teacher
    network, training = teacher.network, teacher.training
    model = stage.network(network, member)
    clips = stage.load(stage.training_part, network.inputs, training.augment)
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
    part = stage.training_part
    taps = sorted({term.teacher_tap for term in stage.recipe.distillation.terms if term.loss != "soft"})
    views = make_views(stage.store, part.clips, network.inputs, stage.recipe.student.training.augment)
    present = {name: torch.from_numpy(stage.store.present[name][part.clips]) for name in network.inputs}
    models = [stage.load_network(network, i, member / "weights.pt") for i, member in enumerate(members)]
    logits: list[Tensor] = []
    features: dict[str, list[Tensor]] = {name: [] for name in taps}
    for v in range(views.total):  # one view at a time: all of them with all of a teacher's inputs would not fit everywhere
        inputs = {name: torch.from_numpy(np.ascontiguousarray(values))[None] for name, values in views.view(v).items()}
        clips = Clips(inputs, present, torch.from_numpy(part.labels), 1)
        said = [logits_and_features(model, clips, taps if i == 0 else ()) for i, model in enumerate(models)]
        logits.append(torch.stack([one for one, _ in said], dim=1))
        for name in taps:
            features[name].append(said[0][1][name])
    save(path, {"logits": torch.stack(logits), "features": {name: torch.stack(parts) for name, parts in features.items()}})
    return path


def train_student(stage: Stage, role: str, seed: int, folder: Path, outputs: Path | None, start: Path | None = None) -> nn.Module:
    """The student, "alone" or "distilled": same data, views, augmentation, budget, seed, and the same weights to start from.

    Arguments:
        outputs: what the teachers say; needed for "distilled".
        start: weights to start from (see `pipeline.start`); fresh ones without.
    """
    student = stage.recipe.student
    model = stage.network(student.network, seed)
    if start is not None:
        model.load_state_dict(load(start))
    clips = stage.load(stage.training_part, student.network.inputs, student.training.augment, teacher_only=role == "distilled")
    objective: nn.Module
    if role == "alone":
        objective = _hard_labels(stage, clips.labels, student.training, student.alone_label_smoothing)
    else:
        assert outputs is not None
        saved = load(outputs)
        weights = class_weights(clips.labels, len(stage.classes), student.training.balance)
        widths = _tap_widths(model, clips, [term.student_tap for term in stage.recipe.distillation.terms if term.loss != "soft"])
        torch.manual_seed(seed)
        objective = Distil(stage.recipe.distillation, TeacherOutputs(saved["logits"], saved["features"]), widths, weights)
    return fit(model, clips, student.training, objective, seed, folder, _validate(stage, student.network, student.training))


def _hard_labels(stage: Stage, labels: Tensor, training: Training, smoothing: float) -> HardLabels:
    return HardLabels(class_weights(labels, len(stage.classes), training.balance), smoothing)


def _tap_widths(model: nn.Module, clips: Clips, taps: Sequence[str]) -> Mapping[str, int]:
    pair = Clips({name: values[:1, :2] for name, values in clips.inputs.items()}, {}, clips.labels[:2], 1)
    return {name: values.shape[-1] for name, values in logits_and_features(model, pair, taps)[1].items()}


def _validate(stage: Stage, network: Network, training: Training) -> Validate | None:
    """Balanced accuracy on the validation part, for early stopping."""
    if training.early_stop is None:
        return None
    part = stage.part(stage.fold.validation)
    if not len(part.clips):
        raise UserError(f"{stage.recipe.name}: early_stop needs a validation part; set split.validation to 1 or more")
    clips = stage.load(part, network.inputs)

    def score(model: nn.Module) -> float:
        device = next(model.parameters()).device
        right = logits_of(model, clips.to(device)).argmax(dim=1).cpu() == clips.labels
        return float(torch.stack([right[clips.labels == label].float().mean() for label in clips.labels.unique()]).mean())

    return score
