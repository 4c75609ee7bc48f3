"""`featherfall predict`: labels and falls of recorded files and films."""

from __future__ import annotations

import enum
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featherfall.cli.answers import Answer, answer
from featherfall.cli.detections import judge_detections
from featherfall.cli.drawing import Drawing
from featherfall.cli.film import FilmChoices, judge_films
from featherfall.cli.text import clock_time, table

if TYPE_CHECKING:
    from featherfall.runtime import Bundle, Prediction


class ModelChoice(enum.StrEnum):
    int8 = "int8"
    float32 = "float32"


class TimeUnitChoice(enum.StrEnum):
    s = "s"
    ms = "ms"
    us = "us"
    ns = "ns"
    iso = "iso"


class ClockChoice(enum.StrEnum):
    sampled = "sampled"
    burst = "burst"


class EstimatorChoice(enum.StrEnum):
    several = "several"
    one = "one"
    multipose = "multipose"
    mediapipe = "mediapipe"


def predict(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder, a run, or one that comes along: wrist, camera.", metavar="BUNDLE")],
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV with one row per sample; films, folders of pictures, or pictures, for a camera's bundle.", metavar="FILE"),
    ],
    unit: Annotated[
        list[str] | None,
        typer.Option(metavar="INPUT=UNIT", help="Unit in the files, e.g. accelerometer=m/s2. Default: the header's, else the bundle's."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(metavar="INPUT=A,B,C", help="Columns of an input, by name or by number counted from 1. Default: found by name."),
    ] = None,
    time: Annotated[str | None, typer.Option(metavar="COLUMN", help="Time column, by name or number. Default: found by name.")] = None,
    time_unit: Annotated[
        TimeUnitChoice | None, typer.Option(help="Unit of the time column. Default: the header's, a date, else s.")
    ] = None,
    rate: Annotated[float | None, typer.Option(metavar="HZ", help="Samples per second of files without a time column.")] = None,
    clock: Annotated[ClockChoice, typer.Option(help="burst: the sensor samples evenly but reports in packets.")] = ClockChoice.sampled,
    model: Annotated[ModelChoice | None, typer.Option(help="Model file to run. Default: int8 where there is one.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    draw: Annotated[
        Path | None, typer.Option(metavar="MP4", help="Films: draw what was seen and thought; a folder for several films.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="With --draw: keypoints on black, nothing of the picture.")] = False,
    estimator: Annotated[EstimatorChoice, typer.Option(help="Films: how poses are found.")] = EstimatorChoice.several,
    pose_weights: Annotated[Path | None, typer.Option(metavar="FILE", help="Films: weights of the estimator. Default: MoveNet.")] = None,
    still_down: Annotated[float, typer.Option(metavar="S", help="Films: seconds after a possible fall.")] = 7.0,
) -> None:
    """Say what is in recordings and films: their label, and every fall with its time."""
    from featherfall.core.errors import UserError
    from featherfall.runtime import load_bundle, read_csv
    from featherfall.runtime.perceive.images import pictures_in
    from featherfall.runtime.sources.csv import read_film

    opened = load_bundle(bundle, model.value if model else None)
    drawing = Drawing(draw, private, stills=opened.manifest.kind == "detector") if draw is not None else None
    if drawing is not None:
        if opened.manifest.kind not in ("detector", "keypoints"):
            raise UserError(
                f"--draw {draw}: bundle {opened.manifest.name!r} does not follow people in films; leave it out or give a camera's bundle"
            )
        drawing.check(files)
    if opened.manifest.kind == "detector":
        return answer(opened, files, judge_detections(opened, drawing, still_down, len(files)), json)
    if opened.manifest.kind == "keypoints":
        choices = FilmChoices(estimator.value, pose_weights, still_down, drawing)
        return answer(opened, files, judge_films(opened, choices, len(files)), json)
    if opened.manifest.kind == "picture":
        files = [one for file in files for one in pictures_in(file) or [file]]
    names = [one.name for one in opened.manifest.inputs]
    seen = any(one.is_film for one in opened.manifest.inputs)
    read = (
        functools.partial(read_film, inputs=opened.manifest.inputs)
        if seen
        else functools.partial(
            read_csv,
            inputs=opened.manifest.inputs,
            units=_by_input("--unit", unit, names),
            columns={name: _split(value) for name, value in _by_input("--columns", columns, names).items()},
            time=time,
            time_unit=time_unit.value if time_unit else None,
            rate=rate,
            clock=clock.value,
        )
    )

    def judge(file: Path) -> Answer:
        said = opened.predict(read(file))
        return Answer(said.to_json(), lines(file, opened, said))

    answer(opened, files, judge, json)


def _by_input(option: str, stated: Sequence[str] | None, names: Sequence[str]) -> dict[str, str]:
    """ "accelerometer=g" -> {"accelerometer": "g"}; the name may be left out where the bundle has one input."""
    from featherfall.core.errors import UserError

    values = {}
    for text in stated or []:
        name, equals, value = text.partition("=")
        if not equals and len(names) == 1:
            name, value = names[0], text
        if not name or not value:
            raise UserError(f"{option} {text}: expected INPUT=VALUE, with INPUT one of: {', '.join(names)}")
        values[name] = value
    return values


def _split(columns: str) -> list[str]:
    return [column.strip() for column in columns.split(",")]


def lines(file: Path, bundle: Bundle, said: Prediction) -> list[str]:
    """One file's answer, aligned; a still has no times to tell."""
    from featherfall.signals.picture_file import is_image_file

    if is_image_file(file) and len(said.probabilities) == 1:
        named = sorted(zip(said.probabilities[0].tolist(), said.labels, strict=True), reverse=True)
        return [str(file), f"  label    {said.label}", f"  classes  {', '.join(f'{name} {share:.3f}' for share, name in named)}"]
    judged = len(said.judged) - said.skipped
    skipped = f", {said.skipped} skipped (too little signal)" if said.skipped else ""
    lines = [str(file), f"  label    {said.label or 'unknown: no window could be judged'}", f"  windows  {judged} judged{skipped}"]
    if bundle.manifest.task == "activity":
        lines += table([("from", "to", "label", "confidence"), *_stretches(said)])
    if bundle.manifest.positive is not None:
        lines.append(f"  events   {len(said.events) or 'none'}")
        rows = [(clock_time(e.start_s), clock_time(e.peak_s), clock_time(e.raised_s), f"{e.confidence:.3f}") for e in said.events]
        lines += table([("start", "peak", "raised", "confidence"), *rows])
    return lines


def _stretches(said: Prediction) -> list[tuple[str, str, str, str]]:
    """Neighbouring windows of one label as one row, with their mean confidence."""
    labels = said.window_labels
    rows = []
    first = 0
    for k in range(1, len(labels) + 1):
        if k < len(labels) and labels[k] == labels[first]:
            continue
        confidence = f"{said.probabilities[first:k].max(axis=1).mean():.3f}" if labels[first] else ""
        rows.append((clock_time(max(said.start_s[first], 0.0)), clock_time(said.end_s[k - 1]), labels[first] or "(skipped)", confidence))
        first = k
    return rows
