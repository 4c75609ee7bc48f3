"""From raw columns of a file to a checked Stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.ground.errors import UserError
from featherfall.ground.recording import FallTimes, Recording, Stream
from featherfall.ground.units import check_gravity, to_inside

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
) -> Stream:
    """A Stream in inside units.

    Arguments:
        path: named in messages.
        values: (N, C) in `unit`, as the file has them.
        times: (N,) seconds; evenly spaced at `rate` from 0 when the file has no usable stamps.
    Raises: `UserError` for fewer than 2 samples, or an accelerometer whose gravity contradicts its unit.
    """
    if len(values) < 2:
        raise UserError(f"{path}: {len(values)} sample(s), at least 2 are needed; leave the recording out")
    inside, name = to_inside(values, unit)
    if name == "g" and inside.shape[1] == 3:
        check_gravity(inside, str(path), unit)
    if times is None:
        times = np.arange(len(values)) / rate
    return Stream(times, inside, name, rate, placement, channels, clock)


def make_recording(source: Source, streams: dict[str, Stream]) -> Recording:
    """The Recording of a source; a fall whose times nobody noted has empty `FallTimes`."""
    fall = (source.fall_times or FallTimes()) if source.fall else None
    return Recording(source.dataset, source.subject, source.activity, source.trial, streams, fall, source.traits)
