"""The stages of a recipe on one fold: teachers, their outputs, the student alone, the student distilled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from featherfall.clips.labels import IGNORED, check_classes, classes, clip_labels
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.recipe import Network, Recipe
from featherfall.core.registry import facts
from featherfall.core.training_settings import Augment, Training
from featherfall.losses.shapes import Shapes
from featherfall.models.build import build_network
from featherfall.models.taps import tap_features
from featherfall.training.checkpoint import load_tensors, save_tensors
from featherfall.training.data import Clips, drawn_views, load_clips
from featherfall.training.films import film_views
from featherfall.training.fit import Validate, fit
from featherfall.training.held import held_clips, hold_clips
from featherfall.training.mean_teacher import WithMeanTeacher
from featherfall.training.objectives import Distil, HardLabels, class_weights
from featherfall.training.outputs import logits_and_features, logits_of
from featherfall.training.teachers import LiveTeachers, Shape, TeacherOutputs
from featherfall.training.terms import MAX_FEATURES, TermLoss, check_counts, compares_features, student_taps, teacher_taps
from featherfall.training.views import make_views

BRANCH_SEED = 7919  # keeps the initial weights of branches apart from those of whole teachers


@dataclass(frozen=True, eq=False)
class LabelledClips:
    """The training (or validation) clips of one fold with their classes."""

    clips: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class FoldContext:
    """A recipe on one fold of a store."""

    recipe: Recipe
    store: ClipStore
    fold: Fold

    @property
    def classes(self) -> list[str]:
        return classes(self.store, self.recipe.labels)

    def part(self, recordings: np.ndarray) -> LabelledClips:
        """Return the labelled clips of the given recordings; clips that are neither class are left out."""
        labels = clip_labels(self.store, self.recipe.labels, self.recipe.clip.reference)
        clips = self.store.clips_of(recordings)
        clips = clips[labels[clips] != IGNORED]
        return LabelledClips(clips, labels[clips])

    @property
    def training_part(self) -> LabelledClips:
        part = self.part(self.fold.train)
        check_classes(self.classes, part.labels, f"{self.recipe.name}, {self.fold.name}")
        return part

    @property
    def pairs(self) -> LabelledClips:
        """The clips that a distilled student learns from: the training part, and those whose labels are not used (`IGNORED`)."""
        part, more = self.training_part, self.store.clips_of(self.fold.unlabelled)
        return LabelledClips(np.concatenate([part.clips, more]), np.concatenate([part.labels, np.full(len(more), IGNORED)]))

    def network(self, network: Network, seed: int) -> nn.Module:
        """Return a freshly initialised network of this recipe."""
        torch.manual_seed(seed)
        return build_network(network.kind, network.inputs, self.store.channels, len(self.classes), **network.options)

    def load_network(self, network: Network, seed: int, weights: Path) -> nn.Module:
        """Return a trained network."""
        model = self.network(network, seed)
        model.load_state_dict(load_tensors(weights))
        return model.eval()

    def blank(self, network: Network) -> dict[str, Tensor]:
        """Return two clips of zeros for a network."""
        return {name: torch.from_numpy(np.zeros_like(self.store.read(name, np.arange(2)))) for name in network.inputs}

    def load(self, part: LabelledClips, inputs: Sequence[str], augment: Augment | None = None, *, teacher_only: bool = False) -> Clips:
        """Return a part's clips with the given inputs and their views."""
        if augment is None:
            return load_clips(self.store, part.clips, part.labels, inputs)
        return hold_clips(self.store, part.clips, part.labels, inputs, augment, teacher_only=teacher_only)


def leaves_datasets_out(recipe: Recipe) -> bool:
    """Return whether a fold's test part may have inputs that nobody in its training part has, because they are of other datasets."""
    return bool(facts("protocol", recipe.split.protocol).get("datasets", 1) > 1)


def without_unseen(recipe: Recipe, store: ClipStore, fold: Fold) -> ClipStore:
    """Return the store as a fold's networks see it, where datasets are left out.

    What only the teacher takes and no training clip has (the orientation of the one dataset that is left out) is hidden from its test clips
    as well: a network that was trained without it would take its values for noise.
    """
    if not leaves_datasets_out(recipe):
        return store
    trained = store.clips_of(fold.seen)
    kept = (*recipe.student.network.inputs, *recipe.clip.require)
    hidden = {name: np.zeros_like(flags) for name, flags in store.present.items() if name not in kept and not flags[trained].any()}
    return replace(store, present={**store.present, **hidden})


def check_terms(stage: FoldContext) -> None:
    """Raise `UserError` for a distillation term that is degenerate on the recipe's networks or classes, or cannot compare them."""
    if stage.recipe.distillation is None:
        return
    if stage.recipe.distillation.bundle is not None:
        for term in stage.recipe.distillation.terms:
            check_counts(term, len(stage.classes), 1)
            TermLoss(term, None)
        return
    if by := stage.recipe.by_assistant:
        for recipe in by:
            check_terms(replace(stage, recipe=recipe))
        return
    teacher, how = stage.recipe.required_supervision
    mine = _tap_shapes(stage, stage.recipe.student.network, student_taps(how.terms))
    theirs = _tap_shapes(stage, teacher.network, teacher_taps(how.terms))
    for term in how.terms:
        check_counts(term, len(stage.classes), teacher.members)
        tapped = compares_features(term)
        TermLoss(term, Shapes(mine[term.student_tap], theirs[term.teacher_tap], len(stage.pairs.clips)) if tapped else None)


def train_teacher(stage: FoldContext, member: int, folder: Path) -> nn.Module:
    """Train one member of the teacher ensemble: first each branch alone (if `teacher.pretrain`), then the whole network."""
    teacher = stage.recipe.required_supervision.teacher
    network, training = teacher.network, teacher.training
    model = stage.network(network, member)
    clips = stage.load(stage.training_part, network.inputs, training.augment)
    objective = _hard_labels(stage, clips.labels, training, training.label_smoothing)
    if teacher.pretrain and not (folder / "weights.pt").is_file():
        for kind, branch in getattr(model, "branches", nn.ModuleDict()).items():
            inputs = list(branch.inputs)  # type: ignore[arg-type]
            changes = {"kind": kind, "inputs": inputs, "options": network.options.get(kind, {})}
            alone = stage.network(network.model_copy(update=changes), member + BRANCH_SEED)
            how = teacher.branches.get(kind, training)
            goal = _hard_labels(stage, clips.labels, how, how.label_smoothing)
            fit(alone, clips.with_inputs(inputs), how, goal, member, folder / f"branch-{kind}")
            wanted = branch.state_dict().keys()  # without the head, which a branch may lack
            branch.load_state_dict({name: values for name, values in alone.state_dict().items() if name in wanted})
    return fit(model, clips, training, objective, member, folder, _validation_score(stage, network, training))


def write_teacher_outputs(stage: FoldContext, members: Sequence[Path], folder: Path, *, every_view: bool = False) -> Path:
    """Write the ensemble's outputs for the clips that are distilled on, computed once for all students of the fold.

    Only of the views of a clip that `_wanted_views` names; the others are NaN. every_view: of all, for students of other seeds or steps.
    """
    path = folder / "outputs.pt"
    if path.is_file():
        return path
    teacher, how = stage.recipe.required_supervision
    network, taps, training = teacher.network, teacher_taps(how.terms), stage.recipe.student.training
    part = stage.pairs
    views = make_views(stage.store, part.clips, network.inputs, training.augment)
    present = {name: torch.from_numpy(stage.store.present[name][part.clips]) for name in network.inputs}
    models = [stage.load_network(network, i, member / "weights.pt") for i, member in enumerate(members)]
    wanted = _wanted_views(stage, part) | every_view
    logits = torch.full((*wanted.shape, len(models), len(stage.classes)), torch.nan)
    shapes = _tap_shapes(stage, network, taps)
    _check_sizes(shapes)
    features = {name: torch.full((*wanted.shape, *shape), torch.nan) for name, shape in shapes.items()}
    held = held_clips(stage.store, part.clips, part.labels, network.inputs, training.augment, teacher_only=True)
    for v in range(views.total):  # one view at a time: all views of all of a teacher's inputs may not fit in memory
        if held is not None and not held.films:
            inputs = {name: values[v : v + 1] for name, values in held.inputs.items()}
        else:
            inputs = {name: torch.from_numpy(np.ascontiguousarray(values))[None] for name, values in views.view(v).items()}
        films = {name: film_views(stage.store.films[name], part.clips, views, [v]) for name in network.inputs if name in stage.store.films}
        clips = Clips(inputs, present, torch.from_numpy(part.labels), 1, films)
        some = wanted[v].nonzero()[:, 0]
        for i, model in enumerate(models if len(some) else ()):
            logits[v, some, i], tapped = logits_and_features(model, clips, taps if i == 0 else (), some)
            for name, values in tapped.items():
                features[name][v, some] = values
    save_tensors(path, {"logits": logits, "features": features})
    return path


def _wanted_views(stage: FoldContext, part: LabelledClips) -> Tensor:
    """Return (V, N) bool: the views of the clips of which the students, and an assistant (of number 0), want the teachers' outputs."""
    recipe, how = stage.recipe, stage.recipe.required_supervision.distillation
    training = recipe.student.training
    seeds = {*recipe.seeds, 0} if how.assistant else recipe.seeds
    wanted = drawn_views(stage.store, part.clips, part.labels, training, sorted(seeds))
    if how.over_views == "mean":
        wanted[: 1 + training.augment.views] = True
    return wanted


def train_student(
    stage: FoldContext, role: str, seed: int, folder: Path, outputs: Path | None, start: Path | None = None, teachers: Sequence[Path] = ()
) -> nn.Module:
    """Train the student, "alone" or "distilled", with the same data, views, augmentation, budget, seed and initial weights.

    Arguments:
        outputs: file of the teachers' outputs; needed for "distilled", unless `distillation.live`.
        teachers: folders of the trained teachers, needed for `distillation.live`.
        start: weights to start from (see `pipeline.warm_start`); fresh ones without.
    """
    student = stage.recipe.student
    model = stage.network(student.network, seed)
    if start is not None:
        model.load_state_dict(load_tensors(start))
    objective: nn.Module
    if role == "alone":
        clips = stage.load(stage.training_part, student.network.inputs, student.training.augment)
        objective = _hard_labels(stage, clips.labels, student.training, student.alone_label_smoothing)
    else:
        how = stage.recipe.required_distillation
        seen = [*student.network.inputs, *(stage.recipe.required_supervision.teacher.network.inputs if how.live else [])]
        taught = _live_teachers(stage, teachers) if how.live else _load_outputs(outputs)
        pairs = stage.pairs
        if isinstance(taught, TeacherOutputs) and how.bundle is not None:
            heard = taught.heard()
            pairs, taught = LabelledClips(pairs.clips[heard], pairs.labels[heard]), taught.only(heard)
        clips = stage.load(pairs, list(dict.fromkeys(seen)), student.training.augment, teacher_only=True)
        weights = class_weights(clips.labels, len(stage.classes), student.training.balance)
        shapes = _tap_shapes(stage, student.network, student_taps(how.terms))
        if isinstance(taught, TeacherOutputs) and how.over_views == "mean":
            taught = taught.over_views(clips.labelled)
        torch.manual_seed(seed)
        objective = Distil(how, taught, shapes, len(clips), weights)
        if how.mean_teacher:
            objective = WithMeanTeacher(objective, model, how.mean_teacher)
    return fit(model, clips, student.training, objective, seed, folder, _validation_score(stage, student.network, student.training))


def _hard_labels(stage: FoldContext, labels: Tensor, training: Training, smoothing: float) -> HardLabels:
    weights = class_weights(labels, len(stage.classes), training.balance)
    return HardLabels(weights, smoothing, training.focal, training.mixup)


def _load_outputs(outputs: Path | None) -> TeacherOutputs:
    assert outputs is not None
    saved = load_tensors(outputs)
    return TeacherOutputs(saved["logits"], saved["features"])


def _live_teachers(stage: FoldContext, teachers: Sequence[Path]) -> LiveTeachers:
    teacher, how = stage.recipe.required_supervision
    network = teacher.network
    members = [stage.load_network(network, i, folder / "weights.pt") for i, folder in enumerate(teachers)]
    return LiveTeachers(members, _tap_shapes(stage, network, teacher_taps(how.terms)))


def _tap_shapes(stage: FoldContext, network: Network, taps: Sequence[str]) -> dict[str, Shape]:
    """Return the shape of a clip's features at each tap; raises `UserError` for a name that is no submodule."""
    model = stage.network(network, 0).eval()
    try:
        with torch.no_grad(), tap_features(model, taps) as features:
            model(stage.blank(network))
    except ValueError as error:
        raise UserError(f"distillation: {error}") from error
    for name in taps:
        if name not in features:  # e.g. a branch, of which the network calls the parts itself
            raise UserError(f"distillation: the submodule {name!r} is never called as such; name one within it, e.g. its blocks")
    return {name: tuple(values.shape[1:]) for name, values in features.items()}


def _check_sizes(shapes: Mapping[str, Shape]) -> None:
    for name, shape in shapes.items():
        if prod(shape) > MAX_FEATURES:
            raise UserError(
                f"distillation: the teacher's {name!r} has {prod(shape)} features a clip, too many to cache; set distillation.live: true"
            )


def _validation_score(stage: FoldContext, network: Network, training: Training) -> Validate | None:
    """Return the recipe's metric on the validation part, for early stopping."""
    if training.early_stop is None:
        return None
    metric, positive = training.early_stop.metric, stage.recipe.labels.positive
    part = stage.part(stage.fold.validation)
    if not len(part.clips):
        raise UserError(f"{stage.recipe.name}: early_stop needs a validation part; set split.validation to 1 or more")
    clips = stage.load(part, network.inputs)

    def score(model: nn.Module) -> float:
        device = next(model.parameters()).device
        predicted = logits_of(model, clips.to(device)).argmax(dim=1).cpu()
        if metric == "f1":
            return f1(predicted, clips.labels, stage.classes.index(str(positive)))
        return balanced_accuracy(predicted, clips.labels)

    return score


def balanced_accuracy(predicted: Tensor, labels: Tensor) -> float:
    """Return the mean recall of the classes that occur. Both (N,) int64."""
    right = predicted == labels
    return float(torch.stack([right[labels == label].float().mean() for label in labels.unique()]).mean())


def f1(predicted: Tensor, labels: Tensor, positive: int) -> float:
    """2 TP / (2 TP + FP + FN) of one class; 0 where it neither occurs nor is predicted."""
    hits = int(((predicted == positive) & (labels == positive)).sum())
    return 2 * hits / max(int((predicted == positive).sum()) + int((labels == positive).sum()), 1)
