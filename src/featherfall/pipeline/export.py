"""Export trained students as bundles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from featherfall.clips.protocols import describe_split
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder
from featherfall.core.manifest import Manifest
from featherfall.core.recipe import Recipe
from featherfall.datasets.content import fingerprints_json
from featherfall.datasets.left_out import LeftOut, left_out
from featherfall.evaluation.operating import Fitted
from featherfall.evaluation.summary import environment
from featherfall.export.bundle import refusals, write_bundle
from featherfall.pipeline.run import Start
from featherfall.pipeline.task import Context, Task
from featherfall.pipeline.warm_start import seen_before
from featherfall.runtime.bundle import read_manifest


def provenance(recipe: Recipe, dataset: str, store: ClipStore, fold: Fold, seed: int, start: Start | None = None) -> dict[str, Any]:
    """Return a student's provenance for its manifest. start: the weights that it started from."""
    stated: dict[str, Any] = {
        "recipe": recipe.model_dump(),
        "dataset": dataset,
        "protocol": describe_split(recipe.split, recipe.labels),
        "fold": fold.name,
        "trained_on": sorted({store.recordings[i].subject for i in fold.seen}),
        "fingerprints": fingerprints_json((store.recordings[i].content for i in fold.seen), seen_before(start) if start else ()),
        "environment": environment(),
        "seed": seed,
    }
    return stated | ({"start": {"weights": start.weights, "sha256": start.sha256}} if start else {})


def export_student(task: Task, fold: Fold, seed: int, folder: Path, fitted: Fitted) -> Manifest:
    """Export the trained student of a fold and seed, with its parity check and quantisation guard. fitted: how it decides."""
    context = task.context
    weights = context.run.job(fold.name, context.recipe.deployed_role, seed) / "weights.pt"
    if not weights.is_file():
        raise UserError(f"{weights}: no trained student; finish the run first (featherfall distill ... --resume)")
    stated = provenance(context.recipe, context.dataset, open_store(context.clips), fold, seed, context.run.start(seed))
    return write_bundle(folder, task.deployment(fold, seed, weights, stated, fitted))


def ship(task: Task, folds: Sequence[Fold], fitted: Fitted) -> list[str]:
    """Write the run's bundle: the first seed's student, distilled where there is a teacher. Return notes on it.

    Arguments:
        fitted: how it decides, see `points.fit_shipped`; the bundles of folds were exported before that was known.
    """
    run, recipe = task.context.run, task.context.recipe
    fold, seed = task.shipped(folds), recipe.seeds[0]
    exported = run.job(fold.name, "int8", seed) / "bundle"
    if exported.is_dir() and fitted.operating is None:
        with atomic_folder(run.bundle) as temporary:
            shutil.copytree(exported, temporary, dirs_exist_ok=True)
    else:
        export_student(task, fold, seed, run.bundle, fitted)
    return shipping_notes(task, fold, read_manifest(run.bundle))


def left_out_of(context: Context) -> LeftOut:
    """Return the recordings of a run's dataset that could not be listed, or have no clips."""
    store = open_store(context.clips)
    files = [str(file) for source in context.sources.values() for file in source.files]
    folder = Path(os.path.commonpath(files) if files else ".")
    return left_out(len(context.sources), len(store.recordings), store.skipped, folder, context.unlisted)


def shipping_notes(task: Task, fold: Fold, manifest: Manifest) -> list[str]:
    """Return notes on the data and the bundle, for reports."""
    missing = left_out_of(task.context)
    notes = ["; ".join(missing.lines())] if missing.count else []
    if not len(fold.test):
        notes.append(
            "the bundle's student was trained on all recordings; the figures are of the folds' students, each tested on people it was not "
            "trained on"
        )
    return [*notes, *task.notes(manifest.decision.threshold), *refusals(manifest)]


def file_lines(manifest: Manifest) -> list[str]:
    """Return a line for each model file, and one on what proved it where that was another program."""
    lines = []
    for model in manifest.models:
        lines.append(f"{model.precision:<8} {model.file}, {model.bytes:,} bytes")
        proof = model.proof
        if "proven_by" in proof:
            same = "not compared" if proof["bits_differing"] is None else f"{proof['bits_differing']} with other bits than the reference"
            lines.append(
                f"         {proof['clips']:,} clips: {same} ({proof['proven_by']}), {proof['decisions_changed']} decided otherwise than in "
                f"float32, {proof['points_lost']:+.2f} points lost"
            )
            sizes = [
                f"{name}: {size['flash']:,} bytes of flash" for name, size in proof.items() if isinstance(size, dict) and "flash" in size
            ]
            needs = [f"{proof['ram']:,} bytes of RAM"]
            needs += [f"{proof['instructions']:,} instructions a window"] if "instructions" in proof else []
            lines.append("         " + ", ".join([*sizes, *needs]))
    return lines
