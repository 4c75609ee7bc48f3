"""Options and arguments that several commands share."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


class ModelChoice(enum.StrEnum):
    """Values of --model."""

    int8 = "int8"
    float32 = "float32"


class TimeUnitChoice(enum.StrEnum):
    """Values of --time-unit."""

    s = "s"
    ms = "ms"
    us = "us"
    ns = "ns"
    iso = "iso"


class ClockChoice(enum.StrEnum):
    """Values of --clock."""

    sampled = "sampled"
    burst = "burst"


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

ModelOption = Annotated[ModelChoice | None, typer.Option("--model", help="Model file of the bundle. Default: int8 where there is one.")]

# Sensor files.
Unit = Annotated[
    list[str] | None,
    typer.Option(metavar="INPUT=UNIT", help="Unit in the files, e.g. accelerometer=m/s2. Default: the header's, else found by gravity."),
]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(metavar="INPUT=A,B,C", help="Columns of an input, by name or by number counted from 1. Default: found by name."),
]
TimeColumn = Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Time column, by name or number. Default: found by name.")]
TimeUnit = Annotated[TimeUnitChoice | None, typer.Option(help="Unit of the time column. Default: the header's, else found by the numbers.")]
Rate = Annotated[
    float | None,
    typer.Option(metavar="HZ", help="Samples per second of files without a time column; pictures per second of films without times."),
]
ClockOption = Annotated[ClockChoice, typer.Option(help="burst: the sensor samples evenly but reports in packets.")]
PlacementOk = Annotated[bool, typer.Option("--placement-ok", help="Sensors: also take those that were worn elsewhere than the bundle's.")]

# Films.
EstimatorName = Annotated[
    str,
    typer.Option(
        "--estimator", metavar="NAME", help="Films: how poses are found: several, checked, one, multipose, mediapipe, or a plugin's."
    ),
]
PoseWeights = Annotated[Path | None, typer.Option(metavar="FILE", help="Films: weights of the estimator. Default: MoveNet.")]
Rotate = Annotated[int | None, typer.Option(metavar="DEG", help="Films and pictures: turn them clockwise by 90, 180 or 270 degrees.")]
VideoStream = Annotated[
    int | None,
    typer.Option("--stream", min=0, metavar="N", help="Films: which of several video streams, from 0. Default: the largest."),
]
StillDown = Annotated[float, typer.Option(metavar="S", help="Films: seconds after the first sign of a fall.")]
LiesFor = Annotated[
    float, typer.Option(metavar="S", help="Films: seconds after which somebody who lies where one does not lie is an event; 0: never.")
]
Zones = Annotated[
    list[str] | None,
    typer.Option(metavar="X,Y ...", help="Films: corners of a bed or sofa, in shares of the picture, where lying is no event."),
]
