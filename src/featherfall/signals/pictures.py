"""Choose the frames of a film that windows need; each chosen frame is decoded and kept once, whatever windows share it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream, Video
from featherfall.signals.frames import RecordingWindows
from featherfall.signals.video import is_image, probe, read_frames

_SEEK_MARGIN = 5.0  # s; frames of an undamaged film are never further apart
MAX_LOST = 0.5  # s; a damaged film is refused where a wanted time is further from every good frame
_IMAGE_DURATION = 1.0  # s; nominal duration of a still image, so that it can be cut like a film


def film_clock(video: Video) -> Stream:
    """Return a film's first and last time as an empty stream, so that windows can be cut by a film's time.

    A still lasts one second and is not opened.
    Raises: `UserError` where the film cannot be read or has one frame only.
    """
    if is_image(video):
        return Stream(
            video.start + np.array([0.0, _IMAGE_DURATION]), np.zeros((2, 1), np.float32), "1", 1 / _IMAGE_DURATION, clock=video.clock
        )
    facts = probe(video)
    if facts.frames < 2 or facts.duration <= 0:
        raise UserError(f"{video.path}: {facts.frames} frame(s), at least 2 are needed; leave the film out")
    start = video.start if video.times is None else float(video.times[0])
    last = facts.duration * (1 - 1 / facts.frames)  # `duration` counts the last frame's own time, too
    return Stream(np.array([start, start + last]), np.zeros((2, 1), np.float32), "1", facts.rate or 1.0, clock=video.clock)


def frame_times(video: Video, cut: RecordingWindows, reference: Stream, count: int) -> np.ndarray:
    """Return times (K, count) in s on the film's clock: the middles of `count` equal parts of each window.

    Where film or reference has its own clock, the film is read at the same relative position (as `signals.frames.frames` does).
    """
    wanted = cut.start_s[:, None] + (np.arange(count) + 0.5) * (cut.seconds / count)
    if "own" in (video.clock, reference.clock):
        film = film_clock(video)
        wanted = film.times[0] + (wanted - reference.times[0]) * (film.duration / reference.duration)
    return np.asarray(wanted)


def choose_pictures(
    video: Video, wanted: np.ndarray, size: int, keep: Callable[[np.ndarray], None], between: tuple[float, float] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Choose the film's nearest frame to each wanted time; the film is decoded once, in order, with one frame in memory.

    Arguments:
        wanted: (K, F) s on the recording's clock. Before the first and after the last frame, these are taken.
        size: side of the square that pictures are stretched to, pixels.
        keep: receives each chosen picture once, (size, size, 3) uint8 RGB, in order of time.
        between: only frames of this stretch, s of the recording; None for the whole film.
    Returns: (K, F) int64, which of the kept pictures (from 0) shows each moment; and a line for whatever of the film is damaged.
    Raises: `UserError` where nothing can be read, or a damaged film lacks frames within .5 s of a wanted moment.
    """
    order = np.argsort(wanted, axis=None, kind="stable")
    times = wanted.ravel()[order]
    chosen = np.empty(len(times), dtype=np.int64)
    kept, at, gap = 0, 0, 0.0
    problems: list[str] = []
    before = None
    for frame in read_frames(video, (size, size), between=between, problems=problems):
        if before is not None:
            upto = int(np.searchsorted(times, (before.time + frame.time) / 2, side="right"))
            if upto > at:
                gap = max(gap, float(np.abs(times[at:upto] - before.time).max()))
                chosen[at:upto], at, kept = kept, upto, kept + 1
                keep(before.image)
        before = frame
    if before is None:  # for a whole film, read_frames raises
        raise UserError(f"{video.path}: no frames from {times[0]:.1f} to {times[-1]:.1f} s; copy it again")
    if at < len(times):
        gap = max(gap, float(np.abs(times[at:] - before.time).max()))
        chosen[at:] = kept
        keep(before.image)
    if problems and gap > MAX_LOST:
        raise UserError(f"{problems[0]}; {gap:.1f} s of what is needed are lost")
    out = np.empty(len(times), dtype=np.int64)
    out[order] = chosen
    return out.reshape(wanted.shape), problems


def read_pictures(video: Video, wanted: np.ndarray, size: int, stretch: bool = False) -> np.ndarray:
    """Return the film's nearest frame to each of (K, F) times, as `choose_pictures`: (K, F, size, size, 3) uint8 RGB.

    stretch: read the part of the film around these moments, instead of all of it.
    """
    if not len(wanted):
        return np.zeros((0, wanted.shape[1], size, size, 3), np.uint8)
    pictures: list[np.ndarray] = []
    between = (float(wanted.min()) - _SEEK_MARGIN, float(wanted.max()) + _SEEK_MARGIN) if stretch else None
    index, _ = choose_pictures(video, wanted, size, pictures.append, between)
    return np.asarray(np.stack(pictures)[index])
