"""Run a recipe: clips, jobs, metrics, bundle."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.clips.splits import Fold
from featherfall.clips.store import open_store
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.recipe import Recipe
from featherfall.datasets import Dataset
from featherfall.evaluation.report import write_report
from featherfall.pipeline.clips import make_clips, make_folds, open_data
from featherfall.pipeline.collect import collect
from featherfall.pipeline.export import export_student, file_lines, left_out_of, ship, shipping_notes
from featherfall.pipeline.jobs import run_jobs
from featherfall.pipeline.models import Models, check_models, importable, keep_weights, local_models, with_models
from featherfall.pipeline.points import check_points, fit_shipped
from featherfall.pipeline.progress import Show, follow_logs
from featherfall.pipeline.run import Run, Start, open_run, read_run
from featherfall.pipeline.task import Context, Job, Task
from featherfall.pipeline.tasks import task_of
from featherfall.pipeline.warm_start import check_start, starts
from featherfall.training.stages import FoldContext


def run_recipe(
    recipe: Recipe,
    data: Path | Dataset,
    out: Path,
    *,
    models: Models | None = None,
    resume: bool = False,
    workers: int = 1,
    quiet: bool = False,
    cache: Path | None = None,
    allow_skipped: bool = False,
) -> dict[str, Any]:
    """Run a recipe and return what `metrics.json` holds.

    Arguments:
        data: folder that holds datasets by their usual names, or a dataset.
        out: run directory; must be new unless `resume`.
        models: own networks in place of the recipe's, by role ("teacher", "student"): modules, or factories called with (inputs, channels,
            classes). They take {input: (B, length, channels)} and return (B, classes) logits. Given modules are trained in this process.
        workers: trainings (of one thread each) side by side.
        quiet: no progress bars.
        cache: where prepared clips are kept.
        allow_skipped: go on where more recordings than `datasets.left_out.MOST_LEFT_OUT` cannot be read.
    Raises: `UserError`.
    """
    with _opened(with_models(recipe, models), data, out, _Options(resume, workers, quiet, cache, allow_skipped)) as at_work:
        task, jobs = at_work.task, plan(at_work.task, at_work.folds)
        at_work.run_stages(jobs)
        bar = at_work.show.stage("bundle", 1)
        fitted = fit_shipped(task, jobs)
        notes = ship(task, at_work.folds, fitted)
        run = task.context.run
        bar.step(str(run.bundle))
        facts: dict[str, Any] = {"simulated": at_work.simulated, "left_out": left_out_of(task.context).to_json()}
        if fitted.operating is not None:
            facts["operating"] = {
                "threshold": fitted.decision.threshold,
                "temperature": fitted.temperature,
                **fitted.operating.model_dump(),
            }
        metrics = collect(task, jobs, notes) | facts
        write_json(run.metrics, metrics)
        write_run_report(run)
    return metrics


def train_one(
    recipe: Recipe,
    data: Path | Dataset,
    out: Path,
    role: str,
    *,
    resume: bool = False,
    quiet: bool = False,
    cache: Path | None = None,
    allow_skipped: bool = False,
) -> Path:
    """Train role "teacher" or "alone" on the first fold, first member or seed. Return the folder of its weights."""
    if role == "teacher" and recipe.teacher is None:
        raise UserError(f"{recipe.name}: has no teacher; train --role alone, or give the recipe 'teacher' and 'distillation'")
    with _opened(recipe, data, out, _Options(resume, 1, quiet, cache, allow_skipped), folds=1) as at_work:
        task, number = at_work.task, 0 if role == "teacher" else recipe.seeds[0]
        jobs = [job for job in plan(task, at_work.folds) if job.role in task.before(role)]
        job = Job(task, at_work.folds[0], role, number)
        at_work.run_stages([*jobs, job])
    return job.folder


def export_run(folder: Path, out: Path, int8: bool, data: Path | Dataset | None = None, formats: Sequence[str] = ()) -> list[str]:
    """Write the bundle of a finished run to `out`; return lines about it for the user.

    Arguments:
        int8: also as "onnx_int8".
        formats: registered names, beside the recipe's.
        data: where the recordings are, unless where the run found them.
    """
    run, recipe, found = read_run(folder)
    export = recipe.export.model_copy(update={"int8": int8, "formats": [*recipe.export.formats, *formats]})
    recipe = recipe.model_copy(update={"export": export})
    dataset = open_data(recipe, data or found)
    with Show(quiet=True) as show:
        store = make_clips(recipe, dataset, 1, show)
    folds = make_folds(recipe, dataset, store)
    task = task_of(recipe).open(context_of(run, recipe, dataset, store.folder, data or found), dataset)
    fold = task.shipped(folds)
    manifest = export_student(task, fold, recipe.seeds[0], out, fit_shipped(task, plan(task, folds)))
    return [f"bundle   {out}", *file_lines(manifest), *shipping_notes(task, fold, manifest)]


def plan(task: Task, folds: Sequence[Fold]) -> list[Job]:
    """Return every job of a run. folds: of the protocol."""
    return [Job(task, fold, role, number) for fold in task.folds(folds) for role, numbers in task.roles(fold) for number in numbers]


def begin_run(task: Task, folds: Sequence[Fold], start: Mapping[int, Start]) -> None:
    """Record what the run uses.

    Raises: `UserError`, before anything is trained, for a class without training clips, and for initial weights or own networks that do not
        fit.
    """
    context = task.context
    store = open_store(context.clips)
    context.run.of_clips(store.folder.name)
    check_points(task, store, folds)
    check_models(FoldContext(context.recipe, store, folds[0]), context.models)  # before the losses are tried on them
    for fold in task.folds(folds):
        task.check_fold(fold)
    for fold in folds:
        for one in start.values():
            check_start(one, FoldContext(context.recipe, store, fold))
    context.run.of_starts(start)
    keep_weights(context.run, context.models)


def write_run_report(run: Run) -> Path:
    """Write `report.html` from a run's metrics and logs."""
    logs = {role: sorted(run.folder.glob(f"folds/*/{role}/*/log.csv")) for role in ("teacher", "alone", "distilled")}
    write_report(run.report, read_json(run.metrics), logs)
    return run.report


@dataclass(frozen=True)
class _Options:
    resume: bool
    workers: int
    quiet: bool
    cache: Path | None
    allow_skipped: bool


@dataclass(frozen=True, eq=False)
class _AtWork:
    """A run that this process writes."""

    task: Task
    folds: list[Fold]
    show: Show
    workers: int
    simulated: bool

    def run_stages(self, jobs: Sequence[Job]) -> None:
        """Run the jobs, with a bar for each role."""
        counts = {role: sum(job.role == role for job in jobs) for role in self.task.stages}
        bars = {role: self.show.stage(self.task.stages[role], count) for role, count in counts.items() if count}
        with follow_logs(self.task.context.run.folder, bars, self.task.steps):
            run_jobs(jobs, self.workers, lambda job: bars[job.role].step(job.name))


@contextlib.contextmanager
def _opened(recipe: Recipe, data: Path | Dataset, out: Path, options: _Options, folds: int | None = None) -> Iterator[_AtWork]:
    """Open a run with its clips and task. folds: only so many of the protocol's."""
    kind = task_of(recipe)
    kind.check(recipe)
    dataset, place = open_data(recipe, data), _place(data)
    start = starts(recipe, place)
    with open_run(out, recipe, place, options.resume) as run, Show(options.quiet) as show:

        def cut(recipe: Recipe, dataset: Dataset) -> Any:
            return make_clips(recipe, dataset, options.workers, show, options.cache)

        store = cut(recipe, dataset)
        context = context_of(run, recipe, dataset, store.folder, data)
        left_out_of(context).check(dataset.folder, options.allow_skipped)
        parts = make_folds(recipe, dataset, store)[:folds]
        task = kind.open(context, dataset)
        begin_run(task, parts, start)
        task = task.prepare(cut, quiet=options.quiet, cache=options.cache)
        workers = options.workers if importable(context.models) else 1
        yield _AtWork(task, parts, show, workers, dataset.simulated)


def context_of(run: Run, recipe: Recipe, dataset: Dataset, clips: Path, data: Path | Dataset) -> Context:
    """Return the context that the jobs of a run share. clips: folder of the store. data: as in `run_recipe`."""
    name = dataset.name if isinstance(data, Dataset) else recipe.dataset
    return Context(run, recipe, name, {source.id: source for source in dataset.sources}, clips, local_models(recipe), dataset.unlisted)


def _place(data: Path | Dataset) -> Path:
    return data.folder if isinstance(data, Dataset) else data
