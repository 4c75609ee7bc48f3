"""One recipe with one distillation loss after the other, ranked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.recipe import Distillation, Recipe, Term
from featherfall.core.registry import check_name, facts, known_names
from featherfall.datasets import Dataset
from featherfall.evaluation.intervals import paired_difference
from featherfall.pipeline.clips import make_clips, make_folds, open_data
from featherfall.pipeline.distill import run_recipe
from featherfall.pipeline.progress import Show
from featherfall.training.stages import FoldContext
from featherfall.training.terms import compares_features

_SHARED = ("teacher", "alone")  # roles that do not depend on the loss
_QUEUE = 256  # of "comodo", where there are twice as many clips
Tell = Callable[[int, int, str], None]  # losses done, losses in all, the next one


def losses_named(names: str) -> list[str]:
    """Return the registered losses of "all", or of a list with commas. Raises `UserError` for an unknown one."""
    if names == "all":
        return list(known_names("loss"))
    try:
        return [check_name("loss", name.strip()) for name in names.split(",")]
    except ValueError as error:
        raise UserError(f"--losses {names}: {error}") from error


def compare_losses(
    recipe: Recipe,
    data: Path | Dataset,
    out: Path,
    losses: Sequence[str],
    *,
    workers: int = 1,
    tell: Tell | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Run a recipe with each loss in place of its own terms, at its published weight; return what `comparison.json` holds.

    All runs share the teachers and the student alone of the first one, so that differences are the losses'. What is finished is not done
    again. A loss that says nothing on this recipe stands in the table with the reason.

    Arguments:
        out: one run a loss, out/LOSS.
        tell: called before each loss.
    Returns: "rows", best first: "loss", "mean", "ci95", "minus_alone", "minus_soft" (paired over folds, else over seeds), or "refused".
    """
    if recipe.supervision is None:
        raise UserError(f"{recipe.name}: has no teacher, so there are no losses to compare; give it 'teacher' and 'distillation'")
    losses = ["soft", *(name for name in losses if name != "soft")]  # the yardstick comes first
    stage = _first_fold(recipe, data, quiet)
    rows: list[dict[str, Any]] = []
    runs: dict[str, dict[str, Any]] = {}
    for done, name in enumerate(losses):
        if tell:
            tell(done, len(losses), name)
        folder = out / name
        try:
            variant = with_loss(recipe, name, stage)
            if runs:
                share_jobs(out / next(iter(runs)), folder)
            runs[name] = run_recipe(variant, data, folder, resume=True, workers=workers, quiet=quiet)
        except UserError as error:
            if not str(error).startswith("distillation"):
                raise
            rows.append({"loss": name, "refused": str(error)})
    rows += [_row(name, metrics, runs) for name, metrics in runs.items()]
    rows.sort(key=lambda row: -row.get("mean", float("-inf")))
    first = next(iter(runs.values()))
    main = first["main_metric"]
    alone = first["roles"]["alone"][main]
    found = {"recipe": recipe.name, "protocol": first["protocol"], "seeds": recipe.seeds, "metric": main, "alone": alone, "rows": rows}
    write_json(out / "comparison.json", found)
    return found


def with_loss(recipe: Recipe, name: str, stage: FoldContext) -> Recipe:
    """Return a recipe whose only term is one loss, at its published weight.

    Losses of maps compare the outputs of both networks' `blocks`; those of features stand beside the whole cross-entropy, those of logits
    beside the recipe's share of it.
    """
    teacher, how = recipe.required_supervision
    term = Term(loss=name, weight=facts("loss", name).get("weight", 1.0))
    if not compares_features(term):
        ours = [one.temperature for one in how.terms if not compares_features(one)]
        term = term.model_copy(update={"temperature": (ours or [term.temperature])[0]})
        how = how.model_copy(update={"terms": [term]})
    else:
        if facts("loss", name).get("takes", "vectors") == "maps":
            taps = {"student_tap": _map_tap(stage, recipe.student.network), "teacher_tap": _map_tap(stage, teacher.network)}
            term = term.model_copy(update=taps)
        if name == "comodo":
            term = term.model_copy(update={"options": {"size": max(2, min(_QUEUE, len(stage.pairs.clips) // 2))}})
        how = Distillation(hard=1.0, live=how.live, terms=[term])
    export = recipe.export.model_copy(update={"int8": False})
    return Recipe.model_validate(recipe.model_dump() | {"distillation": how.model_dump(), "export": export.model_dump()})


def share_jobs(finished: Path, folder: Path) -> None:
    """Copy the trained teachers and students alone of a run into another one; the teachers' outputs are the other's own."""
    for fold in sorted((finished / "folds").iterdir()):
        for role in _SHARED:
            for job in (path for path in sorted((fold / role).glob("*")) if path.is_dir()):
                target = folder / "folds" / fold.name / role / job.name
                if not target.exists():
                    shutil.copytree(job, target)


def _first_fold(recipe: Recipe, data: Path | Dataset, quiet: bool) -> FoldContext:
    dataset = open_data(recipe, data)
    with Show(quiet) as show:
        store = make_clips(recipe, dataset, 1, show)
    return FoldContext(recipe, store, make_folds(recipe, dataset, store)[0])


def _map_tap(stage: FoldContext, network: Any) -> str:
    """Return the first submodule called "blocks", whose output is a map in the networks that ship; "embedding" where there is none."""
    model: nn.Module = stage.network(network, 0)
    return next((name for name, _ in model.named_modules() if name.split(".")[-1] == "blocks"), "embedding")


def _row(name: str, metrics: dict[str, Any], runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    main = metrics["main_metric"]
    mine, soft = (one["roles"]["distilled"][main] for one in (metrics, runs["soft"]))
    gains = metrics["distilled_minus_alone"]
    pairs = [(a, b) for a, b in zip(soft["per_seed"], mine["per_seed"], strict=True) if a is not None and b is not None]
    apart = paired_difference([a for a, _ in pairs], [b for _, b in pairs]) if pairs and name != "soft" else None
    return {
        "loss": name,
        "mean": mine["mean"],
        "ci95": mine["ci95"],
        "minus_alone": gains.get("over_folds") or gains.get("over_seeds"),
        "minus_soft": apart,
    }
