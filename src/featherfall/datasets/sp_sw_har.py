"""sp-sw-har: a watch while people stand up, walk, turn and sit down; nobody falls (Matey-Sanz, Casteleyn and Granell, Data in Brief 2023).

`DATA/s01/s01_01_sw.csv` with a header row: `x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label`; m/s2, rad/s, epoch in ms, about
104 Hz. Stamps repeat, as samples come in packets. Each file is one walk there and back, of some 13 s, and a recording; its labels
(SEATED, STANDING_UP, ...) follow each other. Files of the phone in the pocket (`_sp.csv`) are not read.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.core.tables import read_columns

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import XYZ, make_recording, make_stream, strictly

ACTIVITY = "stand up, walk, turn and sit down"
_RATE = 104.0
_NAME = re.compile(r"s(\d+)_(\d+)_sw\.csv")
_PHONE = re.compile(r"s\d+_\d+_sp\.csv")
_COLUMNS = ["timestamp", *(f"{axis}_{kind}" for kind in ("acc", "gyro") for axis in XYZ)]


@register("dataset", "sp-sw-har")
class SpSwHar(Reader):
    """Standing up, walking, turning and sitting down, nobody falls; watch at the wrist."""

    folder = "sp-sw-har"
    layout = "DATA/s01/s01_01_sw.csv"
    streams = ("accelerometer", "gyroscope")

    def scan(self, folder: Path) -> Dataset:
        """List the walks."""
        sources, problems = [], []
        for path in sorted((folder / "DATA").glob("*/*.csv")):
            match = _NAME.fullmatch(path.name)
            if match:
                sources.append(_source(path, match[1], match[2]))
            elif not _PHONE.fullmatch(path.name):
                problems.append(Unlisted(f"{path}: not the name of a recording, left out; expected a path like {self.layout}"))
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(path: Path, subject: str, trial: str) -> Source:
    return Source(
        dataset=SpSwHar.name,
        subject=f"s{subject}",
        activity=ACTIVITY,
        trial=str(int(trial)),
        fall=False,
        files=(path,),
        traits={},
        read=_read,
        roles=("watch",),
    )


def _read(source: Source) -> Recording:
    """Read one walk, its samples in order of their stamps."""
    (path,) = source.files
    table = read_columns(path, _COLUMNS, header=True)
    table = table[np.argsort(table[:, 0], kind="stable")]
    times = strictly((table[:, 0] - table[0, 0]) * 1e-3)
    streams = {
        "accelerometer": make_stream(path, table[:, 1:4], "m/s2", _RATE, times=times, placement="wrist"),
        "gyroscope": make_stream(path, table[:, 4:7], "rad/s", _RATE, times=times, placement="wrist"),
    }
    return make_recording(source, streams)
