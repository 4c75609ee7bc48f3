"""Read folders of images (PNG, JPEG, BMP, WebP) as films: order, times, missing images. A single image file is a film, too."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Video

from .picture_file import SUFFIXES, decode_picture, is_image_file, load_picture
from .video_shots import Damage, PendingFrame, VideoFacts, frame_spacing, frame_time

if TYPE_CHECKING:
    from av import VideoFrame

_TURNS = {3: 180, 4: 180, 5: 270, 6: 270, 7: 90, 8: 90}  # degrees counter-clockwise, by EXIF's orientation
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T_ ](\d\d)[_:.-](\d\d)[_:.-](\d\d)(?:[._,](\d{1,6}))?")


def read_picture_frames(video: Video, damage: Damage) -> Iterator[PendingFrame]:
    """Yield images in order of time; missing and damaged ones are added to `damage` after the last one."""
    if video.path.is_file():
        yield PendingFrame(video.start, video.start, lambda: load_picture(video.path)[0])
        return
    files, numbers, stamps = _listed(video)
    shape: list[tuple[int, int]] = []
    broken: list[Path] = []

    def load(file: Path) -> VideoFrame | None:
        frame, _ = decode_picture(file)
        if frame is None:
            broken.append(file)
            return None
        shape.append((frame.width, frame.height))
        if shape[-1] != shape[0]:
            was, now = (f"{width} x {height}" for width, height in (shape[0], shape[-1]))
            raise UserError(f"{file}: {now}, where the pictures before are {was}; a folder holds one film: take the others out")
        del shape[1:]
        return frame

    first, last, repeated = None, -np.inf, 0
    for file, number, stamp in zip(files, numbers, stamps, strict=True):
        time = frame_time(video, number, stamp)
        if time is None:
            what = "states fewer times than it has pictures" if video.times is not None else "says nothing about when pictures were taken"
            raise UserError(f"{video.path}: {what}; state the film's rate")
        if time <= last:
            repeated += 1
            continue
        first, last = time if first is None else first, time
        yield PendingFrame(time, first, functools.partial(load, file))
    if missing := numbers[-1] + 1 - len(files):
        damage.lines.append(f"{video.path}: {missing} of {numbers[-1] + 1} pictures are missing by their numbers; copy the folder again")
    if broken:
        which = f"the first is {broken[0].name}"
        damage.lines.append(f"{video.path}: {len(broken)} of {len(files)} pictures cannot be decoded, {which}; copy them again")
    if repeated:
        damage.lines.append(f"{video.path}: {repeated} pictures left out, whose times do not go on; state the film's rate")


def picture_facts(video: Video) -> VideoFacts:
    """Return facts as `probe`; the first image stands for all."""
    if video.path.is_file():
        frame, head = load_picture(video.path)
        turn = _TURNS.get(head.orientation, 0)
        return VideoFacts(frame.width, frame.height, 1, True, 0.0, head.kind, frame.format.name, 0.0, False, turn)
    files, numbers, stamps = _listed(video)
    whole = next(((frame, head) for frame, head in map(decode_picture, files) if frame is not None and head is not None), None)
    if whole is None:
        raise UserError(f"{video.path}: none of {len(files)} pictures can be decoded; copy the folder again")
    times = [frame_time(video, number, stamp) for number, stamp in zip(numbers, stamps, strict=True)]
    known = np.array([time for time in times if time is not None])
    rate, variable, duration = frame_spacing(known, 0.0, video.rate or 0.0)
    frame, head = whole
    turn = _TURNS.get(head.orientation, 0)
    return VideoFacts(frame.width, frame.height, len(files), True, duration, head.kind, frame.format.name, rate, variable, turn)


def _listed(video: Video) -> tuple[list[Path], list[int], list[float | None]]:
    """Return images in order, the number of each among all that should exist (from 0), and its time by its name, s after the first.

    Names with a date and time are ordered by it; others by their text with numbers as numbers (2 before 10). Where names differ in the last
    number only, gaps in it count as missing pictures, unless `video.times` has one time for each picture that is there.
    """
    folder = video.path
    try:
        files = [file for file in folder.iterdir() if is_image_file(file)]
    except FileNotFoundError:
        raise UserError(f"{folder}: no such {'file' if is_image_file(folder) else 'folder'}; correct the path") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror}); correct the path or the folder's permissions") from None
    if not files:
        raise UserError(f"{folder}: no pictures ({', '.join(sorted(SUFFIXES))}) inside; correct the path")
    stamps = {file: _stamp(file.stem) for file in files}
    known = [stamp for stamp in stamps.values() if stamp is not None]
    if len(known) == len(files):
        files.sort(key=lambda file: (stamps[file], file.name))
        return files, list(range(len(files))), [(stamps[file] or 0.0) - min(known) for file in files]
    files.sort(key=lambda file: (_natural(file.stem), file.name))
    by_file = video.times is not None and len(video.times) == len(files)
    return files, list(range(len(files))) if by_file else _numbers(files), [None] * len(files)


def _numbers(files: list[Path]) -> list[int]:
    """Return frame numbers from 0 by the last number in the names; by position where that is not a counter."""
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", file.stem, re.DOTALL) for file in files]
    count = [int(part[2]) for part in parts if part]
    alike = {(part[1], part[3]) for part in parts if part}
    if len(count) < len(files) or len(alike) > 1 or len(set(count)) < len(files) or len(files) < 2:
        return list(range(len(files)))
    step = math.gcd(*(number - count[0] for number in count))
    numbers = [(number - count[0]) // step for number in count]
    return numbers if numbers[-1] < 10 * len(files) else list(range(len(files)))  # e.g. milliseconds do not count frames


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text) if part]


def _stamp(text: str) -> float | None:
    """Return the seconds of a date and time in a name, e.g. 2018-07-04T12_04_17.738369."""
    found = _STAMP.search(text)
    if not found:
        return None
    *whole, fraction = found.groups()
    try:
        return (datetime(*map(int, whole)) - datetime(1970, 1, 1)).total_seconds() + float(f"0.{fraction or 0}")  # type: ignore[arg-type]
    except ValueError:
        return None
