"""From raw columns of a file to a checked Stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream, Video
from featherfall.core.tables import read_text
from featherfall.core.units import quantity, to_internal
from featherfall.signals.quality.check import CheckWords, check_samples

from .dataset import Source

XYZ = ("x", "y", "z")


def make_stream(
    path: Path,
    values: np.ndarray,
    unit: str,
    rate: float,
    *,
    times: np.ndarray | None = None,
    placement: str = "",
    channels: tuple[str, ...] = XYZ,
    clock: str = "shared",
    sensor: str = "",
) -> Stream:
    """Return a Stream in inside units.

    Arguments:
        path: named in messages.
        values: (N, C) in `unit`, as the file has them.
        times: (N,) seconds; evenly spaced at `rate` from 0 when the file has no usable stamps.
        sensor: for notes; "accelerometer" or "gyroscope" by default.
    Raises: `UserError` for fewer than 2 samples, or an accelerometer whose gravity contradicts its unit.
    """
    if len(values) < 2:
        raise UserError(f"{path}: {len(values)} sample(s), at least 2 are needed; leave the recording out")
    if times is None:
        times = np.arange(len(values)) / rate
    sensor = sensor or ("gyroscope" if quantity(unit) == "angular velocity" else "accelerometer")
    times, values, notes = check_samples(times, values, unit, CheckWords(str(path), sensor, "sample"), channels)
    inside, name = to_internal(values, unit)
    return Stream(times, inside, name, rate, placement, channels, clock, notes)


def make_recording(source: Source, streams: dict[str, Stream], videos: Mapping[str, Video] | None = None) -> Recording:
    """Return the Recording of a source; a fall whose times nobody noted has empty `FallTimes`."""
    fall = (source.fall_times or FallTimes()) if source.fall else None
    return Recording(source.dataset, source.subject, source.activity, source.trial, streams, fall, source.traits, videos or {})


def read_clock(path: Path, layout: str = "") -> np.ndarray:
    """Date and time in the first column of a comma-separated file without a header row.

    Arguments:
        layout: a pattern of `datetime.strptime`; "" for ISO times.
    Returns: (N,) float64, seconds since 1970 as if the times were UTC.
    Raises: `UserError` that names the row.
    """
    return clock_of(path, [line.split(",", 1)[0] for line in read_text(path).rstrip().splitlines()], layout)


def clock_of(path: Path, texts: Sequence[str], layout: str = "", first_row: int = 1) -> np.ndarray:
    """As `read_clock`, from the cells themselves; `first_row` is the row of the first, for messages."""
    seconds = np.empty(len(texts))
    for row, text in enumerate(texts):
        try:
            moment = datetime.strptime(text.strip(), layout) if layout else datetime.fromisoformat(text.strip())
        except ValueError:
            example = datetime(2018, 7, 4, 12, 5, 19, 608268)
            shown = example.strftime(layout) if layout else example.isoformat()
            raise UserError(f"{path}: row {row + first_row}: {text[:40]!r} is not a date and time like {shown}") from None
        seconds[row] = moment.replace(tzinfo=UTC).timestamp()
    return seconds


def strictly(times: np.ndarray) -> np.ndarray:
    """Non-decreasing stamps of a coarse clock, strictly increasing: samples with one stamp are spread evenly up to the next stamp.

    Those after the last step are spread over the median step.
    """
    values, counts = np.unique(times, return_counts=True)
    steps = np.diff(values)
    steps = np.append(steps, np.median(steps) if len(steps) else 1.0)
    place = np.arange(len(times)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(values, counts) + place * np.repeat(steps / counts, counts))


def images_in(folder: Path) -> tuple[Path, ...]:
    """Return the PNG files of one film in order of their names, wherever below `folder` they lie (archives tend to double a folder)."""
    return tuple(sorted(folder.rglob("*.png"), key=lambda path: path.name))
