"""A recording as Gramian angular fields, to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording
from featherfall.signals.gaf import Method, gaf, with_magnitude
from featherfall.signals.resample import even_grid, resample
from featherfall.signals.spool import stretches
from featherfall.signals.windows import sliding_starts, take_windows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_CHANNELS = 9
_MAX_ROWS = 12  # windows on a sheet
_PAUSE = 60.0  # s; across longer pauses no picture is drawn
_COLOUR_MAP = "RdBu_r"  # -1 blue, 0 white, 1 red
_AXIS_COLOURS = ("#d6604d", "#4d9a4d", "#4376b5", "#555555")


@dataclass(frozen=True, eq=False)
class StreamWindow:
    """A stretch of a recording and its images.

    Attributes:
        times: (N,) seconds.
        values: (C, N) in the stream's unit; the last channel is the magnitude.
        images: (C, size, size) float32.
        fall: seconds of the fall's impact, where it lies within.
    """

    times: np.ndarray
    values: np.ndarray
    images: np.ndarray
    fall: float | None


def draw(
    recording: Recording,
    stream: str,
    out: Path,
    size: int = 150,
    method: Method = "summation",
    limit: float | None = None,
    seconds: float | None = None,
) -> list[Path]:
    """Write PNGs of one stream: every channel and the magnitude in colours, three axes as one RGB image, and a contact sheet.

    Arguments:
        size, method: as in `featherfall.gaf`.
        limit: -limit and limit, in the stream's unit, become -1 and 1. Default: each series' own range.
        seconds: length of windows, one after the other; the last one ends with the recording. Default: all of it as one.
    Returns: the files, the sheet last. Raises: `UserError`.
    """
    if limit is not None and not limit > 0:
        raise UserError(f"gaf: limit {limit} is not above 0; give the largest value that matters, for example 8")
    windows, names = cut_windows(recording, stream, size, method, None if limit is None else (-limit, limit), seconds)
    out.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", f"{recording.id}-{stream}")
    files = []
    for k, window in enumerate(windows):
        numbered = f"{stem}-{k + 1}" if len(windows) > 1 else stem
        if len(names) == 4:  # three axes and their magnitude
            files.append(_save(out / f"{numbered}-rgb.png", rgb(window.images[:3])))
        files += [_save(out / f"{numbered}-{name}.png", coloured(image)) for name, image in zip(names, window.images, strict=True)]
    form = "GASF" if method == "summation" else "GADF"
    scale = f"scaled by ±{limit:g} {recording.streams[stream].unit}" if limit is not None else "each series scaled by its own range"
    sheet = draw_gaf_sheet(
        windows, names, f"{recording.activity} ({recording.id}), {stream}: {form}, {scale}", recording.streams[stream].unit
    )
    sheet.savefig(out / f"{stem}-sheet.png", dpi=100)
    return [*files, out / f"{stem}-sheet.png"]


def cut_windows(
    recording: Recording, stream: str, size: int, method: Method, range: tuple[float, float] | None, seconds: float | None
) -> tuple[list[StreamWindow], list[str]]:
    """Return the windows of a stream at its nominal rate, and the names of their channels."""
    if stream not in recording.streams:
        raise UserError(f"recording {recording.id} has no stream {stream!r}; it has {', '.join(recording.streams)}")
    worn = recording.streams[stream]
    count = worn.values.shape[1]
    if count > _MAX_CHANNELS:
        raise UserError(
            f"stream {stream!r} has {count} channels; images are drawn of at most {_MAX_CHANNELS}, for example an accelerometer's"
        )
    if len(worn.times) < 2:
        raise UserError(f"recording {recording.id}, stream {stream!r}: {len(worn.times)} sample(s); at least 2 are needed")
    if seconds is not None and not seconds * worn.rate >= 2:
        raise UserError(f"gaf: {seconds} s at {worn.rate:g} Hz is under 2 samples; give longer windows")
    impact = recording.fall.impact if recording.fall else None
    windows = []
    for start, stop in _between_pauses(worn.times, seconds):
        grid = even_grid(start, stop, worn.rate)
        values, _ = resample(worn.times, worn.values, grid)
        length = len(grid) if seconds is None else min(round(seconds * worn.rate), len(grid))
        starts = sliding_starts(len(grid), length, length)
        series = with_magnitude(take_windows(values, starts, length).swapaxes(1, 2))
        images = gaf(series, size, method, range=range)
        for k, first in enumerate(starts):
            times = grid[first : first + length]
            fall = impact if impact is not None and times[0] <= impact <= times[-1] else None
            windows.append(StreamWindow(times, series[k], images[k], fall))
    names = list(worn.channels) if len(worn.channels) == count else [f"channel{i + 1}" for i in np.arange(count)]
    return windows, [*names, "magnitude"]


def _between_pauses(times: np.ndarray, seconds: float | None) -> list[tuple[float, float]]:
    """Return first and last time of the stretches without long pauses that hold a window of `seconds`, or of the longest one."""
    found = list(stretches(times, max(seconds or 0.0, _PAUSE)))
    longest = max(found, key=lambda one: one[1] - one[0], default=(float(times[0]), float(times[-1])))
    return [one for one in found if one == longest or (seconds is not None and one[1] - one[0] >= seconds)] or [longest]


def rgb(images: np.ndarray) -> np.ndarray:
    """Return three axes as one image, (3, S, S) in [-1, 1] -> (S, S, 3) uint8: x, y, z become red, green, blue; -1 is dark."""
    pixels: np.ndarray = np.rint(127.5 * (np.clip(images, -1, 1).transpose(1, 2, 0) + 1)).astype(np.uint8)
    return pixels


def coloured(image: np.ndarray) -> np.ndarray:
    """Return an image in colours, (S, S) in [-1, 1] -> (S, S, 3) uint8: -1 blue, 0 white, 1 red."""
    from matplotlib import colormaps

    pixels: np.ndarray = colormaps[_COLOUR_MAP]((np.clip(image, -1, 1) + 1) / 2, bytes=True)[..., :3]
    return pixels


def draw_gaf_sheet(windows: Sequence[StreamWindow], names: Sequence[str], title: str, unit: str) -> Figure:
    """Draw one row a window (at most 12): the signal, the RGB image of three axes, and each channel's image."""
    from matplotlib.figure import Figure

    windows = windows[:_MAX_ROWS]
    axial = len(names) == 4
    colours = _AXIS_COLOURS if axial else [f"C{i}" for i in np.arange(len(names))]
    columns = 1 + axial + len(names)
    figure = Figure(figsize=(2.9 + 1.75 * (columns - 1), 0.75 + 1.85 * len(windows)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    grid = figure.subplots(len(windows), columns, squeeze=False, width_ratios=[1.6, *[1.0] * (columns - 1)])
    signals = np.nan_to_num(np.stack([window.values for window in windows]))
    low, high = signals.min(), signals.max()
    for row, window in zip(grid, windows, strict=True):
        for series, colour in zip(window.values, colours, strict=True):
            row[0].plot(window.times, series, color=colour, linewidth=0.8)
        if window.fall is not None:
            row[0].axvline(window.fall, color="black", linestyle=":", linewidth=1)
        row[0].set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        row[0].set_xlim(window.times[0], window.times[-1])
        row[0].tick_params(labelsize=7)
        row[0].spines[["top", "right"]].set_visible(False)
        pictures = ([rgb(window.images[:3])] if axial else []) + [coloured(image) for image in window.images]
        for axes, picture in zip(row[1:], pictures, strict=True):
            axes.imshow(picture, interpolation="nearest")
            axes.set_axis_off()
    headings = [f"signal ({unit})", *(["x, y, z as RGB"] if axial else []), *names]
    for axes, heading, colour in zip(grid[0], headings, [*["black"] * (1 + axial), *colours], strict=True):
        axes.set_title(heading, fontsize=9, color=colour)  # a channel's heading has the colour of its line
    shows_fall = any(window.fall is not None for window in windows)
    grid[-1][0].set_xlabel("seconds; dotted: the fall's impact" if shows_fall else "seconds", fontsize=8)
    return figure


def _save(path: Path, pixels: np.ndarray) -> Path:
    from matplotlib.image import imsave

    imsave(path, pixels)
    return path
