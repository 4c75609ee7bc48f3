"""`featherfall predict`: labels and falls of recorded files and films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featherfall.cli.drawing import Drawing
from featherfall.cli.file_results import FileResult, predict_files
from featherfall.cli.operating import FalseAlarmsPerDay, Point, at_point
from featherfall.cli.options import (
    BundlePath,
    ClockChoice,
    ClockOption,
    ColumnsOption,
    CountsPerG,
    Dates,
    EstimatorName,
    LiesFor,
    ModelOption,
    PlacementOk,
    PoseWeights,
    Rate,
    Recorder,
    Rotate,
    StillDown,
    TimeColumn,
    TimeUnit,
    Unit,
    VideoStream,
    Zones,
)
from featherfall.cli.predict_people import DetectorPredictor, FilmPredictor
from featherfall.cli.predict_windows import csv_options, film_options, predict_file

if TYPE_CHECKING:
    from featherfall.core.manifest import BundleKind, Manifest
    from featherfall.runtime import Bundle
    from featherfall.runtime.decide.incidents import CameraOptions
    from featherfall.runtime.sources.film import FilmOptions


def predict_command(
    bundle: BundlePath,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV with one row per sample, or an export of a known app or device (file, folder, zip); films, folders of pictures, or "
            "pictures, for a camera's bundle.",
            metavar="FILE",
        ),
    ],
    unit: Unit = None,
    columns: ColumnsOption = None,
    time: TimeColumn = None,
    time_unit: TimeUnit = None,
    rate: Rate = None,
    recorder: Recorder = None,
    counts_per_g: CountsPerG = None,
    dates: Dates = None,
    placement_ok: PlacementOk = False,
    clock: ClockOption = ClockChoice.sampled,
    model: ModelOption = None,
    point: Point = None,
    false_alarms_per_day: FalseAlarmsPerDay = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    draw: Annotated[Path | None, typer.Option(metavar="MP4", help="Films: draw the results on them; a folder for several films.")] = None,
    private: Annotated[bool, typer.Option("--private", help="With --draw: keypoints on black, nothing of the picture.")] = False,
    estimator: EstimatorName = "several",
    pose_weights: PoseWeights = None,
    rotate: Rotate = None,
    stream: VideoStream = None,
    still_down: StillDown = 7.0,
    lies_for: LiesFor = 8.0,
    zone: Zones = None,
) -> None:
    """Predict recordings, films and pictures: the label, and every fall with its time."""
    # The parameters are the command's options; the work is done by the functions of `BY_KIND`.
    from featherfall.runtime import load_bundle
    from featherfall.runtime.decide.zones import Zone

    opened = at_point(load_bundle(bundle, model.value if model else None), point, false_alarms_per_day)
    options = PredictOptions(
        unit=unit or (),
        columns=columns or (),
        time=time,
        time_unit=time_unit and time_unit.value,
        rate=rate,
        clock=None if clock == "sampled" else "burst",
        recorder=recorder,
        counts_per_g=counts_per_g,
        dates=dates and dates.value,
        placement_ok=placement_ok or None,
        estimator=estimator,
        pose_weights=pose_weights,
        camera={"still_down_s": still_down, "lies_for_s": lies_for or None, "zones": [Zone.parse(one) for one in zone or ()]},
        film=_film_options(opened.manifest, rate, rotate, stream),
        drawing=_drawing(opened.manifest, files, draw, private),
    )
    predict_files(opened, *BY_KIND[opened.manifest.kind](opened, files, options), json)


@dataclass(frozen=True)
class PredictOptions:
    """Options of the command, for all kinds of bundles; None for the source's default."""

    unit: Sequence[str]
    columns: Sequence[str]
    time: str | None
    time_unit: str | None
    rate: float | None
    clock: str | None
    recorder: str | None
    counts_per_g: float | None
    dates: str | None
    placement_ok: bool | None
    estimator: str
    pose_weights: Path | None
    camera: CameraOptions
    film: FilmOptions
    drawing: Drawing | None


_OF_FILES = ("time", "time_unit", "rate", "clock", "recorder", "counts_per_g", "dates", "placement_ok")  # options of the source of samples
FilePredictor = tuple[Sequence[Path], Callable[[Path], FileResult]]  # the files, and what predicts one of them


def _windows(bundle: Bundle, files: Sequence[Path], options: PredictOptions) -> FilePredictor:
    """Predict CSVs or films window by window."""
    of_files = {name: getattr(options, name) for name in _OF_FILES}
    of_source = csv_options(bundle.manifest, options.unit, options.columns, of_files) or film_options(options.film)
    return files, lambda file: predict_file(bundle, file, of_source)


def _pictures(bundle: Bundle, files: Sequence[Path], options: PredictOptions) -> FilePredictor:
    """Predict films picture by picture, and single pictures; a folder stands for the pictures in it, and is a film where it has a rate."""
    from featherfall.runtime.sources.film import pictures_in

    if options.film.rate is not None:
        return _windows(bundle, files, options)
    return _windows(bundle, [one for file in files for one in pictures_in(file) or [file]], options)


def _keypoints(bundle: Bundle, files: Sequence[Path], options: PredictOptions) -> FilePredictor:
    """Predict films by keypoints; raises `UserError` for an unknown estimator or missing weights."""
    from featherfall.runtime.perceive.estimators import open_estimator

    estimator = open_estimator(options.estimator, options.pose_weights)
    return files, FilmPredictor(bundle, estimator, options.camera, options.film, options.drawing, len(files))


def _boxes(bundle: Bundle, files: Sequence[Path], options: PredictOptions) -> FilePredictor:
    """Predict pictures and films by boxes; raises `UserError` where keypoints are to be drawn, which a detector does not have."""
    from featherfall.core.errors import UserError
    from featherfall.runtime.perceive.detector import BoxDetector

    if options.drawing is not None and options.drawing.private:
        raise UserError("--private draws keypoints, a detector has none; leave it out")
    detector = BoxDetector(bundle)
    film = FilmPredictor(bundle, detector, options.camera, options.film, options.drawing, len(files))
    return files, DetectorPredictor(detector, film)


BY_KIND: dict[BundleKind, Callable[[Bundle, Sequence[Path], PredictOptions], FilePredictor]] = {
    "window": _windows,
    "film": _windows,
    "picture": _pictures,
    "keypoints": _keypoints,
    "detector": _boxes,
}
_DRAWN_KINDS: tuple[BundleKind, ...] = ("keypoints", "detector")  # bundles that follow people; the others have nothing to draw


def _film_options(manifest: Manifest, rate: float | None, rotate: int | None, stream: int | None) -> FilmOptions:
    """Return how films are read; raises `UserError` for an impossible turn, and for options of films where the bundle takes samples."""
    from featherfall.core.errors import UserError
    from featherfall.runtime.sources.film import FilmOptions
    from featherfall.runtime.sources.source import gives

    for name, value in (("--rotate", rotate), ("--stream", stream)):
        if value is not None and gives(manifest) == "samples":
            raise UserError(f"{name} {value}: bundle {manifest.name!r} takes samples, not films; leave it out")
    if rotate not in (None, 0, 90, 180, 270):
        raise UserError(f"--rotate {rotate}: give 90, 180 or 270")
    return FilmOptions(rate, rotate, stream)


def _drawing(manifest: Manifest, files: Sequence[Path], draw: Path | None, private: bool) -> Drawing | None:
    """Return where to draw; raises `UserError` where nothing can be drawn, or not there."""
    from featherfall.core.errors import UserError

    if draw is None:
        return None
    if manifest.kind not in _DRAWN_KINDS:
        raise UserError(f"--draw {draw}: bundle {manifest.name!r} does not follow people in films; leave it out or give a camera's bundle")
    drawing = Drawing(draw, private, images=manifest.kind == "detector")
    drawing.check(files)
    return drawing
