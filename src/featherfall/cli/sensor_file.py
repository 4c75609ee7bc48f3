"""What the command line says of sensor files: the known recorders, and what one file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from featherfall.cli.file_results import align_columns
from featherfall.core.console import say, say_json

NOT_USABLE = 3  # exit code: the file is recognised, and a sensor of it cannot be used


def show_formats(json: bool) -> None:
    """List the recorders, those of one program first; plugins that cannot be used are named on standard error."""
    from featherfall.core.registry import problems
    from featherfall.recorders.recognise import recorders

    for line in problems(["recorder"]).values():
        say(f"featherfall: {line}", error=True)
    known = recorders()
    if json:
        say_json([{"name": one.name, "title": one.title, "summary": one.summary} for one in known])
        return
    width = max(len(one.name) for one in known)
    say(*(f"{one.name:{width}}  {one.summary}" for one in known))


def show_file(
    path: Path, recorder: str | None, counts_per_g: float | None, dates: Any, unit: str | None, rate: float | None, json: bool
) -> None:
    """Show what one file, folder or zip of sensors holds.

    Raises: `UserError` where it is not recognised; `typer.Exit` with `NOT_USABLE` where a sensor of it cannot be used.
    """
    from featherfall.recorders.inspect import inspect_file
    from featherfall.recorders.reading import ReadOptions

    units = {} if unit is None else {"accelerometer": unit.removeprefix("accelerometer=")}
    options = ReadOptions(units=units, rate=rate, recorder=recorder, counts_per_g=counts_per_g, dates=dates)
    facts = inspect_file(path, options)
    if json:
        say_json(facts.to_json())
    else:
        rows = [
            (
                one.sensor,
                one.placement or "-",
                one.unit or "-",
                f"{one.rate:g}",
                str(one.samples),
                f"{one.seconds:g}",
                str(one.gaps),
                f"{one.longest_gap_s:g}",
            )
            for one in facts.sensors
        ]
        table = align_columns([("sensor", "worn at", "unit", "Hz", "samples", "seconds", "gaps", "longest (s)"), *rows]) if rows else []
        notes = [f"  note     {text}" for text in (*facts.notes, *dict.fromkeys(note for one in facts.sensors for note in one.notes))]
        say(f"{path}: {facts.title} (recorder {facts.recorder})", *table, *notes, *(f"  problem  {text}" for text in facts.problems))
    if facts.problems:
        raise typer.Exit(NOT_USABLE)
