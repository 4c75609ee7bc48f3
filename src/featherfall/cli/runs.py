"""`featherfall distill | train | evaluate | export | compare`: recipes and runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from featherfall.cli.text import print_json
from featherfall.core.files import data_folder

if TYPE_CHECKING:
    from featherfall.core.recipe import Recipe

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's path, or the name of one that ships.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder that holds datasets by their names. Default: $FEATHERFALL_REAL_DATA.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run directory. Default: runs/<recipe>.")]
Seeds = Annotated[
    list[int] | None, typer.Option("--seed", metavar="N", help="Seed; give it several times for several. Default: the recipe's.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe, e.g. student.training.steps=900.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, metavar="N", help="Trainings side by side. Default: one per core.")]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


def distill(
    recipe: RecipeName,
    data: Data = None,
    out: Out = None,
    seed: Seeds = None,
    set_: Set = None,
    resume: Resume = False,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Train the teacher, the student alone and distilled; quantise, evaluate, and leave a run with a bundle."""
    from featherfall.cli.tables import show_metrics
    from featherfall.pipeline.distill import run_recipe

    resolved = _recipe(recipe, set_, seed)
    folder = out or Path("runs") / resolved.name
    side_by_side = workers or os.cpu_count() or 1
    metrics = run_recipe(resolved, _data(resolved, data, side_by_side), folder, resume=resume, workers=side_by_side)
    print_json(metrics) if json else show_metrics(metrics, folder)


def train(
    recipe: RecipeName,
    role: Annotated[Literal["teacher", "alone"], typer.Option(help="Which network to train.")],
    data: Data = None,
    out: Out = None,
    seed: Seeds = None,
    set_: Set = None,
    resume: Resume = False,
) -> None:
    """Train one network of a recipe on its first fold."""
    from featherfall.pipeline.distill import train_one

    resolved = _recipe(recipe, set_, seed)
    folder = train_one(
        resolved, _data(resolved, data, os.cpu_count() or 1), out or Path("runs") / f"{resolved.name}-{role}", role, resume=resume
    )
    typer.echo(f"weights  {folder / 'weights.pt'}\nlog      {folder / 'log.csv'}")


def evaluate(
    target: Annotated[Path, typer.Argument(metavar="BUNDLE|RUN", help="A bundle, judged on --data; or a run, whose figures are shown.")],
    data: Data = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset to judge. Default: the one the bundle comes from.")] = None,
    model: Annotated[
        Literal["int8", "float32"] | None, typer.Option(help="Model file of the bundle. Default: int8 where there is one.")
    ] = None,
    json: Json = False,
) -> None:
    """Judge recordings that a bundle never met, by the runtime itself."""
    from featherfall.cli.tables import show_evaluation, show_metrics
    from featherfall.core.files import read_json

    if (target / "metrics.json").is_file() and not (target / "manifest.json").is_file():  # a bundle may carry its run's figures
        metrics = read_json(target / "metrics.json")
        print_json(metrics) if json else show_metrics(metrics, target)
        return
    from rich.console import Console
    from rich.progress import Progress

    from featherfall import datasets
    from featherfall.core.errors import UserError
    from featherfall.evaluation.bundles import evaluate_bundle
    from featherfall.evaluation.detect_bundles import evaluate_detector
    from featherfall.runtime import load_bundle
    from featherfall.runtime.perceive.detector import BoxDetector

    bundle = load_bundle(target, model)
    of_boxes = bundle.manifest.kind == "detector"
    name = dataset or bundle.manifest.provenance.get("dataset")
    if not name:
        raise UserError(f"{target}: its manifest names no dataset; add --dataset NAME")
    opened = datasets.open(name, data_folder(data))
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"judging {opened.name}", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        result = evaluate_detector(BoxDetector(bundle), opened, progress) if of_boxes else evaluate_bundle(bundle, opened, progress)
    print_json(result) if json else show_evaluation(result)


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the bundle goes.")],
    format: Annotated[Literal["onnx"], typer.Option(help="Format of the model files.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Also quantise.")] = True,
) -> None:
    """Write the bundle of a run again, e.g. after an update, or without int8."""
    from featherfall.pipeline.distill import export_run

    typer.echo("\n".join(export_run(run, out, int8)))


def report(
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
        typer.echo(str(write_run_report(run)))


def compare(
    targets: Annotated[list[str], typer.Argument(metavar="RECIPE|RUN...", help="Runs to read; recipes are run first, into runs/<recipe>.")],
    data: Data = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Several runs in one table, with intervals."""
    from featherfall.cli.tables import show_comparison
    from featherfall.core.files import read_json
    from featherfall.pipeline.distill import run_recipe

    found: list[dict[str, Any]] = []
    for target in targets:
        folder = Path(target)
        if not (folder / "metrics.json").is_file():
            resolved = _recipe(target, None, None)
            folder = Path("runs") / resolved.name
            if not (folder / "metrics.json").is_file():
                run_recipe(resolved, data_folder(data), folder, resume=True, workers=workers or os.cpu_count() or 1)
        found.append(read_json(folder / "metrics.json"))
    print_json(found) if json else show_comparison(found)


def _data(recipe: Recipe, data: Path | None, workers: int) -> Path:
    """Where the recordings are; simulated ones for a recipe that has them, where none are given."""
    if data is None and recipe.simulation is not None:
        from featherfall.pipeline.simulated import simulated_data

        return simulated_data(recipe, workers)
    return data_folder(data)


def _recipe(name: str, changes: list[str] | None, seeds: list[int] | None) -> Any:
    from featherfall.core.recipe_file import load_recipe

    return load_recipe(name, [*(changes or []), *([f"seeds={seeds}"] if seeds else [])])
