"""Windows from a user's hands, checked before a model sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest


def check_windows(manifest: Manifest, windows: np.ndarray | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the windows by input's name; raises `UserError` for a wrong shape or dtype, and for NaN where the sensor gives numbers."""
    inputs = manifest.inputs
    if not isinstance(windows, Mapping):
        windows = _apart(manifest, windows)
    missing = [one.name for one in inputs if one.name not in windows]
    if missing:
        raise UserError(f"windows: no {', '.join(missing)}; bundle {manifest.name!r} takes {', '.join(one.name for one in inputs)}")
    checked = {one.name: _check(manifest, one, windows[one.name]) for one in inputs}
    counts = {name: len(values) for name, values in checked.items()}
    if len(set(counts.values())) > 1:
        raise UserError(f"windows: {', '.join(f'{count} of {name}' for name, count in counts.items())}; give the same number of each")
    return checked


def _apart(manifest: Manifest, windows: Any) -> dict[str, np.ndarray]:
    """One array's channels, divided among the inputs."""
    if len(manifest.inputs) == 1:
        return {manifest.inputs[0].name: windows}
    channels = [len(one.channels) for one in manifest.inputs]
    if any(one.is_film for one in manifest.inputs) or np.ndim(windows) != 3 or np.shape(windows)[2] != sum(channels):
        names = ", ".join(one.name for one in manifest.inputs)
        raise UserError(f"windows: shape {np.shape(windows)}; give a dictionary with the keys {names}")
    parts = np.split(np.asarray(windows), np.cumsum(channels)[:-1], axis=2)
    return {one.name: part for one, part in zip(manifest.inputs, parts, strict=True)}


def _check(manifest: Manifest, need: Input, values: Any) -> np.ndarray:
    array = np.asarray(values)
    shape = (need.frames, need.size, need.size, 3) if need.is_film else (manifest.window.length, len(need.channels))
    if array.shape[1:] != shape or array.ndim != len(shape) + 1:
        wanted = ", ".join(map(str, ("windows", *shape)))
        what = f"channels {', '.join(need.channels)} in {need.unit}" if not need.is_film else "RGB pictures"
        raise UserError(f"windows: {need.name!r} has shape {array.shape}; give ({wanted}): {what}")
    if need.is_film:
        if array.dtype != np.uint8:
            raise UserError(f"windows: {need.name!r} has dtype {array.dtype}; give uint8 RGB, 0 to 255")
        return array
    if array.dtype.kind not in "iuf":
        raise UserError(f"windows: {need.name!r} has dtype {array.dtype}; give floats")
    bad = np.argwhere(~np.isfinite(array)) if manifest.kind == "window" and need.unit != "m" else np.zeros((0, 3))
    if len(bad):
        window, sample, channel = map(int, bad[0])
        raise UserError(
            f"windows: {need.name!r} {need.channels[channel]} is {array[window, sample, channel]:g} in window {window}, sample {sample}; "
            "leave the window out or fill it"
        )
    return array.astype(np.float32)
