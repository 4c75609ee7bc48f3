"""`featherfall compare`: runs side by side, or a recipe with one distillation loss after the other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featherfall.cli.options import DataFolder, JsonFlag
from featherfall.cli.runs import Out, Seeds, Set, Workers, recipe_data, recipe_of
from featherfall.core.console import say_json
from featherfall.core.files import data_folder

if TYPE_CHECKING:
    from featherfall.core.recipe import Recipe


def compare_command(
    targets: Annotated[list[str], typer.Argument(metavar="RECIPE|RUN...", help="Runs, or recipes to run first into runs/<recipe>.")],
    data: DataFolder = None,
    losses: Annotated[
        str | None, typer.Option(metavar="NAMES", help='Distil the recipe with each of these losses, e.g. "soft,at,crd", or "all".')
    ] = None,
    labels: Annotated[float | None, typer.Option(metavar="SHARE", help="With --losses: labels.share of the recipe, e.g. 0.25.")] = None,
    out: Out = None,
    seed: Seeds = None,
    set_: Set = None,
    workers: Workers = None,
    json: JsonFlag = False,
) -> None:
    """Compare several runs, or distillation losses on one recipe, in one table with intervals. An interrupted call resumes."""
    from featherfall.core.errors import UserError

    if losses is not None:
        if len(targets) != 1:
            raise UserError(f"--losses compares them on one recipe, not on {len(targets)}; give one")
        changes = [*(set_ or []), *([] if labels is None else [f"labels.share={labels}"])]
        resolved = recipe_of(targets[0], changes, seed)
        _compare_losses(resolved, losses, data, out or Path("runs") / f"{resolved.name}-losses", workers or os.cpu_count() or 1, json)
        return
    if labels is not None or out or seed or set_:
        raise UserError("--labels, --out, --seed and --set are of --losses; add --losses, or run `featherfall distill` with them")
    from featherfall.cli.tables import show_comparison
    from featherfall.core.documents import read_json
    from featherfall.pipeline.distill import run_recipe

    found: list[dict[str, Any]] = []
    for target in targets:
        folder = Path(target)
        if not (folder / "metrics.json").is_file():
            resolved = recipe_of(target, None, None)
            folder = Path("runs") / resolved.name
            if not (folder / "metrics.json").is_file():
                run_recipe(resolved, data_folder(data), folder, resume=True, workers=workers or os.cpu_count() or 1)
        found.append(read_json(folder / "metrics.json"))
    say_json(found) if json else show_comparison(found)


def _compare_losses(recipe: Recipe, names: str, data: Path | None, folder: Path, workers: int, json: bool) -> None:
    from featherfall.core.rich_console import SafeConsole
    from featherfall.pipeline.compare_losses import compare_losses, losses_named

    out = SafeConsole(stderr=True)

    def tell(done: int, count: int, name: str) -> None:
        out.print(f"{done + 1} of {count}: {name}", highlight=False)

    found = compare_losses(recipe, recipe_data(recipe, data, workers), folder, losses_named(names), workers=workers, tell=tell)
    say_json(found) if json else show_losses(found, folder)


def show_losses(found: Mapping[str, Any], folder: Path) -> None:
    """Print the ranked table of `compare_losses`."""
    from featherfall.cli.console import console, plain_table
    from featherfall.cli.tables import metric_label

    table = plain_table()
    table.add_column("loss", no_wrap=True)
    for heading in (metric_label(found["metric"]), "minus alone", "minus soft"):
        table.add_column(heading, justify="right")
    ranked = [row for row in found["rows"] if "refused" not in row]
    for row in ranked:
        table.add_row(row["loss"], _points(row, ""), _points(row["minus_alone"], "+"), _points(row["minus_soft"], "+"))
    table.add_row("(alone)", _points(found["alone"], ""), "", "")
    out = console()
    how = f"{found['protocol']}, {len(found['seeds'])} seed(s); points, 95% intervals of paired differences"
    out.print(f"[bold]{found['recipe']}[/bold]: {how}", highlight=False)
    out.print(table)
    for row in found["rows"]:
        if "refused" in row:
            out.print(f"refused  {row['refused']}", soft_wrap=True, markup=False, highlight=False)
    out.print(f"runs     {folder}", soft_wrap=True, markup=False, highlight=False)


def _points(value: Mapping[str, Any] | None, sign: str) -> str:
    """Return a mean in points with its interval, e.g. "+1.2 [-.3, 2.7]"."""
    if value is None or value["mean"] is None:
        return ""
    interval = value["ci95"]
    ends = "" if interval is None else f" [{100 * interval[0]:{sign}.1f}, {100 * interval[1]:{sign}.1f}]"
    return f"{100 * value['mean']:{sign}.1f}{ends}"
