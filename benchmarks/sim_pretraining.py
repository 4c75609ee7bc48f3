"""Does simulation help on real falls? python benchmarks/sim_pretraining.py DATA OUT [--init RUN] [--shares 0.1 0.25 1] [--seeds 0 1 2 3 4]

WEDA-FALL, 5 folds by person, the accelerometer student alone, trained on a share of the training people (another draw for each seed), from
fresh weights and, with --init, from the distilled student of a finished run on simulated recordings. Both arms meet the same people, seeds,
steps and augmentation. The simulation's student is also judged as it is, without any real training.

What is finished in OUT is not done again. Choose the simulation's parameters with --set split.part=validation --set split.validation=4.
The run on simulated recordings, whose bundle's student (of everybody) is the start:

    featherfall sim --subjects 40 --hours 4 --part fitbit --out SIM
    featherfall distill simulated_wrist_falls --data SIM --out RUN
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.labels import clip_labels
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.intervals import mean_with_interval, paired_difference
from featherfall.evaluation.predictions import RecordingPredictions, clip_predictions
from featherfall.evaluation.score import MAIN, task_metrics
from featherfall.pipeline.clips import make_clips, make_folds
from featherfall.pipeline.distill import begin_run, context_of
from featherfall.pipeline.jobs import run_jobs
from featherfall.pipeline.progress import Show
from featherfall.pipeline.run import open_run
from featherfall.pipeline.task import Job
from featherfall.pipeline.tasks.windows import WindowsTask
from featherfall.pipeline.warm_start import starts
from featherfall.training.data import load_clips
from featherfall.training.outputs import logits_of
from featherfall.training.stages import FoldContext

SHOWN = ("f1", "sensitivity", "precision", "event_f1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", type=Path, help="a finished run on simulated recordings, with the same student.network and window")
    parser.add_argument("--recipe", default="weda_fall_wrist")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.25, 1.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes", help="change the recipe of both arms")
    parser.add_argument(
        "--init-set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe of the arm with --init only"
    )
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()

    arms: dict[str, list[str]] = {"none": []}
    if options.init:
        arms["-".join([f"from-{options.init.name}", *options.init_set])] = [f"student.init={options.init.resolve()}", *options.init_set]
    for changes in arms.values():
        starts(load_recipe(options.recipe, [*options.changes, *changes]), options.data)  # refused here, before the other arm is trained
    plain = load_recipe(options.recipe, options.changes)
    dataset = datasets.open(plain.dataset, options.data, plain.folder)
    with Show(quiet=True) as show:
        store = make_clips(plain, dataset, options.workers, show)

    found: dict[str, Any] = {"recipe": options.recipe, "changes": options.changes, "seeds": options.seeds, "shares": {}}
    for share in options.shares:
        measured = {}
        for arm, changes in arms.items():
            recipes = [
                load_recipe(
                    options.recipe,
                    [*options.changes, *changes, f"seeds=[{seed}]", f"split.train_share={share}", f"split.train_draw={seed}"],
                )
                for seed in options.seeds
            ]
            folders = [options.out / arm / f"share-{100 * share:g}" / f"seed-{seed}" for seed in options.seeds]
            measured[arm] = train(recipes, folders, dataset, options.data, store, options.workers)
            print(f"{100 * share:g}% {arm}: f1 {figure(measured[arm]['f1'])}", flush=True)
        found["shares"][f"{share:g}"] = measured
    if options.init:
        student = plain.student.model_copy(update={"init": str(options.init)})
        recipe = plain.model_copy(update={"student": student, "seeds": options.seeds})
        found["untrained"] = untrained(recipe, dataset, options.data, store)

    write_json(options.out / "pretraining.json", found)
    (options.out / "pretraining.md").write_text(text := table(found, list(arms), plain))
    print(text)


def train(recipes: Sequence[Recipe], folders: Sequence[Path], dataset: datasets.Dataset, data: Path, store: ClipStore, workers: int) -> Any:
    """Train every fold of every seed; returns metrics by name, each one figure a seed, and "by_fold": the main metric, seeds x folds."""
    folds = [make_folds(recipe, dataset, store) for recipe in recipes]
    with contextlib.ExitStack() as held:
        jobs: list[list[Job]] = []
        for recipe, folder, parts in zip(recipes, folders, folds, strict=True):
            start = starts(recipe, data)
            run = held.enter_context(open_run(folder, recipe, data, resume=True))
            task = WindowsTask(context_of(run, recipe, dataset, store.folder, data))
            begin_run(task, parts, start)
            jobs.append([Job(task, part, "alone", recipe.seeds[0]) for part in parts])
        run_jobs([job for some in jobs for job in some if not job.finished.is_file()], workers, lambda job: None)
    return scores(recipes[0], store, [[job.task.predictions(job) for job in some] for some in jobs])


def untrained(recipe: Recipe, dataset: datasets.Dataset, data: Path, store: ClipStore) -> Any:
    """What the students start from, judged on the same test parts as it is. One figure where all seeds start from the same."""
    parts = make_folds(recipe, dataset, store)
    weights = sorted({start.weights for start in starts(recipe, data).values()})
    return scores(recipe, store, [[judge(FoldContext(recipe, store, part), part, Path(one)) for part in parts] for one in weights])


def judge(stage: FoldContext, part: Fold, weights: Path) -> list[RecordingPredictions]:
    """The test recordings of a fold, judged by a network with the given weights."""
    network = stage.recipe.student.network
    index = stage.store.clips_of(part.test)
    clips = load_clips(stage.store, index, np.zeros(len(index)), network.inputs)
    said = torch.softmax(logits_of(stage.load_network(network, 0, weights), clips), dim=1).numpy()
    return clip_predictions(stage.store, part.test, said, clip_labels(stage.store, stage.recipe.labels, stage.recipe.clip.reference))


def scores(recipe: Recipe, store: ClipStore, judged: Sequence[Sequence[list[RecordingPredictions]]]) -> dict[str, Any]:
    """Metrics of seeds x folds: each seed's folds pooled, and the main metric of each fold."""
    names = [recipe.labels.negative, str(recipe.labels.positive)]

    def score(some: Sequence[RecordingPredictions]) -> dict[str, float]:
        return dict(task_metrics(some, recipe.task, names, recipe.labels.positive, recipe.decision.stated)[0])

    pooled = [score([one for part in parts for one in part]) for parts in judged]
    by_fold = [[score(part)[MAIN[recipe.task]] for part in parts] for parts in judged]
    return {name: [one[name] for one in pooled] for name in SHOWN} | {"by_fold": by_fold}


def table(found: dict[str, Any], arms: list[str], recipe: Recipe) -> str:
    """Markdown of all figures; differences are paired over seeds (folds pooled) and over folds (seeds averaged, corrected for overlap)."""
    lines = [
        f"{recipe.name}, student alone, {recipe.student.training.steps} steps, {recipe.split.part} part, {len(found['seeds'])} seeds; "
        "each seed's folds pooled",
        "",
        "| training people | start | F1 | sensitivity | precision | event F1 | gain in F1, over seeds | over folds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for share, measured in found["shares"].items():
        for arm in arms:
            cells = [figure(measured[arm][name]) for name in SHOWN]
            gains = ["", ""]
            if arm != arms[0]:
                before, after = measured[arms[0]], measured[arm]
                first, second = (np.mean(one["by_fold"], axis=0).tolist() for one in (before, after))
                # Folds share training people no more than those of the whole cross-validation do: its ratio holds for the shares too.
                gains = [gain(before["f1"], after["f1"]), gain(first, second, 1 / (len(first) - 1))]
            lines.append(f"| {100 * float(share):g}% | {arm} | {' | '.join([*cells, *gains])} |")
    if "untrained" in found:
        lines.append(f"| 0% | {arms[-1]} | {' | '.join(figure(found['untrained'][name]) for name in SHOWN)} | | |")
    return "\n".join([*lines, ""])


def figure(values: Sequence[float]) -> str:
    """ "94.6 [93.8, 95.3]" in percent."""
    said = mean_with_interval(values)
    text = f"{100 * said['mean']:.1f}"
    return text if said["ci95"] is None else f"{text} [{100 * said['ci95'][0]:.1f}, {100 * said['ci95'][1]:.1f}]"


def gain(before: Sequence[float], after: Sequence[float], test_to_train: float = 0.0) -> str:
    """ "+1.3 [+0.6, +2.1]" in points."""
    said = paired_difference(before, after, test_to_train)
    text = f"{100 * said['mean']:+.1f}"
    return text if said["ci95"] is None else f"{text} [{100 * said['ci95'][0]:+.1f}, {100 * said['ci95'][1]:+.1f}]"


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
