"""UR Fall Detection: 30 falls and 40 daily activities, accelerometer and depth + colour cameras (Kwolek and Kepski, 2014).

Found by name anywhere below the folder: `fall-01-acc.csv` (no header: ms, magnitude, then the axes in the order x, z, y, in g; 33-128 Hz,
uneven), `fall-01-data.csv` (no header: frame, ms, magnitude: the frames' times on the accelerometer's clock; without it frame n is at
(n - 1) / 30 s), `urfall-cam0-falls.csv` and `urfall-cam0-adls.csv` (name, frame, label: -1 not lying, 0 falling, 1 lying), and films:
`fall-01-cam0.mp4` (left half depth, right half colour) or folders `fall-01-cam0-rgb` of PNG files. A recording's clock starts with its
accelerometer.

A fall's labels are always 30 falling frames, and the largest acceleration falls at their end: impact is the end of the last of them, onset
is by convention 1 s before it. In daily activities "falling" is lying down on purpose, no fall. Which of the five actors a recording shows
is not published: all count as one subject, so a split must be by recording, and actors then stand on both sides.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Video
from featherfall.core.registry import register
from featherfall.core.tables import read_columns, read_text, whole_number

from .dataset import Dataset, Reader, Source
from .streams import images_in, make_recording, make_stream, strictly

_FRAME_RATE = 30.0
_COLOUR = (0.5, 0.0, 1.0, 1.0)  # the right half
# The accelerometer of fall-10 is 40 frames ahead of the film: its free fall would come while the film shows the actor sitting still. By
# this the largest acceleration meets the end of the falling frames, as in all other falls.
_AHEAD = {"fall-10": 1.331}  # s

_SENSOR = re.compile(r"((?:fall|adl)-\d\d)-acc\.csv")
_SYNC = re.compile(r"((?:fall|adl)-\d\d)-data\.csv")
_FILM = re.compile(r"((?:fall|adl)-\d\d)-(cam\d)\.mp4")
_IMAGES = re.compile(r"((?:fall|adl)-\d\d)-(cam\d)-rgb")
_LABELS = re.compile(r"urfall-cam0-(?:falls|adls)\.csv")

_Falling = tuple[int, int]  # first and last frame, counted from 1


@register("dataset", "urfd")
class URFD(Reader):
    """30 falls and 40 daily activities; accelerometer at the waist, films."""

    folder = "URFD"
    layout = "fall-01-acc.csv and fall-01-cam0.mp4"
    streams = ("accelerometer",)

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; missing labels and the one film that is out of step are reported in `problems`."""
        found: dict[str, dict[str, Path]] = {}
        falling: dict[str, _Falling] = {}
        problems = []
        for path in sorted(path for path in folder.rglob("*") if path.suffix != ".png"):
            if match := _SENSOR.fullmatch(path.name):
                found.setdefault(match[1], {})["accelerometer"] = path
            elif match := _SYNC.fullmatch(path.name):
                found.setdefault(match[1], {})["sync"] = path
            elif match := _FILM.fullmatch(path.name):
                found.setdefault(match[1], {})[match[2]] = path
            elif (match := _IMAGES.fullmatch(path.name)) and path.is_dir() and images_in(path):
                found.setdefault(match[1], {}).setdefault(match[2], path)  # a doubled folder holds itself
            elif _LABELS.fullmatch(path.name):
                frames, faults = _falling(path)
                problems += faults
                for name in frames:
                    falling[name] = frames[name]
                    found.setdefault(name, {})["labels"] = path
        sources = []
        for name, files in sorted(found.items()):
            if not set(files) - {"labels", "sync"}:
                continue  # a label of a recording that is not here
            if "accelerometer" not in files:
                problems.append(f"{next(iter(files.values()))}: {name}-acc.csv is missing; only the film is there")
            if name.startswith("fall") and name not in falling:
                problems.append(f"{folder}: no frame of {name} is labelled as falling; its fall has no times")
            if name in _AHEAD and "accelerometer" in files:
                shift = f"{_AHEAD[name] * _FRAME_RATE:.0f}"
                problems.append(f"{files['accelerometer']}: {shift} frames ahead of film and labels, which are moved to meet it")
            sources.append(_source(name, files, falling.get(name)))
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(name: str, files: dict[str, Path], falling: _Falling | None) -> Source:
    activity, trial = name.split("-")
    fall = activity == "fall"
    if not fall:
        files = {role: path for role, path in files.items() if role != "labels"}
    roles = [(role, file) for role, path in files.items() for file in (images_in(path) if path.is_dir() else (path,))]
    return Source(
        dataset=URFD.name,
        subject="unnamed",
        activity="fall" if fall else "daily activity",
        trial=trial,
        fall=fall,
        files=tuple(file for _, file in roles),
        traits={},
        read=partial(_read, falling=falling if fall else None, ahead=_AHEAD.get(name, 0.0)),
        roles=tuple(role for role, _ in roles),
        stamps=_stamps,
    )


def _falling(path: Path) -> tuple[dict[str, _Falling], list[str]]:
    """Return first and last falling frame by recording, and the rows that say nothing usable."""
    frames: dict[str, list[int]] = {}
    problems = []
    for number, row in enumerate(csv.reader(read_text(path).splitlines()), start=1):
        if number == 1 and row[:1] == ["name"]:
            continue
        try:
            name, frame, label = row[0], whole_number(row[1]), whole_number(row[2])
        except (IndexError, ValueError):
            problems.append(f"{path}: row {number}: expected name, frame and label, found {','.join(row)[:60]!r}")
            continue
        if label == 0:
            frames.setdefault(name, []).append(frame)
    return {name: (min(seen), max(seen)) for name, seen in frames.items()}, problems


def _read(source: Source, falling: _Falling | None, ahead: float) -> Recording:
    """Read one recording.

    Arguments:
        falling: the frames labelled as falling.
        ahead: s by which the accelerometer's stamps are too early.
    """
    path, sync = source.file("accelerometer"), source.file("sync")
    streams, first = {}, 0.0
    if path:
        table = _table(path)
        first = float(table[0, 0])
        streams["accelerometer"] = make_stream(path, table[:, 1:], "g", 60.0, times=table[:, 0] - first, placement="waist")
    start, rate = (_film_clock(sync) if sync else (0.0, _FRAME_RATE)) if path else (0.0, _FRAME_RATE)
    start -= first + ahead
    videos = {}
    for view in sorted({role for role in source.roles if role.startswith("cam")}):
        file = source.file(view)
        assert file is not None
        if file.suffix == ".png":
            videos[view] = Video(file.parent, rate=rate, start=start, images=True)
        else:
            videos[view] = Video(file, crop=_COLOUR, rate=rate, start=start)
    recording = make_recording(source, streams, videos)
    if falling is None:
        return recording
    onset, impact = max(start + (falling[0] - 1) / rate, 0.0), start + falling[1] / rate
    return Recording(**{**vars(recording), "fall": FallTimes(onset=onset, impact=impact)})


def _raw(path: Path) -> np.ndarray:
    """Return (N, 4): stamps in s, then x, y, z in g."""
    table = read_columns(path, [0, 2, 4, 3], header=False)
    table[:, 0] /= 1e3
    return table


def _table(path: Path) -> np.ndarray:
    """As `_raw`, without rows that are stamped earlier than one before them (a stretch of adl-27), equal stamps of a 16 ms clock spread."""
    table = _raw(path)
    table = table[table[:, 0] >= np.maximum.accumulate(table[:, 0])]
    table[:, 0] = strictly(table[:, 0])
    return table


def _film_clock(path: Path) -> tuple[float, float]:
    """Return time of the first frame on the accelerometer's clock in s, and frames per second."""
    frames, ms = read_columns(path, [0, 1], header=False).T
    if len(frames) < 2 or ms[-1] <= ms[0] or frames[-1] <= frames[0]:
        raise UserError(f"{path}: frames and times do not count up; copy the file again or delete it")
    rate = float((frames[-1] - frames[0]) / (ms[-1] - ms[0]) * 1e3)
    return float(ms[0]) / 1e3 - (float(frames[0]) - 1) / rate, rate


def _stamps(source: Source) -> Mapping[str, np.ndarray]:
    """Return stamps as the file has them, s."""
    path = source.file("accelerometer")
    return {"accelerometer": _raw(path)[:, 0]} if path else {}
