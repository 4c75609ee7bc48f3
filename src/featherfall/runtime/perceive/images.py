"""Run a model of single pictures on a film, picture by picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Video
from featherfall.runtime.perceive.blank import is_blank
from featherfall.signals.frames import WindowTimes
from featherfall.signals.pictures import MAX_LOST
from featherfall.signals.video import is_image, probe, read_frames

PICTURE_BUNDLE = "picture"  # an embedded bundle that takes single pictures
PICTURE_RATE = 5.0  # pictures of a film that are classified a second, Hz
PICTURE_BATCH = 16  # pictures in memory


def refuse_image(manifest: Manifest, video: Video) -> None:
    """Raise `UserError` for a single picture where the bundle needs a film."""
    if is_image(video) and manifest.window.kind != "trial":
        least = f"{manifest.window.seconds:g} s or more"
        way = f"featherfall predict {PICTURE_BUNDLE} {video.path.name}"
        raise UserError(
            f"{video.path}: a still picture, but bundle {manifest.name!r} needs a film of {least}; give a film, or judge it: {way}"
        )


def predict_pictures(video: Video, size: int, run: Callable[[np.ndarray], np.ndarray]) -> tuple[WindowTimes, np.ndarray]:
    """Run a model on a film's pictures, `PICTURE_RATE` a second, each for itself.

    Arguments:
        size: side of the square that pictures are stretched to, pixels.
        run: (K, 1, size, size, 3) uint8 RGB -> (K, classes) probabilities.
    Returns: K windows of no duration, one a picture, and their (K, classes) float32 probabilities.
    Raises: `UserError` as `read_frames`, and for a film whose end is lost.
    """
    times: list[float] = []
    shown: list[float] = []
    probabilities: list[np.ndarray] = []
    batch: list[np.ndarray] = []
    problems: list[str] = []
    for frame in read_frames(video, (size, size), rate=PICTURE_RATE, problems=problems):
        times.append(frame.time)
        shown.append(float(not is_blank(frame.image)))
        batch.append(frame.image)
        if len(batch) == PICTURE_BATCH:
            probabilities.append(run(np.stack(batch)[:, None]))
            batch.clear()
    if batch:
        probabilities.append(run(np.stack(batch)[:, None]))
    at = np.array(times)
    if problems and at[-1] - at[0] + MAX_LOST + 1 / PICTURE_RATE < probe(video).duration:
        raise UserError(problems[0])
    return WindowTimes(at, at, at, np.array(shown), 1 / PICTURE_RATE), np.concatenate(probabilities)
