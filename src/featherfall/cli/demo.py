"""`featherfall demo`: the main job, start to end, on one dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

RECIPE = "weda_fall_wrist"
FOLDER = "WEDA-FALL"


def demo(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder that holds WEDA-FALL. Default: $FEATHERFALL_REAL_DATA.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run directory.")] = Path("runs/demo"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the demo in --out.")] = False,
) -> None:
    """Distil a wrist fall detector from WEDA-FALL, judge it on people it never met, and run it on one recording of a fall."""
    from featherfall.ground.errors import UserError
    from featherfall.ground.files import data_folder

    folder = data_folder(data)
    if not (folder / FOLDER / "dataset").is_dir():
        raise UserError(
            f"{folder / FOLDER}: not there; the demo needs the WEDA-FALL dataset (github.com/joaojtmarques/WEDA-FALL) in this folder; "
            "set FEATHERFALL_REAL_DATA or give --data the folder that holds it"
        )
    from featherfall.cli.predict import lines
    from featherfall.cli.tables import show_metrics
    from featherfall.ground.recipe import load_recipe
    from featherfall.pipeline.distill import distill
    from featherfall.runtime import load_bundle, read_csv

    recipe = load_recipe(RECIPE, ["seeds=[0]"])
    typer.echo(
        "Demo: 25 people wore a watch (WEDA-FALL). A teacher that sees accelerometer, gyroscope and orientation teaches a student\n"
        "that sees the accelerometer only. Five times, the student is judged on people whom neither ever met.\n"
        "One seed; about ten minutes on two cores."
    )
    show_metrics(distill(recipe, folder, out, resume=resume, workers=os.cpu_count() or 1), out)
    example = folder / FOLDER / "dataset" / "50Hz" / "F01" / "U01_R01_accel.csv"
    typer.echo("\nHow a device uses the bundle, here on the file of one fall (of a person it was trained on):")
    bundle = load_bundle(out / "bundle")
    said = bundle.predict(read_csv(example, bundle.manifest.inputs, units={"accelerometer": "m/s2"}, clock="burst"))
    typer.echo("\n".join(lines(example, bundle, said)))
