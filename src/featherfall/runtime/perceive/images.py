"""A model of single pictures: one picture at a time of a film, and what a model of films says to a still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Video
from featherfall.signals.frames import RecordingWindows
from featherfall.signals.picture_file import is_image_file
from featherfall.signals.pictures import MAX_LOST
from featherfall.signals.video import is_image, probe, read_frames

RATE = 5.0  # pictures a second that are judged of a film
BATCH = 16  # pictures in memory


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, by name; none for anything else. Each is a still: a folder may hold many that are no film."""
    return sorted(path for path in folder.iterdir() if is_image_file(path)) if folder.is_dir() else []


def refuse_image(manifest: Manifest, video: Video) -> None:
    """Raise `UserError` for a still where the bundle needs a film."""
    if is_image(video) and manifest.window.kind != "trial":
        least = f"{manifest.window.seconds:g} s or more"
        raise UserError(f"{video.path}: a still picture, where bundle {manifest.name!r} needs a film of {least}; give it a film")


def judge_pictures(video: Video, size: int, judge: Callable[[np.ndarray], np.ndarray]) -> tuple[RecordingWindows, np.ndarray]:
    """A film's pictures, `RATE` a second, each judged for itself.

    Arguments:
        size: side of the square that pictures are stretched to, pixels.
        judge: (K, 1, size, size, 3) uint8 RGB -> (K, classes) probabilities.
    Returns: K windows of no duration, one a picture, and their (K, classes) float32 probabilities.
    Raises: `UserError` as `read_frames`, and for a film whose end is lost.
    """
    times: list[float] = []
    said: list[np.ndarray] = []
    waiting: list[np.ndarray] = []
    problems: list[str] = []
    for frame in read_frames(video, (size, size), rate=RATE, problems=problems):
        times.append(frame.time)
        waiting.append(frame.image)
        if len(waiting) == BATCH:
            said.append(judge(np.stack(waiting)[:, None]))
            waiting.clear()
    if waiting:
        said.append(judge(np.stack(waiting)[:, None]))
    at = np.array(times)
    if problems and at[-1] - at[0] + MAX_LOST + 1 / RATE < probe(video).duration:
        raise UserError(problems[0])
    return RecordingWindows({}, np.ones((len(at), 1), bool), at, at, at, 1 / RATE), np.concatenate(said)
