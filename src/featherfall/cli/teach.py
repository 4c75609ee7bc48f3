"""`featherfall teach`: a bundle that sees more teaches a watch's bundle about one person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from featherfall.cli.file_results import NOT_JUDGED
from featherfall.cli.options import JsonFlag, PlacementOk
from featherfall.core.console import say, say_json


def teach_command(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The watch's bundle, a run, or an embedded one: wrist.")],
    with_: Annotated[str, typer.Option("--with", metavar="BUNDLE", help="The bundle that teaches, e.g. camera.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder with recordings.csv and streams.yaml of one person.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the taught bundle.")],
    dataset: Annotated[str, typer.Option(help="Dataset in --data, where it is not a folder of your own.")] = "folder",
    clocks: Annotated[Literal["align", "shared"], typer.Option(help="align: by motion. shared: take the times as they are.")] = "align",
    within: Annotated[float, typer.Option(min=0, metavar="S", help="Largest offset of the clocks that is looked for, seconds.")] = 30.0,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps of training.")] = 300,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="INPUT=STREAM", help="The stream for an input of the watch's bundle.")
    ] = None,
    placement_ok: PlacementOk = False,
    json: JsonFlag = False,
) -> None:
    """Teach a watch's bundle by what a camera's says of unlabelled films. Exit code 3: the new one is not better, nothing is written."""
    from featherfall import datasets
    from featherfall.cli.runs import pairs_of
    from featherfall.clips.mapping import Choice
    from featherfall.pipeline.teach import TeachOptions, teach_student

    options = TeachOptions(clocks, within, steps, choice=Choice(pairs_of("--map", map_), placement_ok))
    found = teach_student(bundle, with_, datasets.open(dataset, data), out, options)
    say_json(found) if json else say(*_lines(found, bundle, out))
    if not found["taught"]:
        raise typer.Exit(NOT_JUDGED)


def _lines(found: dict[str, Any], bundle: Path, out: Path) -> list[str]:
    """Return what happened, for people."""
    lines = [f"left out  {line}" for line in found["left_out"]]
    falls, pairs, labelled = found["falls"], found["pairs"], found["labelled"]
    by = f", {labelled} by their labels" if labelled else ""
    lines.append(f"pairs     {pairs} recordings, {falls} with a fall and {pairs - falls} without, as the teacher says{by}")
    if found["offsets_s"]:
        offsets, sure = found["offsets_s"], found["correlations"]
        lines.append(f"clocks    offsets {min(offsets):+.1f} to {max(offsets):+.1f} s, r {min(sure):.2f} to {max(sure):.2f}")
    lines.append(f"held out  {found['held_out']['before']['falls'] + found['held_out']['before']['others']} recordings: {found['why']}")
    lines.append(f"bundle    {out}" if found["taught"] else f"kept      {bundle}; nothing was written")
    return lines
