"""`featherfall predict`: labels and falls of recorded files and films."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featherfall.cli.answers import Answer, answer
from featherfall.cli.detections import judge_detections
from featherfall.cli.drawing import Drawing
from featherfall.cli.film import FilmChoices, judge_films
from featherfall.cli.text import clock_time, table

if TYPE_CHECKING:
    from featherfall.core.manifest import BundleKind
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
    estimator: Annotated[
        str, typer.Option(metavar="NAME", help="Films: how poses are found: several, one, multipose, mediapipe, or a plugin's.")
    ] = "several",
    pose_weights: Annotated[Path | None, typer.Option(metavar="FILE", help="Films: weights of the estimator. Default: MoveNet.")] = None,
    still_down: Annotated[float, typer.Option(metavar="S", help="Films: seconds after a possible fall.")] = 7.0,
) -> None:
    """Say what is in recordings and films: their label, and every fall with its time."""
    from featherfall.runtime import load_bundle

    opened = load_bundle(bundle, model.value if model else None)
    options = Options(
        unit=unit,
        columns=columns,
        of_source={
            "time": time,
            "time_unit": time_unit and time_unit.value,
            "rate": rate,
            "clock": None if clock == "sampled" else "burst",
        },
        estimator=estimator,
        pose_weights=pose_weights,
        still_down_s=still_down,
        drawing=_drawing(opened, files, draw, private),
    )
    answer(opened, *BY_KIND[opened.manifest.kind](opened, files, options), json)


@dataclass(frozen=True)
class Options:
    """Options of all kinds of bundles. unit, columns: as stated; of_source: others of the source, None for its default."""

    unit: Sequence[str] | None
    columns: Sequence[str] | None
    of_source: dict[str, Any]
    estimator: str
    pose_weights: Path | None
    still_down_s: float
    drawing: Drawing | None


Predict = tuple[Sequence[Path], Callable[[Path], Answer]]  # the files, and what gives the answer of one


def _windows(bundle: Bundle, files: Sequence[Path], options: Options) -> Predict:
    """CSVs or films, window by window."""
    from featherfall.runtime.sources.source import gives

    of_source: dict[str, Any] = {}
    if gives(bundle.manifest) == "samples":
        names = [one.name for one in bundle.manifest.inputs]
        units = _by_input("--unit", options.unit, names)
        columns = {name: _split(value) for name, value in _by_input("--columns", options.columns, names).items()}
        stated = {"units": units, "columns": columns} | options.of_source
        of_source = {name: value for name, value in stated.items() if value not in (None, {})}  # the source has its own defaults

    def run(file: Path) -> Answer:
        prediction = bundle.predict(file, **of_source)
        return Answer(prediction.to_json(), lines(file, bundle, prediction))

    return files, run


def _pictures(bundle: Bundle, files: Sequence[Path], options: Options) -> Predict:
    """Films picture by picture, and single pictures; a folder stands for the pictures in it."""
    from featherfall.runtime.sources.film import pictures_in

    return _windows(bundle, [one for file in files for one in pictures_in(file) or [file]], options)


def _keypoints(bundle: Bundle, files: Sequence[Path], options: Options) -> Predict:
    choices = FilmChoices(options.estimator, options.pose_weights, options.still_down_s, options.drawing)
    return files, judge_films(bundle, choices, len(files))


def _boxes(bundle: Bundle, files: Sequence[Path], options: Options) -> Predict:
    return files, judge_detections(bundle, options.drawing, options.still_down_s, len(files))


BY_KIND: dict[BundleKind, Callable[[Bundle, Sequence[Path], Options], Predict]] = {
    "window": _windows,
    "film": _windows,
    "picture": _pictures,
    "keypoints": _keypoints,
    "detector": _boxes,
}
DRAWN: tuple[BundleKind, ...] = ("keypoints", "detector")  # kinds that follow people


def _drawing(bundle: Bundle, files: Sequence[Path], draw: Path | None, private: bool) -> Drawing | None:
    """Where to draw; raises `UserError` where nothing can be drawn, or not there."""
    from featherfall.core.errors import UserError

    if draw is None:
        return None
    if bundle.manifest.kind not in DRAWN:
        raise UserError(
            f"--draw {draw}: bundle {bundle.manifest.name!r} does not follow people in films; leave it out or give a camera's bundle"
        )
    drawing = Drawing(draw, private, images=bundle.manifest.kind == "detector")
    drawing.check(files)
    return drawing


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


def lines(file: Path, bundle: Bundle, prediction: Prediction) -> list[str]:
    """One file's result, aligned; a single picture has no times."""
    from featherfall.signals.picture_file import is_image_file

    if is_image_file(file) and len(prediction.probabilities) == 1:
        named = sorted(zip(prediction.probabilities[0].tolist(), prediction.labels, strict=True), reverse=True)
        return [str(file), f"  label    {prediction.label}", f"  classes  {', '.join(f'{name} {share:.3f}' for share, name in named)}"]
    skipped = f", {prediction.skipped} skipped (too little signal)" if prediction.skipped else ""
    lines = [
        str(file),
        f"  label    {prediction.label or 'unknown: no window could be judged'}",
        f"  windows  {len(prediction.usable) - prediction.skipped} judged{skipped}",
    ]
    if bundle.manifest.task == "activity":
        stretches = [
            (clock_time(one.start_s), clock_time(one.end_s), one.label or "(skipped)", f"{one.confidence:.3f}" if one.label else "")
            for one in prediction.stretches()
        ]
        lines += table([("from", "to", "label", "confidence"), *stretches])
    if bundle.manifest.positive is not None:
        lines.append(f"  events   {len(prediction.events) or 'none'}")
        rows = [(clock_time(e.start_s), clock_time(e.peak_s), clock_time(e.raised_s), f"{e.confidence:.3f}") for e in prediction.events]
        lines += table([("start", "peak", "raised", "confidence"), *rows])
    return lines
