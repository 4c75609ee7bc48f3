"""Films as folders of pictures (PNG, JPEG, BMP, WebP): their order, their times, what is missing."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.ground.errors import UserError
from featherfall.ground.recording import Video

from .video_shape import MAX_PIXELS, orientation
from .video_shots import Damage, Shot, VideoFacts, frame_time, load_av, spacing

if TYPE_CHECKING:
    from av import VideoFrame

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_DECODERS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8", "mjpeg"), (b"BM", "bmp"), (b"RIFF", "webp"))
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T_ ](\d\d)[_:.-](\d\d)[_:.-](\d\d)(?:[._,](\d{1,6}))?")


def picture_shots(video: Video, damage: Damage) -> Iterator[Shot]:
    """Pictures in order of time; `damage` is told, after the last one, what is missing or cannot be decoded."""
    files, numbers, stamps = _listed(video)
    shape: list[tuple[int, int]] = []
    broken: list[Path] = []

    def load(file: Path) -> VideoFrame | None:
        frame = _decoded(file)
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
        yield Shot(time, first, functools.partial(load, file))
    if missing := numbers[-1] + 1 - len(files):
        damage.lines.append(f"{video.path}: {missing} of {numbers[-1] + 1} pictures are missing by their numbers; copy the folder again")
    if broken:
        which = f"the first is {broken[0].name}"
        damage.lines.append(f"{video.path}: {len(broken)} of {len(files)} pictures cannot be decoded, {which}; copy them again")
    if repeated:
        damage.lines.append(f"{video.path}: {repeated} pictures left out, whose times do not go on; state the film's rate")


def picture_facts(video: Video) -> VideoFacts:
    """As `probe`; the first picture stands for all."""
    files, numbers, stamps = _listed(video)
    frame = next((frame for file in files if (frame := _decoded(file)) is not None), None)
    if frame is None:
        raise UserError(f"{video.path}: none of {len(files)} pictures can be decoded; copy the folder again")
    times = [frame_time(video, number, stamp) for number, stamp in zip(numbers, stamps, strict=True)]
    known = np.array([time for time in times if time is not None])
    rate, variable, duration = spacing(known, 0.0, video.rate or 0.0)
    swap, _, _ = orientation(frame)
    width, height = (frame.height, frame.width) if swap else (frame.width, frame.height)
    kind = _kind(files[0].read_bytes()[:12]) or "unknown"
    turn = round(frame.rotation / 90) * 90 % 360
    return VideoFacts(width, height, len(files), True, duration, kind, frame.format.name, rate, variable, turn)


def _listed(video: Video) -> tuple[list[Path], list[int], list[float | None]]:
    """Pictures in order, the number of each among all that should be there (from 0), and its time by its name, s after the first.

    Names with a date and time are ordered by it; others by their text with numbers as numbers (2 before 10). Where names differ in the last
    number only, gaps in it count as missing pictures, unless `video.times` has one time for each picture that is there.
    """
    folder = video.path
    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES and not file.name.startswith(".")]
    except FileNotFoundError:
        raise UserError(f"{folder}: no such folder; correct the path") from None
    except NotADirectoryError:
        raise UserError(f"{folder}: a file where a folder of pictures is stated; name the folder, or state a film") from None
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror}); correct the path or the folder's permissions") from None
    if not files:
        raise UserError(f"{folder}: no pictures ({', '.join(sorted(_SUFFIXES))}) inside; correct the path")
    stamps = {file: _stamp(file.stem) for file in files}
    known = [stamp for stamp in stamps.values() if stamp is not None]
    if len(known) == len(files):
        files.sort(key=lambda file: (stamps[file], file.name))
        return files, list(range(len(files))), [(stamps[file] or 0.0) - min(known) for file in files]
    files.sort(key=lambda file: (_natural(file.stem), file.name))
    by_file = video.times is not None and len(video.times) == len(files)
    return files, list(range(len(files))) if by_file else _numbers(files), [None] * len(files)


def _numbers(files: list[Path]) -> list[int]:
    """Frame numbers from 0 by the last number in the names; by position where that is not a counter."""
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
    """Seconds of a date and time in a name, e.g. 2018-07-04T12_04_17.738369."""
    found = _STAMP.search(text)
    if not found:
        return None
    *whole, fraction = found.groups()
    try:
        return (datetime(*map(int, whole)) - datetime(1970, 1, 1)).total_seconds() + float(f"0.{fraction or 0}")  # type: ignore[arg-type]
    except ValueError:
        return None


def _kind(head: bytes) -> str | None:
    return next((name for magic, name in _DECODERS if head.startswith(magic)), None)


def _decoded(file: Path) -> VideoFrame | None:
    """One picture, by what is inside rather than by its name; None where it is damaged or something else."""
    av = load_av(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); correct the file's permissions") from None
    kind = _kind(data)
    if kind is None:
        return None
    decoder = av.CodecContext.create(kind, "r")
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS), "err_detect": "explode"}  # a half picture counts as none
    try:
        frames = decoder.decode(av.Packet(data)) or decoder.decode(None)
    except (av.FFmpegError, OSError, ValueError):
        width, height = _claimed(data, kind)
        if width * height > MAX_PIXELS:
            most = f"more than {MAX_PIXELS // 1_000_000} million pixels"
            raise UserError(f"{file}: {width} x {height}, {most}; scale it down first") from None
        return None
    return frames[0] if frames and not frames[0].is_corrupt else None


def _claimed(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height that the head of a picture states; 0, 0 where it is not known."""
    if kind == "png" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if kind == "mjpeg" and (found := re.search(rb"\xff[\xc0-\xc3]..\x08(..)(..)", data, re.DOTALL)):
        return int.from_bytes(found[2], "big"), int.from_bytes(found[1], "big")
    return 0, 0
