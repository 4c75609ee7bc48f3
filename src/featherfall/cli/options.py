"""Options and arguments that several commands share."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


class DatesChoice(enum.StrEnum):
    """Values of --dates."""

    dmy = "dmy"
    mdy = "mdy"


BundlePath = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="A bundle's folder, a run, or an embedded bundle: wrist, camera, picture.")
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder that holds datasets by their names. Default: $FEATHERFALL_REAL_DATA.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's path, or the name of a recipe in the package.")]
Recorder = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Sensor files: app or device that wrote them, of `featherfall data formats`. Default: found out."),
]
CountsPerG = Annotated[
    float | None, typer.Option(metavar="COUNTS", help="Sensor files: raw counts of an accelerometer for 1 g, e.g. 16384.")
]
Dates = Annotated[DatesChoice | None, typer.Option(help="Sensor files: order of day and month in dates such as 3/4/2024.")]
