"""`featherfall predict` with a bundle that classifies windows: CSVs, films of pixels, and single pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featherfall.cli.file_results import FileResult, align_columns, verdict_lines
from featherfall.core.text import clock_time

if TYPE_CHECKING:
    from featherfall.core.manifest import Manifest
    from featherfall.runtime import Bundle, Prediction
    from featherfall.runtime.sources.film import FilmOptions


_SHOWN = 100  # rows of a table; a week has hundreds of falls only where something is wrong


def csv_options(manifest: Manifest, units: Sequence[str], columns: Sequence[str], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the source of samples; empty for a bundle of films. Options that were not given are left to the source.

    Arguments:
        units, columns: "INPUT=VALUE", as on the command line.
        others: of the source, by name; None where not given.
    Raises: `UserError` for an option in another form.
    """
    from featherfall.runtime.sources.source import gives

    if gives(manifest) != "samples":
        return {}
    names = [one.name for one in manifest.inputs]
    given: dict[str, Any] = {
        "units": _by_input("--unit", units, names),
        "columns": {name: _split(value) for name, value in _by_input("--columns", columns, names).items()},
    }
    return {name: value for name, value in {**given, **others}.items() if value not in (None, {})}


def film_options(options: FilmOptions) -> dict[str, Any]:
    """Return the options of the source of films; those that were not given are left to the source."""
    return {name: value for name, value in vars(options).items() if value is not None}


def predict_file(bundle: Bundle, file: Path, options: Mapping[str, Any]) -> FileResult:
    """Predict one file; raises `UserError` where it cannot be read."""
    prediction = bundle.predict(file, **options)
    lines = prediction_lines(file, bundle.manifest, prediction)
    return FileResult(prediction.facts(), lines, judged=prediction.verdict.judged, recognised=prediction.recognised)


def _by_input(option: str, stated: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Parse ["accelerometer=g"] to {"accelerometer": "g"}; the name may be left out where the bundle has one input."""
    from featherfall.core.errors import UserError

    values = {}
    for text in stated:
        name, equals, value = text.partition("=")
        if not equals and len(names) == 1:
            name, value = names[0], text
        if not name or not value:
            raise UserError(f"{option} {text}: expected INPUT=VALUE, with INPUT one of: {', '.join(names)}")
        values[name] = value
    return values


def _split(columns: str) -> list[str]:
    return [column.strip() for column in columns.split(",")]


def prediction_lines(file: Path, manifest: Manifest, prediction: Prediction) -> list[str]:
    """Return the lines that show one file's result; a single picture has no times."""
    from featherfall.signals.picture_file import is_image_file

    lines = [str(file), *verdict_lines(prediction.verdict)]
    if is_image_file(file) and len(prediction.probabilities) == 1:
        named = sorted(zip(prediction.probabilities[0].tolist(), prediction.labels, strict=True), reverse=True)
        shown = [f"  classes  {', '.join(f'{name} {share:.3f}' for share, name in named)}"] if prediction.usable.all() else []
        return [*lines, *shown]
    skipped = f", {prediction.skipped} not judged" if prediction.skipped else ""
    lines.append(f"  windows  {len(prediction.usable) - prediction.skipped} judged{skipped}")
    if manifest.task == "activity":
        stretches = [
            (clock_time(one.start_s), clock_time(one.end_s), one.label or "(skipped)", f"{one.confidence:.3f}" if one.label else "")
            for one in prediction.stretches()
        ]
        lines += _shortened([("from", "to", "label", "confidence"), *stretches])
    if manifest.positive is not None:
        lines.append(f"  events   {len(prediction.events) or 'none'}")
        rows = [(clock_time(e.start_s), clock_time(e.peak_s), clock_time(e.raised_s), f"{e.confidence:.3f}") for e in prediction.events]
        lines += _shortened([("start", "peak", "raised", "confidence"), *rows])
    return lines


def _shortened(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return a table with its heading and at most `_SHOWN` rows."""
    more = len(rows) - 1 - _SHOWN
    return align_columns(rows[: _SHOWN + 1]) + ([f"  ... and {more} more; --json prints all"] if more > 0 else [])
