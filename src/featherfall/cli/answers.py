"""What `featherfall predict` says of file after file; one that cannot be read is one line, and the others are still judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from featherfall.cli.text import print_json

if TYPE_CHECKING:
    from featherfall.runtime import Bundle


@dataclass(frozen=True)
class Answer:
    """Of one file. facts: for programs; lines: for people; problems: what of the file is lost, though the rest could be judged."""

    facts: dict[str, Any]
    lines: list[str]
    problems: list[str] = field(default_factory=list)


def answer(bundle: Bundle, files: Sequence[Path], judge: Callable[[Path], Answer], json: bool) -> None:
    """Judge the files and print what is said of each.

    Raises: `typer.Exit` with 2 where one could not be read, or not whole.
    """
    from featherfall.core.errors import UserError

    told: list[dict[str, Any]] = []
    for file in files:
        try:
            said = judge(file)
        except UserError as error:
            said = Answer({}, [], [str(error)])
        for problem in said.problems:
            typer.echo(f"featherfall: {problem}", err=True)
        told.append({"file": str(file), **({"error": said.problems[0]} if said.problems else {}), **said.facts})
        if said.lines and not json:
            typer.echo("\n".join(said.lines) + "\n")
    if json:
        print_json({"bundle": bundle.manifest.name, "model": bundle.model.precision, "files": told})
    if any("error" in one for one in told):
        raise typer.Exit(2)
