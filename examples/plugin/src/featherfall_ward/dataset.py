"""A dataset of plain CSV files, one per recording: `Ward/S01_fall_1.csv` with the columns t (s), x, y, z (g) and fall (0 or 1)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from featherfall.core.recording import FallTimes, Recording
from featherfall.core.registry import register
from featherfall.core.tables import read_columns
from featherfall.datasets.dataset import Dataset, Reader, Source
from featherfall.datasets.streams import make_recording, make_stream
from featherfall.signals.clock.rows import put_in_order

_NAME = re.compile(r"(S\d+)_([a-z-]+)_(\d+)\.csv")


@register("dataset", "ward")
class Ward(Reader):
    """Falls and daily life on a ward; watch at the wrist."""

    folder = "Ward"
    layout = "S01_fall_1.csv"
    streams = ("accelerometer",)

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; files of other names are told in `problems`."""
        sources, problems = [], []
        for path in sorted(folder.glob("*.csv")):
            match = _NAME.fullmatch(path.name)
            if match:
                sources.append(_source(path, *match.groups()))
            else:
                problems.append(f"{path}: not the name of a recording, left out; expected one like {self.layout}")
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(path: Path, subject: str, activity: str, trial: str) -> Source:
    return Source(
        dataset=Ward.name,
        subject=subject,
        activity=activity,
        trial=trial,
        fall=activity == "fall",
        files=(path,),
        traits={},
        read=_read,  # a function of a module, so that worker processes can call it
    )


def _read(source: Source) -> Recording:
    (path,) = source.files
    table = read_columns(path, ["t", "x", "y", "z", "fall"], header=True)
    ordered, _ = put_in_order(str(path), table[:, 0], table[:, 1:], first_row=2)
    times = ordered.times - ordered.times[0]
    rate = (len(times) - 1) / float(times[-1])
    stream = make_stream(path, ordered.values[:, :3], "g", rate, times=times, placement="left wrist")
    recording = make_recording(source, {"accelerometer": stream})
    falling = np.flatnonzero(ordered.values[:, 3])
    if not source.fall or not len(falling):
        return recording
    onset, end = float(times[falling[0]]), float(times[falling[-1]])
    return Recording(**{**vars(recording), "fall": FallTimes(onset=onset, end=end)})
