"""`featherfall camera-check`: whether a camera's films can be used, before anybody relies on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featherfall.cli.file_results import NOT_JUDGED
from featherfall.cli.options import EstimatorName, JsonFlag, PoseWeights, Rotate
from featherfall.core.console import say, say_json


def camera_check_command(
    film: Annotated[Path, typer.Argument(metavar="FILM", help="A minute from the camera in which somebody walks through the room.")],
    estimator: EstimatorName = "several",
    pose_weights: PoseWeights = None,
    rotate: Rotate = None,
    json: JsonFlag = False,
) -> None:
    """Check a camera by a film: speed, light, how it hangs, and whether people are seen whole. Exit code 3: do not use it so."""
    from featherfall.runtime.bundle import load_bundle
    from featherfall.runtime.camera_check import check_camera_film
    from featherfall.runtime.perceive.estimators import open_estimator
    from featherfall.runtime.sources.film import FilmOptions, as_video
    from featherfall.runtime.trace import tracer

    video = FilmOptions(rotate=rotate).of(as_video(film))
    found = check_camera_film(video, open_estimator(estimator, pose_weights), tracer(load_bundle("camera")).least_rate)
    usable = all(one.good for one in found)
    if json:
        say_json({"film": str(film), "usable": usable, "findings": [vars(one) for one in found]})
    else:
        width = max(len(one.name) for one in found)
        say(str(film), *(f"  {one.name:{width}}  {'ok ' if one.good else 'BAD'}  {one.line}" for one in found))
    if not usable:
        raise typer.Exit(NOT_JUDGED)
