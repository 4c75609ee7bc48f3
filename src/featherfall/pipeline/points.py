"""Operating points of a run: each fold's from the other folds, the bundle's from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from featherfall.clips.protocols import cross_validates
from featherfall.clips.splits import Fold, group_of
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.evaluation.operating import Fitted, cross_fit, fit_points
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.pipeline.task import Job, Task

Predicted = list[RecordingPredictions]


@dataclass(frozen=True, eq=False)
class Decided:
    """Predictions of one role and number, by fold, and how each fold is decided (None: as the recipe states)."""

    folds: list[Predicted]
    fitted: list[Fitted] | None

    def to_json(self) -> list[dict[str, Any]]:
        """Return "threshold" and "temperature" of each fold; empty where they are stated."""
        return [{"threshold": one.decision.threshold, "temperature": one.temperature} for one in self.fitted or []]


def decide_folds(recipe: Recipe, classes: Sequence[str], folds: list[Predicted]) -> Decided:
    """Return predictions as the recipe decides them: where it names a point, each fold as the others would have it."""
    point = recipe.decision.point
    if point is None:
        return Decided(folds, None)
    positive = list(classes).index(str(recipe.labels.positive))
    fitted = cross_fit(folds, positive, recipe.decision.stated, point, recipe.split.group)
    return Decided([one.applied(fold) for one, fold in zip(fitted, folds, strict=True)], fitted)


def fit_shipped(task: Task, jobs: Sequence[Job]) -> Fitted:
    """Return how the bundle decides, and its curve: from what the folds' students of the first seed predict of the recordings left out.

    Bundles that are not trained by cross-validation, or decide otherwise than by windows, keep the stated decision and have no curve.

    Raises: `UserError` where a job is not finished.
    """
    recipe = task.context.recipe
    stated = recipe.decision.stated
    if recipe.task != "fall" or not task.decides_by_windows() or not cross_validates(recipe.split):
        return Fitted(stated)
    mine = [job for job in jobs if job.number == recipe.seeds[0] and len(job.fold.test)]
    role = "int8" if any(job.role == "int8" for job in mine) else recipe.deployed_role
    mine = [job for job in mine if job.role == role]
    for job in mine:
        if not job.finished.is_file():
            raise UserError(f"{job.finished}: not there; finish the run first (featherfall distill ... --resume)")
    predictions = [one for job in mine for one in task.predictions(job)]
    positive = task.classes().index(str(recipe.labels.positive))
    store = open_store(task.context.clips)
    return fit_points(predictions, positive, stated, recipe.decision.point, kind_left_out(recipe, store, [job.fold for job in mine]))


def check_points(task: Task, store: ClipStore, folds: Sequence[Fold]) -> None:
    """Raise `UserError`, before anything is trained, where a named point cannot be chosen on the other folds."""
    recipe = task.context.recipe
    point, group = recipe.decision.point, recipe.split.group
    if point is None:
        return
    if not task.decides_by_windows():
        raise UserError(
            f"decision.threshold {point!r} is chosen for windows of recordings; a camera also judges posture and course, so give a number: "
            "--set decision.threshold=0.5"
        )
    falling = [{group_of(one, group) for one in (store.recordings[i] for i in fold.test) if one.fall is not None} for fold in folds]
    for i, fold in enumerate(folds):
        mine = {group_of(store.recordings[k], group) for k in fold.test}
        if not any(other - mine for j, other in enumerate(falling) if j != i):
            raise UserError(
                f"decision.threshold {point!r}: {fold.name} has no other fold that tests falls, by which to choose its threshold; give a "
                "number: --set decision.threshold=0.5"
            )


def kind_left_out(recipe: Recipe, store: ClipStore, folds: Sequence[Fold]) -> str:
    """Return what the folds' models had not seen: "people", or another group; "... and datasets" where no fold trained on a dataset with
    falls that it tests."""
    what = "people" if recipe.split.group == "subject" else f"{recipe.split.group}s"
    with_falls = {one.dataset for one in store.recordings if one.fall is not None}

    def datasets(indices: Any) -> set[str]:
        return {store.recordings[i].dataset for i in indices} & with_falls

    apart = all(not datasets(fold.test) & (datasets(fold.seen) | datasets(fold.validation)) for fold in folds)
    return f"{what} and datasets" if apart else what
