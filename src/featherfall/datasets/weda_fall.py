"""WEDA-FALL: falls and daily life at the wrist, with elders (Marques and Moreno, Sensors 2023).

`dataset/50Hz/{D|F}nn/Uxx_Ryy_{accel,gyro,orientation}.csv` with a header row: m/s2, rad/s, quaternion s i j k. A Fitbit Sense stamps its
samples in bursts (4 per ~0.1 s), and in 127 of the 2,907 files a packet arrived late: rows are put in order of their stamps, which closes
every gap of the dataset, and the stamps are straightened.
`dataset/fall_timestamps.csv` (with a byte order mark) says when each fall starts and ends.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.core.registry import register
from featherfall.core.tables import read_columns, read_text
from featherfall.signals.clock.straighten import straighten_times

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import XYZ, make_recording, make_stream

_ACTIVITIES = {
    "D01": "walking",
    "D02": "jogging",
    "D03": "walking up and downstairs",
    "D04": "sitting on a chair, wait a moment, and get up",
    "D05": "sitting a moment, attempt to get up and collapse into a chair",
    "D06": "crouching, tie shoes, and get up",
    "D07": "stumble while walking",
    "D08": "gently jump without falling",
    "D09": "hit table with hand",
    "D10": "clapping hands",
    "D11": "opening and closing door",
    "F01": "fall forward while walking caused by a slip",
    "F02": "lateral fall while walking caused by a slip",
    "F03": "fall backward while walking caused by a slip",
    "F04": "fall forward while walking caused by a trip",
    "F05": "fall backward when trying to sit down",
    "F06": "fall forward while sitting, caused by fainting or falling asleep",
    "F07": "fall backward while sitting, caused by fainting or falling asleep",
    "F08": "lateral fall while sitting, caused by fainting or falling asleep",
}
_FIRST_ELDER = 21

# stream -> (suffix of the file and prefix of its columns, axes, unit)
_SENSORS = {
    "accelerometer": ("accel", XYZ, "m/s2"),
    "gyroscope": ("gyro", XYZ, "rad/s"),
    "orientation": ("orientation", ("s", "i", "j", "k"), "quaternion"),
}
_NAME = re.compile(r"U(\d\d)_R(\d\d)_(accel|gyro|orientation)\.csv")
_TIMES = "fall_timestamps.csv"


@register("dataset", "weda-fall")
class WEDAFall(Reader):
    """8 kinds of falls and 11 daily activities of 14 young people and 11 elders; watch at the wrist."""

    folder = "WEDA-FALL"
    layout = "dataset/50Hz/F01/U01_R01_accel.csv"
    streams = ("accelerometer", "gyroscope", "orientation")

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; a missing sensor file or fall time is reported in `problems`."""
        root = folder / "dataset"
        found: dict[tuple[str, int, int], dict[str, Path]] = {}
        problems: list[str] = []
        for path in sorted(root.glob("50Hz/*/*.csv")):
            match = _NAME.fullmatch(path.name)
            if match and path.parent.name in _ACTIVITIES:
                found.setdefault((path.parent.name, int(match[1]), int(match[2])), {})[match[3]] = path
            elif not path.name.endswith("_vertical_accel.csv"):
                problems.append(Unlisted(f"{path}: not the name of a recording, left out; expected a path like {self.layout}"))
        for files in found.values():
            for suffix, *_ in _SENSORS.values():
                if suffix not in files:
                    known = next(iter(files.values()))
                    problems.append(f"{known}: the {suffix} file of this recording is missing")
        times, faults = _fall_times(root / _TIMES) if any(code[0] == "F" for code, *_ in found) else ({}, [])
        sources = []
        for (code, user, trial), files in sorted(found.items()):
            name = f"{code}/U{user:02}_R{trial:02}"
            if code[0] == "F" and times and name not in times:
                faults.append(f"{root / _TIMES}: no row for {name}; its fall has no times")
            sources.append(_source(code, user, trial, files, times.get(name), root / _TIMES))
        return Dataset(self.name, folder, tuple(sources), problems=(*problems, *faults))


def _source(code: str, user: int, trial: int, files: dict[str, Path], times: FallTimes | None, times_file: Path) -> Source:
    by_role = {name: files[suffix] for name, (suffix, *_) in _SENSORS.items() if suffix in files}
    if times:
        by_role["fall times"] = times_file
    return Source(
        dataset=WEDAFall.name,
        subject=f"U{user:02}",
        activity=_ACTIVITIES[code],
        trial=str(trial),
        fall=code[0] == "F",
        files=tuple(by_role.values()),
        traits={"age": "elder" if user >= _FIRST_ELDER else "young"},
        read=_read,
        roles=tuple(by_role),
        fall_times=times,
        stamps=_stamps,
    )


def _fall_times(path: Path) -> tuple[dict[str, FallTimes], list[str]]:
    """Return start and end of each fall by "F01/U01_R01", and the rows that say nothing usable."""
    try:
        rows = csv.reader(read_text(path).splitlines()[1:])
    except UserError as error:
        return {}, [f"{error}; the falls have no times"]
    times, problems = {}, []
    for number, row in enumerate(rows, start=2):
        try:
            name, start, end = row
            times[name] = FallTimes(onset=float(start), end=float(end))
            if not 0 <= float(start) < float(end):
                problems.append(f"{path}: row {number}: a fall from {start} to {end} s")
        except ValueError:
            problems.append(f"{path}: row {number}: expected name, start and end in seconds, found {','.join(row)!r}")
    return times, problems


def _table(path: Path, suffix: str, axes: tuple[str, ...]) -> np.ndarray:
    """Return (N, 1 + C): stamps in seconds, then the axes."""
    return read_columns(path, [f"{suffix}_time_list", *(f"{suffix}_{axis}_list" for axis in axes)], header=True)


def _read(source: Source) -> Recording:
    """Read the sensors of one recording, in the order and at the even times that their stamps imply."""
    streams: dict[str, Stream] = {}
    for name, (suffix, axes, unit) in _SENSORS.items():
        path = source.file(name)
        if path is None:
            continue
        table = _table(path, suffix, axes)
        table = table[np.argsort(table[:, 0], kind="stable")]
        times = straighten_times(table[:, 0])
        streams[name] = make_stream(path, table[:, 1:], unit, 50.0, times=times, placement="wrist", channels=axes)
    return make_recording(source, streams)


def _stamps(source: Source) -> Mapping[str, np.ndarray]:
    """Return time stamps as the files have them, late packets and all."""
    files = {name: source.file(name) for name in _SENSORS}
    return {name: _table(path, _SENSORS[name][0], ())[:, 0] for name, path in files.items() if path}
