"""Person by person: what a finished run that leaves people out finds, and whom it alarms for nothing.

    python benchmarks/loso_people.py RUN [--trait age --value elder]
    python benchmarks/loso_people.py --cut RECIPE [KEY=VALUE...]     # only cut the recipe's clips

Prints Markdown: F1 of events with its interval over people, alarms of people with the trait, and a row for each person. Where falls have
no times (UP-Fall), events are recordings.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import data_folder
from featherfall.core.manifest import Decision
from featherfall.core.poisson import poisson_interval
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.metrics import fall_metrics
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.pipeline.clips import make_clips, make_folds, open_data
from featherfall.pipeline.collect import EVALUATED
from featherfall.pipeline.distill import context_of, plan
from featherfall.pipeline.progress import Show
from featherfall.pipeline.run import read_run
from featherfall.pipeline.tasks import task_of

DRAWS = 4000


@dataclass(frozen=True)
class Person:
    """What one role says of one person left out: counts, and hours of recordings in which a false alarm can be told."""

    name: str
    traits: dict[str, str]
    falls: int
    found: int
    false_alarms: int
    redundant: int
    hours: float


def person_of(predictions: Sequence[RecordingPredictions], positive: int, decision: Decision) -> Person:
    """Count one person's recordings; by events where all falls have times, else by recordings."""
    metrics, counts = fall_metrics(predictions, positive, decision)
    falls = counts["falls"]
    timed = "event_sensitivity" in metrics
    found = round((metrics["event_sensitivity"] or 0.0) * falls) if timed else falls - counts["missed"]
    false = counts["false_events"] if timed else counts["false_alarms"]
    one = predictions[0].recording
    return Person(one.subject, dict(one.traits), falls, found, false, counts.get("redundant_alarms", 0), counts.get("hours", 0.0))


def f1_of(people: Sequence[Person]) -> tuple[float, float, float]:
    """Return the F1 of all people's events, and its 95% bootstrap interval over people; 0 without falls and alarms."""
    table = np.asarray([(one.found, one.false_alarms, one.falls - one.found) for one in people], float)
    times = np.random.default_rng(0).multinomial(len(people), np.full(len(people), 1 / len(people)), size=DRAWS)
    hits, false, missed = np.concatenate([np.ones((1, len(people))), times]).dot(table).T
    drawn = 2 * hits / np.maximum(2 * hits + false + missed, 1)
    low, high = np.percentile(drawn[1:], [2.5, 97.5])
    return float(drawn[0]), float(low), float(high)


def table(roles: dict[str, list[Person]], trait: str, value: str) -> Iterator[str]:
    """Yield Markdown: a row for each role, then one for each person."""
    yield f"| role | F1, 95% over people | falls found | false alarms | redundant | alarms of {value}s in their hours |"
    yield "|---|---|---|---|---|---|"
    for role, people in roles.items():
        f1, low, high = (100 * part for part in f1_of(people))
        falls, found, false, redundant = (
            sum(getattr(one, key) for one in people) for key in ("falls", "found", "false_alarms", "redundant")
        )
        some = [one for one in people if one.traits.get(trait) == value]
        alarms, hours = sum(one.false_alarms for one in some), sum(one.hours for one in some)
        rate = (
            "none"
            if not hours
            else f"{alarms} in {hours:.1f} h [{', '.join(f'{end / hours:.1f}' for end in poisson_interval(alarms))}] an hour"
        )
        yield f"| {role} | {f1:.1f} [{low:.1f}, {high:.1f}] | {found} of {falls} | {false} | {redundant} | {rate} |"
    yield ""
    yield f"| person | {trait} | falls | {' | '.join(f'{role}: missed, false' for role in roles)} |"
    yield "|---" * (3 + len(roles)) + "|"
    for same in zip(*roles.values(), strict=True):
        cells = [f"{one.falls - one.found}, {one.false_alarms}" for one in same]
        yield f"| {same[0].name} | {same[0].traits.get(trait, '')} | {same[0].falls} | {' | '.join(cells)} |"


def people_of(folder: Path) -> dict[str, list[Person]]:
    """Return each role's people in a finished run of the task "fall"; of its first seed or member."""
    run, recipe, data = read_run(folder)
    dataset = open_data(recipe, data)
    with Show(quiet=True) as show:
        store = make_clips(recipe, dataset, 1, show)
    task = task_of(recipe).open(context_of(run, recipe, dataset, store.folder, data), dataset)
    jobs = [job for job in plan(task, make_folds(recipe, dataset, store)) if job.role in EVALUATED and len(job.fold.test)]
    positive, out = task.classes().index(str(recipe.labels.positive)), {}
    for role in (role for role in EVALUATED if any(job.role == role for job in jobs)):
        mine = [job for job in jobs if job.role == role]
        mine = [job for job in mine if job.number == mine[0].number]
        if not all(job.finished.is_file() for job in mine):
            raise UserError(f"{folder}: {role} is not finished; go on with the run by 'featherfall distill ... --resume'")
        said = [one for job in mine for one in task.predictions(job)]
        names = sorted({one.recording.subject for one in said})
        out[role] = [person_of([one for one in said if one.recording.subject == name], positive, recipe.decision.stated) for name in names]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code, as `featherfall` does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--cut", nargs="+", metavar=("RECIPE", "KEY=VALUE"))
    parser.add_argument("--trait", default="age")
    parser.add_argument("--value", default="elder")
    options = parser.parse_args(arguments)
    if (options.run is None) == (options.cut is None):
        parser.error("give either a run or --cut RECIPE")
    try:
        if options.cut:
            with Show(quiet=True) as show:
                recipe = load_recipe(options.cut[0], options.cut[1:])
                make_clips(recipe, open_data(recipe, data_folder()), os.cpu_count() or 1, show)
        else:
            print("\n".join(table(people_of(options.run), options.trait, options.value)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
