"""`featherfall data`: list the datasets, inspect one, prepare its clips, draw a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from featherfall.cli.file_results import NOT_JUDGED
from featherfall.cli.options import CountsPerG, DataFolder, Dates, JsonFlag, RecipeName, Recorder
from featherfall.core.console import say, say_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from featherfall.datasets import Dataset
    from featherfall.datasets.inspect import Facts

data_app = typer.Typer(name="data", help="Datasets: list, inspect and prepare them.", no_args_is_help=True)

_MAX_LINES = 15  # of a list of problems
_MAX_STREAMS = 6  # of a dataset in the list; some have dozens


@data_app.command("list")
def data_list_command(json: JsonFlag = False) -> None:
    """List the datasets that can be read."""
    from featherfall import datasets
    from featherfall.core.registry import catalogue, problems

    unusable = problems(["dataset"])
    for line in unusable.values():
        say(f"featherfall: {line}", error=True)
    entries = {entry.name: entry for entry in catalogue("dataset")}
    readers = [datasets.reader(name) for name in datasets.names() if ("dataset", name) not in unusable]
    if json:
        say_json([{"name": r.name, "folder": r.folder, "streams": list(r.streams), "summary": entries[r.name].summary} for r in readers])
        return
    from featherfall.cli.console import console, plain_table

    table = plain_table("Datasets")
    for heading in ("name", "folder in --data", "streams", "what it is"):
        table.add_column(heading)
    for reader in readers:
        more = len(reader.streams) - _MAX_STREAMS
        shown = [*reader.streams[:_MAX_STREAMS], *([f"and {more} more"] if more > 0 else [])]
        entry = entries[reader.name]
        kind = "pictures" if entry.facts.get("pictures") else "films" if reader.folder else "as streams.yaml says"
        streams = "\n".join(shown) or kind
        table.add_row(f"[bold]{reader.name}[/bold]", reader.folder or "itself", streams, entry.summary)
        table.add_row()
    console().print(table)


@data_app.command("formats")
def formats_command(json: JsonFlag = False) -> None:
    """List the apps and devices whose files are recognised, one line each."""
    from featherfall.cli.sensor_file import show_formats

    show_formats(json)


@data_app.command("inspect")
def inspect_command(
    name: Annotated[
        str,
        typer.Argument(
            help="A dataset's name, or the path of a folder with your own recordings.csv or data.yaml, or of a sensor file or export."
        ),
    ],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The folder that holds the datasets.")] = Path("."),
    recipe: Annotated[
        str | None, typer.Option(metavar="RECIPE", help="Pictures: show how this recipe maps class names. Default: common words.")
    ] = None,
    sheet: Annotated[Path | None, typer.Option(metavar="PNG", help="Pictures: draw some with their boxes, e.g. to check them.")] = None,
    recorder: Recorder = None,
    counts_per_g: CountsPerG = None,
    dates: Dates = None,
    unit: Annotated[str | None, typer.Option(metavar="UNIT", help="Sensor files: unit of the accelerometer.")] = None,
    rate: Annotated[float | None, typer.Option(metavar="HZ", help="Sensor files: samples per second, where it has no times.")] = None,
    json: JsonFlag = False,
) -> None:
    """Read a whole dataset, or a sensor file, and show what it holds, measured rates, gaps and every problem."""
    if _is_sensor_file(name):
        from featherfall.cli.sensor_file import show_file

        show_file(Path(name), recorder, counts_per_g, dates and dates.value, unit, rate, json)
        return
    from rich.progress import Progress

    from featherfall.core.recipe_file import load_recipe
    from featherfall.core.rich_console import SafeConsole
    from featherfall.datasets.inspect import inspect_dataset as read_all

    dataset = _open(name, data)
    names = load_recipe(recipe).labels.names if recipe else None
    if sheet is not None:
        from featherfall.datasets.pictures.sheet import draw_sheet

        drawn = draw_sheet(dataset, sheet, names)
        say(f"{drawn} pictures drawn: {sheet}", error=True)
    out = SafeConsole(stderr=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(f"reading {dataset.name}", total=len(dataset.sources))
        facts = read_all(dataset, lambda done, total: bar.update(task, completed=done, total=total), names)
    if json:
        say_json(facts.to_json())
    else:
        from featherfall.cli.console import console

        _show(facts, console())
    if facts.left_out.too_many:
        raise typer.Exit(NOT_JUDGED)


@data_app.command("prepare")
def prepare_command(
    recipe: RecipeName,
    data: DataFolder = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes that read and cut. Default: one per core.")] = None,
    json: JsonFlag = False,
) -> None:
    """Cut a recipe's clips into the cache that `distill` reads, and show its folds."""
    import os

    from featherfall.core.files import data_folder
    from featherfall.core.recipe_file import load_recipe
    from featherfall.datasets import open_for
    from featherfall.pipeline.clips import make_clips, make_folds
    from featherfall.pipeline.progress import Show

    resolved = load_recipe(recipe)
    dataset = open_for(resolved, data_folder(data))
    with Show() as show:
        store = make_clips(resolved, dataset, workers or os.cpu_count() or 1, show)
    folds = make_folds(resolved, dataset, store)
    sides = ("train", "unlabelled", "validation", "test")
    parts = {fold.name: {side: len(getattr(fold, side)) for side in sides} for fold in folds}
    if json:
        say_json(
            {
                "clips": len(store),
                "recordings": len(store.recordings),
                "skipped": store.skipped,
                "folder": str(store.folder),
                "folds": parts,
            }
        )
        return
    say(f"{len(store)} clips of {len(store.recordings)} recordings in {store.folder}")
    for name, sizes in parts.items():
        say(f"{name}: " + ", ".join(f"{side} {count} recordings" for side, count in sizes.items()))
    for reason in store.skipped[:_MAX_LINES]:
        say(f"left out: {reason}")
    if len(store.skipped) > _MAX_LINES:
        say(f"... and {len(store.skipped) - _MAX_LINES} more; --json lists them all")


@data_app.command("gaf")
def gaf_command(
    name: Annotated[str, typer.Argument(help="A dataset's name, or the path of a folder with your own recordings.csv.")],
    recording: Annotated[str, typer.Argument(metavar="SUBJECT/ACTIVITY/TRIAL", help="One recording of it.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the images.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The folder that holds the datasets.")] = Path("."),
    stream: Annotated[str, typer.Option(metavar="NAME", help="Stream to draw.")] = "accelerometer",
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Width and height of an image.")] = 150,
    method: Annotated[Literal["summation", "difference"], typer.Option(help="GASF or GADF.")] = "summation",
    limit: Annotated[
        float | None,
        typer.Option(metavar="VALUE", help="Scale by -VALUE to VALUE in the stream's unit. Default: by each series' own range."),
    ] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", help="Cut into windows of S seconds. Default: the whole recording.")] = None,
    json: JsonFlag = False,
) -> None:
    """Draw a recording as Gramian angular fields: PNG files by channel, x, y and z as one RGB image, and a sheet of all."""
    from featherfall.core.errors import UserError
    from featherfall.evaluation.gaf import draw

    dataset = _open(name, data)
    found = next((source for source in dataset.sources if source.id == recording), None)
    if found is None:
        known = ", ".join(source.id for source in dataset.sources[:3])
        raise UserError(f"{dataset.name} has no recording {recording!r}; it has {len(dataset.sources)}, such as {known or 'none'}")
    files = draw(found.load(), stream, out, size, method, limit, seconds)
    if json:
        say_json([str(file) for file in files])
    else:
        say(f"{len(files)} images in {out}; all on one sheet: {files[-1]}")


def _is_sensor_file(name: str) -> bool:
    """Return whether a name is the path of a sensor file or an export, and neither a dataset's name nor its folder."""
    from featherfall import datasets
    from featherfall.core.registry import known_as

    path = Path(name)
    if not path.is_dir():
        return path.is_file()
    if any((path / own).exists() for own in ("recordings.csv", "data.yaml")) or known_as("dataset", name):
        return False
    return path.name not in {datasets.reader(one).folder for one in datasets.names()}


def _open(name: str, data: Path) -> Dataset:
    from featherfall import datasets

    if (Path(name) / "recordings.csv").is_file():
        return datasets.open("folder", name)
    if (Path(name) / "data.yaml").is_file():
        return datasets.open("yolo", name)
    return datasets.open(name, data)


def _film_table(facts: Facts) -> Table:
    from rich.markup import escape

    from featherfall.cli.console import plain_table

    films = plain_table("Films")
    for heading in ("view", "in", "pixels", "codec", "Hz", "uneven", "hours"):
        films.add_column(heading, justify="right" if heading in ("in", "Hz", "uneven", "hours") else "left")
    for view, film in facts.films.items():
        counts = (", ".join(film.sizes), ", ".join(film.codecs), f"{film.rate:.1f}", str(film.variable), f"{film.hours:.2f}")
        films.add_row(escape(view), str(film.recordings), *counts)
    return films


def _show(facts: Facts, console: Console) -> None:
    from rich.markup import escape

    from featherfall.cli.console import plain_table
    from featherfall.cli.pictures import show_pictures

    console.print(f"[bold]{escape(facts.dataset)}[/bold]  {escape(facts.folder)}", soft_wrap=True)
    rest = f"{len(facts.subjects)} subjects, {len(facts.activities)} activities, {facts.hours:.2f} hours"
    what, rest = ("pictures", "") if facts.pictures and not facts.hours else ("recordings", f", {rest}")
    console.print(f"{facts.recordings} {what}, {facts.falls} of them falls{rest}")
    for line in facts.left_out.lines():
        console.print(line, style="red", markup=False, soft_wrap=True, highlight=False)
    for split, sides in facts.splits.items():
        console.print(
            f"split {split}: " + ", ".join(f"{side} {count}" for side, count in sorted(sides.items(), reverse=True)), markup=False
        )

    streams = plain_table("Streams")
    for heading in ("stream", "unit", "worn at", "in", "missing", "Hz (5-95 %)", "gap (s)", "clock"):
        streams.add_column(
            heading, justify="right" if heading in ("in", "missing", "Hz (5-95 %)", "gap (s)") else "left", no_wrap=heading == "stream"
        )
    for name, stream in facts.streams.items():
        rate = f"{stream.rate:.1f} ({stream.rate_p5:.1f}-{stream.rate_p95:.1f})" if stream.stamped else f"{stream.rate:.1f} nominal"
        gap = f"{stream.longest_gap_s:.2f}" if stream.stamped else ""
        counts = (str(stream.recordings), str(stream.missing))
        streams.add_row(escape(name), stream.unit, escape(", ".join(stream.placements)), *counts, rate, gap, stream.clock)
    if facts.streams:
        console.print(streams)
    if facts.films:
        console.print(_film_table(facts))
    if facts.pictures:
        show_pictures(facts.pictures, console)
    if not facts.pictures or facts.hours:
        _show_activities(facts, console)

    for note in facts.notes:
        console.print(f"note: {note}", soft_wrap=True, highlight=False, markup=False)
    if not facts.problems:
        console.print("[green]No problems found.[/green]")
        return
    console.print(f"[yellow]{len(facts.problems)} problem(s) found[/yellow]")
    for problem in facts.problems[:_MAX_LINES]:
        console.print("  " + escape(problem.replace(f"{facts.folder}/", "")), soft_wrap=True, highlight=False)
    if len(facts.problems) > _MAX_LINES:
        console.print(f"  ... and {len(facts.problems) - _MAX_LINES} more; --json lists them all")


def _show_activities(facts: Facts, console: Console) -> None:
    from rich.markup import escape

    from featherfall.cli.console import plain_table

    activities = plain_table("Activities")
    activities.add_column("activity")
    activities.add_column("recordings", justify="right")
    for activity, count in facts.activities.items():
        activities.add_row(escape(activity), str(count))
    console.print(activities)
