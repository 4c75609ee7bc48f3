"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle's folder, a run, or an embedded bundle: wrist, camera.")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder that holds datasets by their names. Default: $FEATHERFALL_REAL_DATA.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's path, or the name of a recipe in the package.")]
