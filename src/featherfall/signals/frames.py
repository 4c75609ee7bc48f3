"""Align, resample and cut recordings into windows; training, evaluation and live use share this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.core.window import Window
from featherfall.signals.resample import even_grid, resample
from featherfall.signals.triggers import find_peaks
from featherfall.signals.windows import sliding_starts, take_windows


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

    def select(self, keep: np.ndarray) -> RecordingWindows:
        """Return the windows at the indices, or where the (K,) bool is true."""
        inputs = {name: values[keep] for name, values in self.inputs.items()}
        return RecordingWindows(inputs, self.valid[keep], self.start_s[keep], self.end_s[keep], self.centre_s[keep], self.seconds)


def cut_recording(streams: Mapping[str, Stream], window: Window, reference: str) -> RecordingWindows:
    """Align and resample streams and cut them into windows.

    The grid spans the reference stream. Streams on the shared clock are read at the grid's times; where the stream or the reference
    has its own clock, it is read at the same relative position (its start and end stand on the reference's start and end).

    Arguments:
        streams: by input name; each at least two samples.
        reference: the name of the input whose time is kept; for kind "impact" an accelerometer in g.
    Raises: `UserError` when a stream is too short.
    """
    for name, stream in streams.items():
        if len(stream.times) < 2:
            raise UserError(f"stream {name!r} has {len(stream.times)} sample(s); at least 2 are needed")
    base = streams[reference]
    start, stop = float(base.times[0]), float(base.times[-1])
    grid = np.linspace(start, stop, window.length) if window.kind == "trial" else even_grid(start, stop, window.rate)

    signals: dict[str, np.ndarray] = {}
    valid = np.ones(len(grid), dtype=bool)
    for name, stream in streams.items():
        times = grid
        if "own" in (stream.clock, base.clock) and name != reference:
            times = stream.times[0] + (grid - start) * (stream.duration / base.duration)
        signals[name], good = resample(stream.times, stream.values, times)
        valid &= good

    if window.kind == "trial":
        starts, centres = np.zeros(1, dtype=np.int64), np.full(1, window.length // 2)
    elif window.kind == "sliding":
        starts = sliding_starts(len(grid), window.length, window.stride)
        centres = starts + window.length // 2
    else:
        centres = find_peaks(np.linalg.norm(signals[reference], axis=1), window.threshold_g, window.spacing)
        starts = centres - window.before

    step = float(grid[1] - grid[0])
    last = starts + window.length - 1
    if window.kind == "impact":
        last = np.maximum(last, centres + window.spacing)
    inside = np.pad(valid, window.length)  # False beyond the ends
    return RecordingWindows(
        inputs={name: take_windows(values, starts, window.length) for name, values in signals.items()},
        valid=take_windows(inside, starts + window.length, window.length),
        start_s=start + starts * step,
        end_s=start + last * step,
        centre_s=start + centres * step,
        seconds=window.length * step,
    )
