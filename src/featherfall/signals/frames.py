"""Align, resample and cut recordings into windows; training, evaluation and live use share this function."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.core.window import Window
from featherfall.signals.resample import Resampler, grid_length
from featherfall.signals.rows import row_lengths
from featherfall.signals.spool import Spool, release, stretches
from featherfall.signals.triggers import find_peaks
from featherfall.signals.windows import sliding_starts, take_windows

BLOCK = 1 << 15  # points of the grid that are resampled together
_BYTES = 8 << 20  # of the windows that are cut together
# Of a recording with longer pauses than this, s, the longest stretch is the trial. A trial is a movement of seconds; the datasets' longest
# last minutes.
_PAUSE = 60.0
_MAX_TRIAL = 600.0  # s; resampling more to one window would take a filter of hours


@dataclass(frozen=True, eq=False)
class RecordingWindows:
    """The K windows of one recording, all inputs aligned.

    Attributes:
        inputs: (K, length, C) float32 by input name; an absent input is not a key.
        valid: (K, length) bool; False in gaps of any input and beyond the recording's ends.
        start_s: (K,) seconds of each window's first sample; may be negative where the edge is held.
        end_s: (K,) seconds at which a live device has the window: the time of its last sample or, for kind "impact", of the last sample
            that could have been a higher peak, if that is later.
        centre_s: (K,) the peak's time for kind "impact", the window's middle otherwise.
        seconds: duration of one window.
    """

    inputs: dict[str, np.ndarray]
    valid: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    centre_s: np.ndarray
    seconds: float

    def times(self) -> WindowTimes:
        """Return when the windows are."""
        return WindowTimes(self.start_s, self.end_s, self.centre_s, self.valid.sum(axis=1) / self.valid.shape[1], self.seconds)

    def select(self, keep: np.ndarray) -> RecordingWindows:
        """Return the windows at the indices, or where the (K,) bool is true."""
        inputs = {name: values[keep] for name, values in self.inputs.items()}
        return RecordingWindows(inputs, self.valid[keep], self.start_s[keep], self.end_s[keep], self.centre_s[keep], self.seconds)


@dataclass(frozen=True, eq=False)
class WindowTimes:
    """When the K windows of a recording are, without their samples.

    Attributes:
        start_s, end_s, centre_s, seconds: as of `RecordingWindows`.
        valid: (K,) float64 share of each window that is real signal, 0..1.
        covered: share of the recording that windows can be cut from, 0..1, see `covered_share`.
    """

    start_s: np.ndarray
    end_s: np.ndarray
    centre_s: np.ndarray
    valid: np.ndarray
    seconds: float
    covered: float = 1.0

    def select(self, keep: np.ndarray | slice) -> WindowTimes:
        """Return the windows at the indices, in the slice, or where the (K,) bool is true."""
        return WindowTimes(self.start_s[keep], self.end_s[keep], self.centre_s[keep], self.valid[keep], self.seconds, self.covered)


def join_times(parts: Sequence[WindowTimes]) -> WindowTimes:
    """Return the windows of one or more parts, one after the other."""
    start_s, end_s, centre_s, valid = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("start_s", "end_s", "centre_s", "valid")
    )
    return WindowTimes(start_s, end_s, centre_s, valid, parts[-1].seconds)


def join_windows(parts: Sequence[RecordingWindows]) -> RecordingWindows:
    """Return the windows of one or more parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    inputs = {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs}
    valid, start_s, end_s, centre_s = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("valid", "start_s", "end_s", "centre_s")
    )
    return RecordingWindows(inputs, valid, start_s, end_s, centre_s, parts[-1].seconds)


class TimesSpool:
    """Gathers the times of windows part by part: those of a week, every half second, are 40 MB."""

    _COLUMNS = ("start_s", "end_s", "centre_s", "valid")

    def __init__(self) -> None:
        self._columns = {name: Spool(np.float64) for name in self._COLUMNS}
        self._seconds = 0.0

    def add(self, part: WindowTimes) -> None:
        """Append windows."""
        for name, column in self._columns.items():
            column.add(getattr(part, name))
        self._seconds = part.seconds

    def joined(self) -> WindowTimes:
        """Return all windows; nothing can be added afterwards."""
        start_s, end_s, centre_s, valid = (column.array() for column in self._columns.values())
        return WindowTimes(start_s, end_s, centre_s, valid, self._seconds)


def covered_share(streams: Mapping[str, Stream], window: Window, reference: str) -> float:
    """Return the share of a recording that windows can be cut from, 0..1: all of it but the gaps that leave no window behind.

    An impact in any gap is lost, and a stretch shorter than what decides on a peak (`spacing_s` on both sides) cannot show one. Sliding
    windows show gaps shorter than themselves by `valid`; a trial is the longest stretch alone.
    A pause of unknown length, while the clock was set, counts as none.
    """
    shares = [1.0]
    for name, stream in streams.items():
        if len(stream.times) < 2 or (name != reference and window.kind != "impact"):
            continue
        short = max(4 * float(np.median(np.diff(stream.times[:1024]))), 0.25)  # as of `resample`
        gap = {"impact": short, "sliding": max(window.seconds, short), "trial": max(_PAUSE, short)}[window.kind]
        held, unknown, end = [], 0.0, float(stream.times[0])
        for start, stop in stretches(stream.times, gap):
            if window.kind != "impact" or stop - start >= 2 * window.spacing_s:
                held.append(stop - start)
            unknown += start - end if bisect(stream.begins, start) > bisect(stream.begins, end) else 0.0
            end = stop
        share = max(held, default=0.0) if window.kind == "trial" else sum(held)
        shares.append(share / (stream.duration - unknown) if held else 0.0)
    return min(shares)


def cut_recording(streams: Mapping[str, Stream], window: Window, reference: str) -> RecordingWindows:
    """Align and resample streams and cut them into windows.

    The grid spans the reference stream. Streams on the shared clock are read at the grid's times; where the stream or the reference
    has its own clock, it is read at the same relative position (its start and end stand on the reference's start and end).

    Where the reference pauses for longer than a window, the grid ends and begins anew: no window could hold the signal of both sides.
    A window of kind "trial" spans the longest stretch without a pause of a minute.

    Arguments:
        streams: by input name; each at least two samples.
        reference: the name of the input whose time is kept; for kind "impact" an accelerometer in g.
    Raises: `UserError` when a stream is too short, or a trial too long.
    """
    return join_windows(list(cut_parts(streams, window, reference)))


def cut_parts(streams: Mapping[str, Stream], window: Window, reference: str, block: int = BLOCK) -> Iterator[RecordingWindows]:
    """Yield the windows of `cut_recording` part by part, at least one part; memory does not grow with the recording's length.

    Arguments:
        block: points of the grid that are resampled together.
    """
    for name, stream in streams.items():
        if len(stream.times) < 2:
            raise UserError(f"stream {name!r} has {len(stream.times)} sample(s); at least 2 are needed")
    times = streams[reference].times
    start, stop = float(times[0]), float(times[-1])
    if window.kind == "trial":
        whole = _trial(times, window.length)
        yield _cut(_Aligned(streams, reference, whole.at(0, 2)), whole, window, 0, whole.count)
        return
    whole = _Grid(start, stop, 2, window.rate)
    aligned = _Aligned(streams, reference, whole.at(0, 2))
    empty = True
    for start, stop in stretches(times, max(window.seconds, aligned.gap)):
        grid = _Grid(start, stop, grid_length(start, stop, window.rate), window.rate)
        points = _points(window, aligned.channels, block)
        for first in range(0, grid.count, points):
            yield _cut(aligned, grid, window, first, min(first + points, grid.count))
            empty = False
    if empty:
        yield _cut(aligned, whole, window, 0, 0)


def cut_span(
    streams: Mapping[str, Stream], window: Window, reference: str, origin: float, span: tuple[int, int], count: int
) -> RecordingWindows:
    """Return windows of a stretch whose beginning need not be held any more: those that `cut_recording` cuts there of the whole.

    Arguments:
        streams: what is held, around the windows. window: not of kind "trial".
        origin: time of the stretch's first sample, where its grid begins, s.
        span: first and after the last point of the grid that is a window's first sample or, for kind "impact", its peak.
        count: points of the grid so far.
    """
    grid = _Grid(origin, origin, count, window.rate)
    return _cut(_Aligned(streams, reference, grid.at(0, 2)), grid, window, *span)


def _trial(times: np.ndarray, length: int) -> _Grid:
    """Return the grid of one window over the longest stretch without a long pause."""
    found = stretches(times, max(_PAUSE, 4 * float(np.median(np.diff(times[:1024])))))
    start, stop = max(found, key=lambda one: one[1] - one[0], default=(float(times[0]), float(times[-1])))
    if stop - start > _MAX_TRIAL and len(times) > length:
        raise UserError(
            f"the recording lasts {stop - start:.0f} s, but the model takes a whole recording as one movement; give one of at most "
            f"{_MAX_TRIAL:.0f} s, or a model of windows"
        )
    return _Grid(start, stop, length, None)


def _points(window: Window, channels: int, block: int) -> int:
    """Return how many points of the grid are resampled together: `block`, or fewer where their windows would need too much memory."""
    windows = max(1, _BYTES // (4 * window.length * channels))
    if window.kind == "sliding":
        return min(block, windows * window.stride)
    return max(min(block, windows * window.spacing), window.spacing)


@dataclass(frozen=True)
class _Grid:
    """Even times of a stretch of the reference: `count` points from `start`, 1 / `rate` apart; without a rate, up to `stop`."""

    start: float
    stop: float
    count: int
    rate: float | None

    def at(self, first: int, after: int) -> np.ndarray:
        """Return the times of the points from `first`, before `after`."""
        if self.rate is None:
            return np.linspace(self.start, self.stop, self.count)[first:after]
        return self.start + np.arange(first, after) / self.rate


class _Aligned:
    """The streams of a recording, read at the times of a grid of the reference."""

    def __init__(self, streams: Mapping[str, Stream], reference: str, grid: np.ndarray) -> None:
        self._streams, self._base, self.reference = streams, streams[reference], reference
        self.step = float(grid[1] - grid[0])
        self._resamplers = {}
        for name, stream in streams.items():
            first, second = self._times(name, grid[:2])
            self._resamplers[name] = Resampler(stream.times, stream.values, float(second - first))
        self.gap = self._resamplers[reference].gap
        self.channels = sum(stream.values.shape[1] for stream in streams.values())

    def at(self, grid: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return (n, C) float32 by input, and (n,) bool whether all of them are real signal."""
        signals, valid = {}, np.ones(len(grid), dtype=bool)
        for name, stream in self._streams.items():
            signals[name], good = self._resamplers[name].at(self._times(name, grid))
            valid &= good
            release(stream.times, stream.values)
        return signals, valid

    def _times(self, name: str, grid: np.ndarray) -> np.ndarray:
        """Return the grid's times on a stream's clock."""
        stream, base = self._streams[name], self._base
        if name == self.reference or "own" not in (stream.clock, base.clock):
            return grid
        return np.asarray(stream.times[0] + (grid - base.times[0]) * (stream.duration / base.duration))


def _cut(aligned: _Aligned, grid: _Grid, window: Window, first: int, after: int) -> RecordingWindows:
    """Return the windows whose first sample or, for kind "impact", whose peak is one of the points from `first`, before `after`."""
    impact = window.kind == "impact"
    before = max(window.before, window.spacing) if impact else 0
    behind = max(window.length - window.before, window.spacing + 1) if impact else window.length
    low, high = max(first - before, 0), min(after + behind, grid.count)
    if window.kind == "trial":
        low, high = 0, grid.count
    signals, valid = aligned.at(grid.at(low, high))
    if window.kind == "trial":
        starts, centres = np.zeros(1, dtype=np.int64), np.full(1, window.length // 2)
    elif window.kind == "sliding":
        starts = sliding_starts(grid.count, window.length, window.stride, first, after)
        centres = starts + window.length // 2
    else:
        peaks = low + find_peaks(row_lengths(signals[aligned.reference]), window.threshold_g, window.spacing)
        centres = peaks[(peaks >= first) & (peaks < after)]
        starts = centres - window.before
    last = starts + window.length - 1
    if window.kind == "impact":
        last = np.maximum(last, centres + window.spacing)
    inside = np.zeros(len(valid) + 2 * window.length, dtype=bool)  # False beyond the ends
    inside[window.length : window.length + len(valid)] = valid
    return RecordingWindows(
        inputs={name: take_windows(values, starts - low, window.length) for name, values in signals.items()},
        valid=take_windows(inside, starts - low + window.length, window.length),
        start_s=grid.start + starts * aligned.step,
        end_s=grid.start + last * aligned.step,
        centre_s=grid.start + centres * aligned.step,
        seconds=window.length * aligned.step,
    )
