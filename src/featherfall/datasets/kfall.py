"""KFall: falls and daily life of 32 young people, one sensor at the low back, onset and impact of each fall (Yu, Jang and Xiong, 2021).

`sensor_data_new/SA06/S06T20R01.csv`: time stamp, frame counter, accelerometer in g, gyroscope in deg/s, Euler angles in deg; 100 Hz. Falls
are the tasks T20-T34. `label_data_new/SA06_label.xlsx` has a row for each fall: task (only in its first row), trial, and the frames of
onset and impact as the frame counter has them.
"""

from __future__ import annotations

import re
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.core.registry import register
from featherfall.core.tables import read_columns, whole_number

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import XYZ, make_recording, make_stream
from .xlsx import read_sheet

# Task of the file names -> activity; the falls' names as in the label sheets, the others' as in the paper.
_ACTIVITIES = {
    1: "stand for 30 seconds",
    2: "stand, slowly bend, tie shoe lace, and get up",
    3: "pick up an object from the floor",
    4: "gently jump (try to reach an object)",
    5: "stand, sit to the ground, wait a moment, and get up with normal speed",
    6: "walk normally with turn",
    7: "walk quickly with turn",
    8: "jog normally with turn",
    9: "jog quickly with turn",
    10: "stumble while walking",
    11: "sit on a chair for 30 seconds",
    12: "sit on the sofa for 30 seconds",
    13: "sit down to a chair normally, and get up normally",
    14: "sit down to a chair quickly, and get up quickly",
    15: "sit a moment, trying to get up, and collapse into a chair",
    16: "stand, sit on the sofa, and get up normally",
    17: "lie on the bed for 30 seconds",
    18: "sit a moment, lie down to the bed normally, and get up normally",
    19: "sit a moment, lie down to the bed quickly, and get up quickly",
    20: "forward fall when trying to sit down",
    21: "backward fall when trying to sit down",
    22: "lateral fall when trying to sit down",
    23: "forward fall when trying to get up",
    24: "lateral fall when trying to get up",
    25: "forward fall while sitting, caused by fainting",
    26: "lateral fall while sitting, caused by fainting",
    27: "backward fall while sitting, caused by fainting",
    28: "vertical (forward) fall while walking caused by fainting",
    29: "fall while walking, with use of hands in a table to dampen fall, caused by fainting",
    30: "forward fall while walking caused by a trip",
    31: "forward fall while jogging caused by a trip",
    32: "forward fall while walking caused by a slip",
    33: "forward lateral fall while walking caused by a slip",
    34: "backward fall while walking caused by a slip",
    35: "walk upstairs and downstairs normally",
    36: "walk upstairs and downstairs quickly",
}
_FALLS = range(20, 35)
_RATE = 100.0

# stream -> (columns, unit)
_SENSORS = {
    "accelerometer": (("AccX", "AccY", "AccZ"), "g"),
    "gyroscope": (("GyrX", "GyrY", "GyrZ"), "deg/s"),
    "euler_angles": (("EulerX", "EulerY", "EulerZ"), "1"),  # deg
}
_NAME = re.compile(r"S(\d\d)T(\d\d)R(\d\d)\.csv")

_Frames = tuple[float, float]  # of onset and impact, by the frame counter


@register("dataset", "kfall")
class KFall(Reader):
    """15 kinds of falls with onset and impact and 21 daily activities of 32 people; sensor at the low back."""

    folder = "KFall"
    layout = "sensor_data_new/SA06/S06T20R01.csv"
    streams = tuple(_SENSORS)

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; falls without labels and inconsistent label sheets are reported in `problems`."""
        sources: list[Source] = []
        problems: list[str] = []
        labels: dict[int, dict[tuple[int, int], _Frames]] = {}
        for path in sorted(folder.glob("sensor_data*/*/*.csv")):
            match = _NAME.fullmatch(path.name)
            subject, task, trial = map(int, match.groups()) if match else (0, 0, 0)
            if task not in _ACTIVITIES:
                problems.append(Unlisted(f"{path}: not the name of a recording, left out; expected a path like {self.layout}"))
                continue
            sheet = next(iter(sorted(folder.glob(f"label_data*/SA{subject:02}_label.xlsx"))), None)
            if subject not in labels:
                labels[subject], faults = (
                    _labels(sheet) if sheet else ({}, [f"{path.parent}: no SA{subject:02}_label.xlsx; the falls have no times"])
                )
                problems += faults
            frames = labels[subject].get((task, trial))
            if task in _FALLS and labels[subject] and frames is None:
                problems.append(f"{sheet}: no row for task {task}, trial {trial}; the fall of {path.name} has no times")
            sources.append(_source(path, subject, task, trial, frames, sheet))
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(path: Path, subject: int, task: int, trial: int, frames: _Frames | None, sheet: Path | None) -> Source:
    by_role = {"sensors": path}
    if frames and sheet:
        by_role["fall times"] = sheet
    return Source(
        dataset=KFall.name,
        subject=f"SA{subject:02}",
        activity=_ACTIVITIES[task],
        trial=str(trial),
        fall=task in _FALLS,
        files=tuple(by_role.values()),
        traits={},
        read=_read,
        roles=tuple(by_role),
        # The counter's first frame is 1, at the recording's start.
        fall_times=FallTimes(onset=(frames[0] - 1) / _RATE, impact=(frames[1] - 1) / _RATE) if frames else None,
    )


def _labels(path: Path) -> tuple[dict[tuple[int, int], _Frames], list[str]]:
    """Return the frames of onset and impact by (task, trial), and one line for each inconsistency of the sheet."""
    try:
        rows = read_sheet(path)
    except UserError as error:
        return {}, [f"{error}; the falls have no times"]
    labels: dict[tuple[int, int], _Frames] = {}
    problems = []
    task, stated = 0, ""
    for number, cells in enumerate(rows[1:], start=2):
        code, described, trial, onset, impact = (*cells[:5], *[""] * (5 - len(cells)))
        match = re.search(r"\((\d+)\)", code)
        if match:
            task, stated = int(match[1]), described
            if _plain(stated) != _plain(_ACTIVITIES.get(task, "")):
                problems.append(
                    f"{path}: row {number}: task {task} is {stated!r}, elsewhere {_ACTIVITIES.get(task, 'no task')!r}, which is taken"
                )
        try:
            frames = float(onset), float(impact)
            labels[task, whole_number(trial)] = frames
            if not 1 <= frames[0] < frames[1]:
                problems.append(f"{path}: row {number}: a fall from frame {onset} to {impact}")
        except ValueError:
            if any(cells):
                problems.append(f"{path}: row {number}: expected trial, onset and impact frame, found {cells[2:5]}")
    return labels, problems


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _read(source: Source) -> Recording:
    """Read one recording."""
    path = source.files[0]
    names = [name for columns, _ in _SENSORS.values() for name in columns]
    table = read_columns(path, ["FrameCounter", *names], header=True)
    times = (table[:, 0] - table[0, 0]) / _RATE
    if (times[1:] <= times[:-1]).any():
        row = int((times[1:] <= times[:-1]).argmax()) + 3
        raise UserError(f"{path}: row {row}: the frame counter does not count up; repair the file or leave the recording out")
    streams: dict[str, Stream] = {}
    for i, (name, (_, unit)) in enumerate(_SENSORS.items()):
        values = table[:, 1 + 3 * i : 4 + 3 * i]
        streams[name] = make_stream(path, values, unit, _RATE, times=times, placement="low back", channels=XYZ)
    return make_recording(source, streams)
