"""UP-Fall: 5 kinds of falls and 6 daily activities of 17 people, sensors and two cameras (Martinez-Villasenor et al., Sensors 2019).

Two layouts, found by name anywhere below the folder:

- as published: `CompleteDataSet.csv` with two rows of names (the first one filled forward), accelerometer in g and angular velocity in
  deg/s at ankle, right pocket, belt, neck and wrist, one row a frame; and folders `Subject1Activity1Trial1Camera1` of PNG files named by
  their time;
- as spread again: the wrist only, `Falls/S_A_T.csv` and `ADL/S_A_T.csv`, and films `Activity1/Subject1/Trial1Cam1.mp4`. These were made
  from the PNG files (one a row) read as 25 and written as 18 a second: frame i shows row 25 / 18 i, and the times in the file mean nothing.

Rows are 18 a second on average and far from even, so each film has the times of its frames. Which rows of a fall are the fall is not
published. Missing by design: trials 2 and 3 of subject 8's activity 11.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import open_file
from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.registry import register
from featherfall.core.tables import parse_columns, read_columns, read_text, whole_number

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import clock_of, images_in, make_recording, make_stream, strictly

_ACTIVITIES = (
    "falling forward using hands",
    "falling forward using knees",
    "falling backward",
    "falling sideward",
    "falling sitting in empty chair",
    "walking",
    "standing",
    "sitting",
    "picking up an object",
    "jumping",
    "laying",
)
_LAST_FALL = 5
_RATE = 18.0
_ROWS_PER_FRAME = 25 / 18  # of the films spread again

# name in the published table -> (prefix of our streams, placement)
_PLACES = {
    "Wrist": ("wrist", "left wrist"),
    "Neck": ("neck", "neck"),
    "Belt": ("belt", "waist"),
    "RightPocket": ("right_pocket", "right pocket"),
    "Ankle": ("ankle", "left ankle"),
}
_KINDS = {"Accelerometer": ("accelerometer", "g"), "AngularVelocity": ("gyroscope", "deg/s")}

_WRIST = re.compile(r"(\d+)_(\d+)_(\d+)\.csv")
_FILM = re.compile(r".*Activity(\d+)/Subject(\d+)/Trial(\d+)Cam(\d+)\.mp4")
_IMAGES = re.compile(r"Subject(\d+)Activity(\d+)Trial(\d+)Camera(\d+)")
_MISSING_BY_DESIGN = {(8, 11, 2), (8, 11, 3)}

_LINE = 1 << 16  # bytes of a row of names; the original's have 1,100

_Key = tuple[int, int, int]  # subject, activity, trial
_Span = tuple[int, int, int]  # of the published table: first byte, byte after the last, first row


@register("dataset", "up-fall")
class UPFall(Reader):
    """5 kinds of falls and 6 daily activities of 17 people; sensors at wrist, neck, belt, pocket and ankle, films."""

    folder = "UP-Fall"
    layout = "CompleteDataSet.csv, or wrist/Falls/1_1_1.csv and video/Activity1/Subject1/Trial1Cam1.mp4"
    streams = tuple(f"{place}_{kind}" for place, _ in _PLACES.values() for kind, _ in _KINDS.values())

    def scan(self, folder: Path) -> Dataset:
        """List the recordings of either layout; films without sensors and missing trials are reported in `problems`."""
        found: dict[_Key, dict[str, Path]] = {}
        spans: dict[_Key, _Span] = {}
        problems = []
        for path in sorted(path for path in folder.rglob("*") if path.suffix != ".png"):
            if path.name == "CompleteDataSet.csv":
                spans, faults = _spans(path)
                problems += faults
                for key in spans:
                    found.setdefault(key, {})["table"] = path
            elif (match := _WRIST.fullmatch(path.name)) and path.parent.name in ("Falls", "ADL"):
                subject, activity, trial = map(int, match.groups())
                if 1 <= activity <= len(_ACTIVITIES) and (activity <= _LAST_FALL) == (path.parent.name == "Falls"):
                    found.setdefault((subject, activity, trial), {})["wrist"] = path
                else:
                    problems.append(Unlisted(f"{path}: activity {activity} does not belong in this folder, left out"))
            elif match := _FILM.fullmatch(path.as_posix()):
                activity, subject, trial, camera = map(int, match.groups())
                found.setdefault((subject, activity, trial), {})[f"cam{camera}"] = path
            elif (match := _IMAGES.fullmatch(path.name)) and path.is_dir() and images_in(path):
                subject, activity, trial, camera = map(int, match.groups())
                found.setdefault((subject, activity, trial), {}).setdefault(f"cam{camera}", path)
        for files in found.values():
            if not {"table", "wrist"} & set(files):
                problems.append(f"{next(iter(files.values()))}: no sensor file of this trial; only the film is there")
        for subject in sorted({subject for subject, *_ in found}):
            every = {(subject, activity, trial) for activity in range(1, len(_ACTIVITIES) + 1) for trial in (1, 2, 3)}
            for _, activity, trial in sorted(every - set(found) - _MISSING_BY_DESIGN):
                problems.append(f"{folder}: nothing of subject {subject}, activity {activity}, trial {trial}")
        sources = tuple(_source(key, files, spans.get(key)) for key, files in sorted(found.items()))
        return Dataset(self.name, folder, sources, problems=tuple(problems))


def _source(key: _Key, files: dict[str, Path], span: _Span | None) -> Source:
    subject, activity, trial = key
    if "table" in files:
        files.pop("wrist", None)
    files = dict(sorted(files.items(), key=lambda item: (item[0] not in ("table", "wrist"), item[0])))
    roles = [(role, file) for role, path in files.items() for file in (images_in(path) if path.is_dir() else (path,))]
    return Source(
        dataset=UPFall.name,
        subject=f"S{subject:02}",
        activity=_ACTIVITIES[activity - 1],
        trial=str(trial),
        fall=activity <= _LAST_FALL,
        files=tuple(file for _, file in roles),
        traits={},
        read=partial(_read, span=span),
        roles=tuple(role for role, _ in roles),
    )


def _read(source: Source, span: _Span | None) -> Recording:
    """Read one trial.

    Arguments:
        span: where its rows lie in the published table.
    """
    table, wrist = source.file("table"), source.file("wrist")
    streams: dict[str, Stream] = {}
    clock = np.zeros(0)
    if table and span:
        clock, streams = _read_table(table, span)
    elif wrist:
        clock, streams = _read_wrist(wrist)
    videos = {}
    for view in sorted({role for role in source.roles if role.startswith("cam")}):
        files = [file for role, file in zip(source.roles, source.files, strict=True) if role == view]
        videos[view] = _images(files, clock) if files[0].suffix == ".png" else _film(files[0], clock)
    return make_recording(source, streams, videos)


def _read_wrist(path: Path) -> tuple[np.ndarray, dict[str, Stream]]:
    names = [f"{kind}_{axis}_list" for kind in ("accel", "gyro") for axis in "xyz"]
    values = read_columns(path, names, header=True)
    clock = clock_of(path, [line.split(",", 1)[0] for line in read_text(path).rstrip().splitlines()[1:]], first_row=2)
    return _streams(path, clock, values, ["Wrist"])


def _streams(path: Path, clock: np.ndarray, values: np.ndarray, places: Sequence[str]) -> tuple[np.ndarray, dict[str, Stream]]:
    """Return streams from (N, 6 P) values, accelerometer and gyroscope of each place; and the clock put in order."""
    if (np.diff(clock) < 0).any():
        order = np.argsort(clock, kind="stable")
        clock, values = clock[order], values[order]
    clock = strictly(clock)
    streams = {}
    for i, (place, (kind, unit)) in enumerate((place, kind) for place in places for kind in _KINDS.values()):
        prefix, placement = _PLACES[place]
        stream = make_stream(path, values[:, 3 * i : 3 * i + 3], unit, _RATE, times=clock - clock[0], placement=placement)
        streams[f"{prefix}_{kind}"] = stream
    return clock, streams


def _film(path: Path, clock: np.ndarray) -> Video:
    """Return a film spread again: its frames are the rows' images, one of 25 / 18."""
    if len(clock) < 2:
        return Video(path)
    step = (clock[-1] - clock[0]) / (len(clock) - 1)
    rows = np.arange(int(len(clock) / _ROWS_PER_FRAME) + 4) * _ROWS_PER_FRAME  # the films have 2 frames more than that
    inside = np.interp(rows, np.arange(len(clock)), clock - clock[0])
    times = inside + np.maximum(rows - (len(clock) - 1), 0) * step
    return Video(path, rate=float(1 / (step * _ROWS_PER_FRAME)), times=times)


def _images(files: Sequence[Path], clock: np.ndarray) -> Video:
    """Return a folder of images whose names are times; where a name is none, they are taken as one a row."""
    folder = files[0].parent
    try:
        times = clock_of(folder, [_iso(file.stem) for file in files])
    except UserError:
        times = clock[: len(files)]
    if not len(clock) or len(times) < len(files) or len(files) < 2:
        return Video(folder, rate=_RATE, images=True)
    rate = float((len(times) - 1) / max(times[-1] - times[0], 1e-9))
    return Video(folder, rate=rate, start=float(times[0] - clock[0]), images=True, times=times - clock[0])


def _iso(name: str) -> str:
    """2018-07-04T12_04_17.738369 and its like as an ISO time."""
    day, _, time = name.partition("T")
    return f"{day}T{time.replace('_', ':').replace('-', ':')}"


def _spans(path: Path) -> tuple[dict[_Key, _Span], list[str]]:
    """Return bytes of each trial's rows in the published table, and what is odd about it."""
    spans: dict[_Key, _Span] = {}
    problems: list[str] = []
    with open_file(path) as file:
        names = _names(path, _text(path, file.readline(_LINE)), _text(path, file.readline(_LINE)))
        at = [_only(path, names, name) for name in ("Subject", "Activity", "Trial")]
        last: _Key | None = None
        begin = file.tell()
        for number, line in enumerate(file, start=3):
            end = begin + len(line)
            cells = line.split(b",")
            try:
                subject, activity, trial = (whole_number(cells[i].decode()) for i in at)
            except (IndexError, ValueError):
                problems.append(f"{path}: row {number}: no numbers of subject, activity and trial; it is left out")
                begin, last = end, None
                continue
            key = subject, activity, trial
            if not 1 <= activity <= len(_ACTIVITIES) or (key in spans and key != last):
                problems.append(
                    f"{path}: row {number}: subject {subject}, activity {activity}, trial {trial} where it does not belong; it is left out"
                )
                begin, last = end, None
                continue
            spans[key] = (spans[key][0], end, spans[key][2]) if key in spans else (begin, end, number)
            begin, last = end, key
    return spans, problems


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text; copy the original file again") from None


def _names(path: Path, upper: str, lower: str) -> list[tuple[str, str]]:
    """Return the two rows of names as pairs, the upper one filled forward."""
    above, below = ([name.strip().strip('"') for name in row.rstrip("\r\n").split(",")] for row in (upper, lower))
    if len(above) != len(below):
        raise UserError(f"{path}: rows 1 and 2 have {len(above)} and {len(below)} names; copy the original file again")
    names, last = [], ""
    for name, inner in zip(above, below, strict=True):
        last = last if not name or name.startswith("Unnamed") else name
        names.append((last, inner))
    return names


def _only(path: Path, names: Sequence[tuple[str, str]], group: str) -> int:
    places = [i for i, (upper, _) in enumerate(names) if upper == group]
    if not places:
        raise UserError(f"{path}: row 1: no column {group!r}; copy the original file again")
    return places[0]


def _read_table(path: Path, span: _Span) -> tuple[np.ndarray, dict[str, Stream]]:
    with open_file(path) as file:
        names = _names(path, _text(path, file.readline(_LINE)), _text(path, file.readline(_LINE)))
        file.seek(span[0])
        text = _text(path, file.read(span[1] - span[0]))
    places = [place for place in _PLACES if (f"{place}Accelerometer") in {upper for upper, _ in names}]
    first = [_only(path, names, place + kind) for place in places for kind in _KINDS]
    values = parse_columns(path, text, [column + axis for column in first for axis in range(3)], header=False, first_row=span[2])
    stamp = _only(path, names, "TimeStamps")
    clock = clock_of(path, [line.split(",")[stamp].strip('"') for line in text.rstrip().splitlines()], first_row=span[2])
    return _streams(path, clock, values, places)
