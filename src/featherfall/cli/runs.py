"""`featherfall distill | train | evaluate | export | report`: recipes, runs and bundles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from featherfall.cli.operating import FalseAlarmsPerDay, Point, at_point
from featherfall.cli.options import DataFolder, EstimatorName, JsonFlag, ModelOption, PlacementOk, PoseWeights, RecipeName
from featherfall.core.console import say, say_json
from featherfall.core.files import data_folder

if TYPE_CHECKING:
    from featherfall.core.recipe import Recipe

Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run directory. Default: runs/<recipe>.")]
Seeds = Annotated[list[int] | None, typer.Option("--seed", metavar="N", help="Seed; may be repeated. Default: the recipe's.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe, e.g. student.training.steps=900.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume the run in --out.")]
AllowSkipped = Annotated[
    bool, typer.Option("--allow-skipped", help="Go on where more than a tenth of the recordings cannot be read; the share is recorded.")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, metavar="N", help="Trainings in parallel. Default: one per core.")]


def distill_command(
    recipe: RecipeName,
    data: DataFolder = None,
    out: Out = None,
    seed: Seeds = None,
    set_: Set = None,
    resume: Resume = False,
    workers: Workers = None,
    allow_skipped: AllowSkipped = False,
    json: JsonFlag = False,
) -> None:
    """Train the teacher, the student alone and distilled; quantise, evaluate, and write a run with a bundle."""
    resolved = recipe_of(recipe, set_, seed)  # before PyTorch is imported: what is wrong with it is said at once
    folder = out or Path("runs") / resolved.name
    processes = workers or os.cpu_count() or 1
    place = recipe_data(resolved, data, processes)
    from featherfall.cli.tables import show_metrics
    from featherfall.pipeline.distill import run_recipe

    metrics = run_recipe(resolved, place, folder, resume=resume, workers=processes, allow_skipped=allow_skipped)
    say_json(metrics) if json else show_metrics(metrics, folder)


def train_command(
    recipe: RecipeName,
    role: Annotated[Literal["teacher", "alone"], typer.Option(help="Which network to train.")],
    data: DataFolder = None,
    out: Out = None,
    seed: Seeds = None,
    set_: Set = None,
    resume: Resume = False,
    allow_skipped: AllowSkipped = False,
) -> None:
    """Train one network of a recipe on its first fold."""
    resolved = recipe_of(recipe, set_, seed)
    place, target = recipe_data(resolved, data, os.cpu_count() or 1), out or Path("runs") / f"{resolved.name}-{role}"
    from featherfall.pipeline.distill import train_one

    folder = train_one(resolved, place, target, role, resume=resume, allow_skipped=allow_skipped)
    say(f"weights  {folder / 'weights.pt'}", f"log      {folder / 'log.csv'}")


def evaluate_command(
    target: Annotated[Path, typer.Argument(metavar="BUNDLE|RUN", help="A bundle to evaluate on --data, or a run to show.")],
    data: DataFolder = None,
    dataset: Annotated[
        str | None, typer.Option(help='Dataset, or several: "urfd + up_fall". Default: the one that the bundle was trained on.')
    ] = None,
    model: ModelOption = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="INPUT=STREAM", help="Sensors: the dataset's stream for an input of the bundle; may be repeated."),
    ] = None,
    placement_ok: PlacementOk = False,
    point: Point = None,
    false_alarms_per_day: FalseAlarmsPerDay = None,
    allow_skipped: AllowSkipped = False,
    as_stream: Annotated[
        bool, typer.Option("--as-stream", help="Sensors: join the recordings to days, and judge these live and as files.")
    ] = False,
    tolerance: Annotated[
        str,
        typer.Option(metavar="BEFORE,AFTER", help="Sensors: seconds before a fall and after its impact that its alarm may come."),
    ] = "1,5",
    json: JsonFlag = False,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a row for each film; of sensors for each subject, and FILE-thresholds; of days an alarm."),
    ] = None,
    estimator: EstimatorName = "several",
    pose_weights: PoseWeights = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Films: folder for the people found. Default: ~/.cache/featherfall/people.")
    ] = None,
) -> None:
    """Evaluate a bundle with the runtime on the recordings of a dataset that it was not trained on. Films: an interrupted call resumes."""
    from featherfall.cli.evaluation_tables import show_evaluation, write_rows
    from featherfall.core.errors import UserError

    if (target / "metrics.json").is_file() and not (target / "manifest.json").is_file():  # a bundle may hold its run's metrics
        _show_run(target, point is not None or false_alarms_per_day is not None, json)
        return
    from featherfall import datasets
    from featherfall.cli.console import progress_bar
    from featherfall.clips.mapping import Choice
    from featherfall.evaluation.evaluate import EventOptions, PeopleOptions
    from featherfall.evaluation.evaluate import evaluate as run
    from featherfall.runtime import load_bundle

    bundle = at_point(load_bundle(target, model.value if model else None), point, false_alarms_per_day)
    name = dataset or bundle.manifest.provenance.get("dataset")
    if not name:
        raise UserError(f"{target}: its manifest names no dataset; add --dataset NAME")
    opened = datasets.open(name, data_folder(data))
    films, events = PeopleOptions(estimator, pose_weights, cache), EventOptions(_tolerance(tolerance), as_stream)
    with progress_bar(f"evaluating {opened.name}") as progress:
        choice = Choice(pairs_of("--map", map_), placement_ok)
        result = run(bundle, opened, choice=choice, films=films, events=events, allow_skipped=allow_skipped, progress=progress)
    say_json(result) if json else show_evaluation(result)
    if csv:
        write_rows(csv, result)


def _show_run(run: Path, at_point: bool, json: bool) -> None:
    """Print a run's figures. Raises `UserError` where another operating point is asked for."""
    from featherfall.cli.tables import show_metrics
    from featherfall.core.documents import read_json
    from featherfall.core.errors import UserError

    if at_point:
        raise UserError(f"{run}: a run's figures are shown as they were measured; for another point evaluate {run / 'bundle'}")
    metrics = read_json(run / "metrics.json")
    say_json(metrics) if json else show_metrics(metrics, run)


def _tolerance(text: str) -> Any:
    """Return the tolerance of "BEFORE,AFTER". Raises `UserError`."""
    from featherfall.core.errors import UserError
    from featherfall.evaluation.events import Tolerance

    try:
        before, after = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"--tolerance {text!r}: give two numbers of seconds, e.g. --tolerance 1,5") from None
    return Tolerance(before, after)


def export_command(
    target: Annotated[Path, typer.Argument(metavar="RUN|BUNDLE", help="A finished run; or with --to and --dataset a bundle.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the bundle.")],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", "--format", metavar="FORMAT", help="Format, of `featherfall list format`; may be repeated. Default: onnx."),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Also quantise. Runs only.")] = True,
    data: DataFolder = None,
    dataset: Annotated[
        str | None, typer.Option(help="Bundles: dataset by whose recordings int8 is calibrated, and which proves the files.")
    ] = None,
) -> None:
    """Write the bundle of a run again, e.g. after an update or without int8; or a run or bundle in another format, e.g. C."""
    from featherfall.core.errors import UserError
    from featherfall.core.registry import check_name

    formats = []
    for name in to or []:
        try:
            formats.append(check_name("format", name))
        except ValueError as error:
            raise UserError(f"--to {name}: {error}") from None
    if not _is_bundle(target):
        from featherfall.pipeline.distill import export_run

        say(*export_run(target, out, int8, data, formats))
        return
    if not (formats and dataset):
        raise UserError(
            f"{target}: a bundle holds no clips; add --to FORMAT and --dataset NAME: recordings to calibrate with and to prove it on"
        )
    from featherfall import datasets
    from featherfall.export.bundle import refusals
    from featherfall.pipeline.add_format import add_formats
    from featherfall.pipeline.export import file_lines

    manifest = add_formats(target, formats, out, datasets.open(dataset, data_folder(data)))
    say(f"bundle   {out}", *file_lines(manifest), *refusals(manifest))


def _is_bundle(path: Path) -> bool:
    from featherfall.runtime.embedded import find_bundle

    return not (path / "run.json").is_file() and (find_bundle(path) / "manifest.json").is_file()


def report_command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs.")],
) -> None:
    """Write each run's report.html again: one page with tables and pictures that needs nothing else."""
    from featherfall.core.errors import UserError
    from featherfall.pipeline.distill import write_run_report
    from featherfall.pipeline.run import read_run

    for folder in runs:
        run, _, _ = read_run(folder)
        if not run.metrics.is_file():
            raise UserError(f"{folder}: holds no metrics.json; finish the run first (featherfall distill ... --resume)")
        say(str(write_run_report(run)))


def pairs_of(option: str, stated: list[str] | None) -> dict[str, str]:
    """Return {"name": "value"} of an option given as NAME=VALUE, once or more. Raises `UserError`."""
    from featherfall.core.errors import UserError

    pairs: dict[str, str] = {}
    for text in stated or []:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise UserError(f"{option} {text!r}: expected INPUT=STREAM, e.g. {option} accelerometer=wrist_accelerometer")
        if name in pairs:
            raise UserError(f"{option}: {name!r} is given twice; state several streams as {name}='{pairs[name]} | {value}'")
        pairs[name] = value
    return pairs


def recipe_data(recipe: Recipe, data: Path | None, workers: int) -> Path:
    """Return the folder of the datasets; simulate it for a recipe that simulates its data, where none is given."""
    if data is None and recipe.simulation is not None:
        from featherfall.pipeline.simulated import simulated_data

        return simulated_data(recipe, workers)
    return data_folder(data)


def recipe_of(name: str, changes: list[str] | None, seeds: list[int] | None) -> Recipe:
    """Return a recipe with the changes of --set and --seed."""
    from featherfall.core.recipe_file import load_recipe

    return load_recipe(name, [*(changes or []), *([f"seeds={seeds}"] if seeds else [])])
