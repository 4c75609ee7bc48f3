"""Read a file with one recorder, for the tests of all."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import featherfall.recorders.known
from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.capture import Capture, open_capture
from featherfall.recorders.recorder import Sensor, SensorFile, Series

GENERIC = {"table"}  # reads what no recorder knows
G = {"g": 1.0, "mg": 1e-3, "m/s2": 1 / STANDARD_GRAVITY}


def known() -> Iterator[str]:
    """Yield the names of the recorders that know a program or device."""
    for module in pkgutil.iter_modules(featherfall.recorders.known.__path__):
        importlib.import_module(f"{featherfall.recorders.known.__name__}.{module.name}")
    yield from (name for name in registry.known_names("recorder") if name not in GENERIC)


def answer(name: str, path: Path | Capture) -> SensorFile | UserError | None:
    """Return what a recorder says of a file: a refusal is an answer too."""
    try:
        return registry.find("recorder", name)(path if isinstance(path, Capture) else open_capture(path))  # type: ignore[no-any-return]
    except UserError as error:
        return error


def read(name: str, path: Path) -> SensorFile:
    """Return what a recorder has recognised."""
    found = answer(name, path)
    assert isinstance(found, SensorFile), found
    return found


def samples(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Return all times (N,) s and values (N, C)."""
    blocks = list(series.blocks())
    return np.concatenate([block.times for block in blocks]), np.concatenate([block.values for block in blocks])


def of(file: SensorFile, sensor: Sensor, placement: str | None = None) -> Series:
    """Return the only series of a kind, at a placement."""
    found = [one for one in file.series if one.sensor == sensor and placement in (None, one.placement)]
    assert len(found) == 1, [(one.sensor, one.placement) for one in file.series]
    return found[0]


def in_g(series: Series) -> np.ndarray:
    """Return the values (N, 3) of acceleration in g."""
    assert series.unit is not None
    return samples(series)[1] * (1 / (series.counts_per_g or np.nan) if series.unit == "count" else G[series.unit])


def total(file: SensorFile, placement: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return times and acceleration with gravity in g: measured, else the sum of its parts, row by row."""
    if any(one.sensor == "accelerometer" for one in file.series):
        series = of(file, "accelerometer", placement)
        return samples(series)[0], in_g(series)
    linear, gravity = of(file, "linear acceleration", placement), of(file, "gravity", placement)
    return samples(linear)[0], in_g(linear) + in_g(gravity)
