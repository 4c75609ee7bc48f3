"""Windows of keypoints: a person's last seconds of poses as the input of a camera's bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.skeletons import COCO_17
from featherfall.runtime.perceive.pose import Pose

INPUT = "keypoints"
AXES = ("x", "y", "score")
CHANNELS: tuple[str, ...] = tuple(f"{joint}.{axis}" for joint in COCO_17 for axis in AXES)


def check_camera(path: Path, manifest: Manifest) -> None:
    """Raise `UserError` unless a bundle is one for cameras: one input of `CHANNELS`, sliding windows, a class that raises events."""
    if manifest.kind != "keypoints" or len(manifest.inputs) != 1:
        takes = ", ".join(one.name for one in manifest.inputs)
        raise UserError(f"{path}: no bundle for cameras, it takes {takes}; give one that takes {INPUT!r}")
    if tuple(manifest.inputs[0].channels) != CHANNELS:
        raise UserError(f"{path}: its input {INPUT!r} is not x, y and score of the 17 joints of COCO; export it again")
    if manifest.window.kind != "sliding" or manifest.positive is None:
        raise UserError(f"{path}: a bundle for cameras needs sliding windows and a class that raises events; export it again")


def row(pose: Pose, height: int) -> np.ndarray:
    """Return (51,) float32, `CHANNELS`: joints in picture heights from the upper left corner (x right, y down), scores 0..1."""
    return np.concatenate([pose.joints / np.float32(height), pose.scores[:, None]], axis=1).astype(np.float32).ravel()


def window(times: Sequence[float] | np.ndarray, rows: np.ndarray, grid: np.ndarray, gap: float, hold: float) -> np.ndarray:
    """Resample the sightings of one person to an even grid.

    Between sightings no farther apart than `gap`, values are interpolated linearly. Before the first one it is held, as windows are padded
    at a recording's edge (`signals.frames`). Elsewhere, and more than `hold` after the last, there was no pose: x and y NaN, scores 0.

    Arguments:
        times: (N,) s, increasing, N >= 1.
        rows: (N, 51), see `row`.
        grid: (M,) s, increasing.
    Returns: (M, 51) float32.
    """
    times = np.asarray(times, dtype=np.float64)
    after = np.searchsorted(times, grid)  # the first sighting at or after each
    low, high = (after - 1).clip(0), after.clip(max=len(times) - 1)
    low = np.where(times[high] <= grid, high, low)  # exactly there, or after the last
    high = np.where(after == 0, 0, high)
    step = times[high] - times[low]
    share = np.divide(grid - times[low], step, out=np.zeros(len(grid)), where=step > 0)[:, None]
    out = (rows[low] * (1 - share) + rows[high] * share).astype(np.float32)
    none = (step > gap) | (grid > times[-1] + hold)
    out[none] = NOBODY
    return np.asarray(out)


NOBODY = np.tile(np.array([np.nan, np.nan, 0], dtype=np.float32), len(COCO_17))  # the row of a picture without a pose
