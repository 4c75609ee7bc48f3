"""Read frames with true times from any film, folder of images or single image, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Video

from .picture_steps import picture_step
from .video_file import film_facts, read_film_frames, stream_notes
from .video_pictures import picture_facts, read_picture_frames
from .video_shape import MAX_PIXELS, Fit, FrameScaler
from .video_shots import Damage, PendingFrame, VideoFacts

__all__ = ["Fit", "Frame", "VideoFacts", "is_image", "probe", "read_frames", "reading_notes"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    Attributes:
        time: when it was taken, s on the recording's clock.
        image: (H, W, 3) uint8 RGB, or (H, W) uint8 when gray was asked for.
    """

    time: float
    image: np.ndarray


def read_frames(
    video: Video,
    size: tuple[int, int] | None = None,
    *,
    rate: float | None = None,
    between: tuple[float, float] | None = None,
    fit: Fit = "stretch",
    gray: bool = False,
    problems: list[str] | None = None,
    lost: list[tuple[float, float]] | None = None,
) -> Iterator[Frame]:
    """Yield frames in order of time, strictly increasing; only one or two of them are in memory.

    A film that is turned or mirrored by its metadata comes upright, and is then turned by `video.rotate`. `video.crop` is cut before the
    picture is scaled (area averaging).
    Times are the file's presentation stamps from the first frame on, unless `video.rate` or `video.times` says otherwise. One
    thread decodes one film, so that damaged ones give the same frames every time: read several films at once to use more cores.

    Arguments:
        size: (width, height) of the images; None keeps the film's.
        rate: frames a second to choose, Hz: one for each step of 1 / rate, by `picture_steps`; None takes all. A film that is slower gives
            every frame that it has.
        between: (from, to) in seconds of the recording, `to` not included; gives exactly those of the frames otherwise given. Seeks, unless
            times are counted by frames (`video.rate`, `video.times`), which decodes from the start.
        fit: "stretch" fills `size`; "inside" keeps the shape and gives less than `size` in one direction; "letterbox" keeps it and adds
            black bars (`featherfall.signals.video_shape.placement` says where the picture is).
        problems: one line is added for what of the file is lost; None raises it as `UserError` after the last good frame.
        lost: the stretches (from, to) whose frames are lost are added, s of the recording, where the file says so.
    Raises: `UserError`, one line with the file and the mend, for whatever cannot be read at all or gives no frame.
    """
    if size is not None and not (min(size) >= 1 and size[0] * size[1] <= MAX_PIXELS):
        most = f"{MAX_PIXELS // 1_000_000} million pixels at most"
        raise UserError(f"size {size[0]} x {size[1]}: give a width and a height from 1 on, {most}")
    if rate is not None and not 0 < rate < np.inf:
        raise UserError(f"{rate} frames a second; give more than 0")
    if between is not None and not between[0] < between[1]:
        raise UserError(f"between {between[0]:g} and {between[1]:g} s lies nothing; give an earlier and a later time")
    _check(video)
    return _frames(video, FrameScaler(video, size, fit, gray), rate, between, problems, lost)


def is_image(video: Video) -> bool:
    """Return whether it is a single image, which has no duration."""
    return video.still is not None or (video.images and video.path.is_file())


def probe(video: Video) -> VideoFacts:
    """Return facts of a film without decoding more than one frame, corrected by `video.rate` and `video.times`.

    Raises: `UserError` as `read_frames`.
    """
    _check(video)
    return picture_facts(video) if video.images else film_facts(video)


def reading_notes(video: Video) -> list[str]:
    """Return what a user should know of how a film is read, one line each: which of several video streams is taken.

    Raises: `UserError` as `read_frames`, for what cannot be opened.
    """
    return [] if video.images else stream_notes(video)


def _check(video: Video) -> None:
    if video.rotate not in (0, 90, 180, 270):
        raise UserError(f"{video.path}: turned by {video.rotate} degrees; give 90, 180 or 270")
    if video.rate is not None and not 0 < video.rate < np.inf:
        raise UserError(f"{video.path}: a rate of {video.rate} frames a second; give more than 0")
    if video.crop is not None:
        left, top, right, bottom = video.crop
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise UserError(f"{video.path}: crop {video.crop}; give left, top, right, bottom as fractions from 0 to 1")


def _frames(
    video: Video,
    shaper: FrameScaler,
    rate: float | None,
    between: tuple[float, float] | None,
    problems: list[str] | None,
    lost: list[tuple[float, float]] | None,
) -> Iterator[Frame]:
    damage = Damage()
    begin, end = between or (-np.inf, np.inf)
    if video.still is not None:
        begin = max(begin, video.start + video.still)
    shots = read_picture_frames(video, damage) if video.images else read_film_frames(video, begin, damage)
    given = 0
    for shot in _chosen(shots, rate, end):
        if begin <= shot.time < end and (picture := shot.load()) is not None:
            given += 1
            yield Frame(shot.time, shaper(picture))
            if video.still is not None:
                return
    if video.still is not None:
        raise UserError(f"{video.path}: no frame at {video.still:g} s or later; correct the time, or copy the film again")
    if damage.lines and not given and between is None:
        raise UserError(f"{damage.lines[0]}; no frame is left")
    if damage.lines and problems is None:
        raise UserError(damage.lines[0])
    if problems is not None:
        problems += damage.lines
    if lost is not None:
        lost += damage.lost


def _chosen(shots: Iterator[PendingFrame], rate: float | None, end: float) -> Iterator[PendingFrame]:
    """Yield the first frame of each step (`picture_step`) before `end`; all of them where `rate` is None."""
    last = -1
    for shot in shots:
        if shot.time >= end:
            return
        step = last + 1 if rate is None else picture_step(shot.time, shot.first, rate)
        if step > last:
            yield shot
        last = step
