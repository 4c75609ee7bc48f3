"""What does a teacher give where few people are labelled? python benchmarks/few_labels.py RECIPE DATA OUT [--people 1 2 3] [--set ...]

For each number of labelled people, one run for every choice of them among the training people (published split), or for each of --draws
draws (folds). A run trains teachers and the student alone on the labelled people, and distils over all pairs of the training part. What is
finished in OUT is not done again; OUT/few_labels.json holds the table.

Intervals: of the gain over the choices, Student's t, the seeds of a choice averaged first. One choice has none.
"""

from __future__ import annotations

import argparse
import itertools
import os
from pathlib import Path
from typing import Any

from featherfall.core.files import write_json
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.intervals import paired_difference
from featherfall.pipeline.clips import make_clips, make_folds, open_data
from featherfall.pipeline.distill import run_recipe
from featherfall.pipeline.progress import Show


def choices(recipe: Recipe, data: Path, people: int, draws: int) -> dict[str, list[str]]:
    """Return the changes to the recipe by a name for each choice of labelled people."""
    if recipe.split.protocol != "published":
        return {f"{people}-draw{draw}": [f"labels.subjects={people}", f"labels.draw={draw}"] for draw in range(draws)}
    dataset = open_data(recipe, data)
    with Show(quiet=True) as show:
        store = make_clips(recipe, dataset, 1, show)
    names = sorted({store.recordings[i].subject for i in make_folds(recipe, dataset, store)[0].train})
    return {"-".join(chosen): [f"labels.subjects=[{','.join(chosen)}]"] for chosen in itertools.combinations(names, people)}


def row_of(name: str, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return one choice's means over the seeds."""
    main = metrics["main_metric"]
    roles = {
        role: metrics["roles"][role][main]["mean"]
        for role in ("teacher_ensemble", "teacher", "alone", "distilled")
        if role in metrics["roles"]
    }
    return {"choice": name, "metric": main, **roles}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("recipe")
    words.add_argument("data", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--people", type=int, nargs="+", default=[1])
    words.add_argument("--draws", type=int, default=4)
    words.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    words.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = words.parse_args()
    changes = ["export.int8=false", *options.changes]
    whole = load_recipe(options.recipe, changes)
    found: dict[str, Any] = {"recipe": whole.name, "changes": changes, "seeds": whole.seeds, "people": {}}
    for people in options.people:
        rows = []
        for name, more in choices(whole, options.data, people, options.draws).items():
            recipe = load_recipe(options.recipe, [*changes, *more])
            metrics = run_recipe(recipe, options.data, options.out / name, resume=True, workers=options.workers)
            rows.append(row_of(name, metrics))
            print(
                f"{people} labelled, {name}: alone {100 * rows[-1]['alone']:.1f}, distilled {100 * rows[-1]['distilled']:.1f}", flush=True
            )
        gain = paired_difference([row["alone"] for row in rows], [row["distilled"] for row in rows])
        found["people"][str(people)] = {"choices": rows, "gain": gain}
        ends = "" if gain["ci95"] is None else f" [{100 * gain['ci95'][0]:+.1f}, {100 * gain['ci95'][1]:+.1f}]"
        print(f"{people} labelled: {len(rows)} choices, gain {100 * gain['mean']:+.1f}{ends}", flush=True)
        write_json(options.out / "few_labels.json", found)


if __name__ == "__main__":
    main()
