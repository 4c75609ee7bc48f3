"""Check the parts of a fold, before anything is trained on any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch import nn

from featherfall.core.errors import UserError
from featherfall.core.training_settings import Training
from featherfall.training.stages import FoldContext, LabelledClips, check_terms, leaves_datasets_out

_SHOWN = 5  # groups that a message names
_MEND = "change the split (split.folds, split.validation, split.group)"


def check_parts(stage: FoldContext) -> None:
    """Check that every part of a fold holds the clips that training, early stopping, quantisation and evaluation need.

    A test part without clips is allowed where falls are detected: people whose recordings trigger nothing are evaluated as such.

    Raises: `UserError` that names the fold, the part and the mend.
    """
    recipe, fold = stage.recipe, stage.fold
    check_terms(stage)
    training = stage.training_part  # refuses a class without clips
    for role, inputs in _required_together(stage):
        if not _have_all(stage, training, inputs).any() and not _may_lack(stage, inputs):
            raise UserError(
                f"{_where(stage)}: no training clip has {' and '.join(inputs)}, which the {role} needs (training part: "
                f"{_who(stage, fold.train)}); {_MEND}, or leave the input out"
            )
    if len(fold.validation) and not len(stage.part(fold.validation).clips):
        raise UserError(f"{_where(stage)}: the validation part ({_who(stage, fold.validation)}) has no clip; {_MEND}")
    if not len(fold.validation) and any(one.early_stop for one in _trainings(stage)):
        raise UserError(f"{_where(stage)}: early_stop needs a validation part, and this fold has none; set early_stop: null, or {_MEND}")
    if recipe.task == "activity" and len(fold.test) and not len(stage.part(fold.test).clips):
        raise UserError(f"{_where(stage)}: the test part ({_who(stage, fold.test)}) has no clip; {_MEND}")


def _required_together(stage: FoldContext) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each network and inputs that at least one of its training clips must have, all at once."""
    for role, network in stage.recipe.networks.items():
        for name in network.inputs:
            yield role, [name]
    teacher = stage.recipe.teacher
    if teacher is not None and teacher.pretrain and len(teacher.network.inputs) > 1:
        for kind, branch in getattr(stage.network(teacher.network, 0), "branches", nn.ModuleDict()).items():
            yield f"teacher's branch {kind!r}", list(branch.inputs)  # type: ignore[arg-type]


def _may_lack(stage: FoldContext, inputs: Sequence[str]) -> bool:
    """Return whether a fold's teacher does without an input, which only the dataset that is left out has; one input must be left to it."""
    recipe = stage.recipe
    if not leaves_datasets_out(recipe) or len(inputs) > 1 or inputs[0] in (*recipe.student.network.inputs, *recipe.clip.require):
        return False
    present, clips = stage.store.present, stage.training_part.clips
    return recipe.teacher is not None and any(present[name][clips].any() for name in recipe.teacher.network.inputs)


def _have_all(stage: FoldContext, part: LabelledClips, inputs: Sequence[str]) -> np.ndarray:
    """Return (N,) bool: which clips of a part have all of these inputs."""
    return np.all([stage.store.present[name][part.clips] for name in inputs], axis=0)


def _trainings(stage: FoldContext) -> list[Training]:
    recipe = stage.recipe
    teacher = [recipe.teacher.training, *recipe.teacher.branches.values()] if recipe.teacher else []
    return [recipe.student.training, *teacher]


def _where(stage: FoldContext) -> str:
    return f"{stage.recipe.name}, {stage.fold.name}"


def _who(stage: FoldContext, recordings: np.ndarray) -> str:
    names = sorted({stage.store.recordings[i].subject for i in recordings})
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
