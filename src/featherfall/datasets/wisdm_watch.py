"""WISDM's watch: 18 daily activities of 51 people, accelerometer at the wrist; nobody falls (Weiss, Yoneda and Hayajneh, IEEE Access 2019).

`data_1600_accel_watch.txt`, anywhere below the folder: a row a sample, `subject,activity,time stamp,x,y,z;` with the stamp in ns and
acceleration in m/s2, gravity included, about 20 Hz; one activity after the other, 3 minutes each. Copies without the stamps
(`subject,activity,x,y,z;`) are read at 20 Hz. Each uninterrupted stretch of one activity is a recording.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.core.tables import parse_columns, read_text

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import make_recording, make_stream, strictly

_ACTIVITIES = {
    "A": "walking",
    "B": "jogging",
    "C": "stairs",
    "D": "sitting",
    "E": "standing",
    "F": "typing",
    "G": "brushing teeth",
    "H": "eating soup",
    "I": "eating chips",
    "J": "eating pasta",
    "K": "drinking from a cup",
    "L": "eating a sandwich",
    "M": "kicking a ball",
    "O": "playing catch with a tennis ball",
    "P": "dribbling a basketball",
    "Q": "writing",
    "R": "clapping",
    "S": "folding clothes",
}
_RATE = 20.0
_NAME = re.compile(r"data_(\d+)_accel_watch\.txt")

_Rows = tuple[int, int]  # of a file: the first of a stretch, and the one after its last, counted from 0


@register("dataset", "wisdm-watch")
class WISDMWatch(Reader):
    """18 daily activities of 51 people, nobody falls; watch at the wrist."""

    folder = "WISDM-watch"
    layout = "data_1600_accel_watch.txt"
    streams = ("accelerometer",)

    def scan(self, folder: Path) -> Dataset:
        """List the stretches; rows of an unknown activity are reported in `problems`."""
        sources: list[Source] = []
        problems: list[str] = []
        for path in sorted(path for path in folder.rglob("data_*_accel_watch.txt") if _NAME.fullmatch(path.name)):
            seen: dict[str, int] = {}
            try:
                stretches = _stretches(_lines(path))
            except UserError as error:
                problems.append(Unlisted(str(error)))
                continue
            for code, rows in stretches:
                if code not in _ACTIVITIES:
                    count = f"{rows[1] - rows[0]} rows left out"
                    problems.append(Unlisted(f"{path}: row {rows[0] + 1}: {code[:20]!r} is no activity of this dataset; {count}"))
                    continue
                seen[code] = seen.get(code, 0) + 1
                sources.append(_source(path, code, seen[code], rows))
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(path: Path, code: str, trial: int, rows: _Rows) -> Source:
    match = _NAME.fullmatch(path.name)
    assert match
    return Source(
        dataset=WISDMWatch.name,
        subject=match[1],
        activity=_ACTIVITIES[code],
        trial=str(trial),
        fall=False,
        files=(path,),
        traits={},
        read=partial(_read, rows=rows),
        roles=("accelerometer",),
    )


def _lines(path: Path) -> list[str]:
    return read_text(path).replace(";", "").rstrip().splitlines()


def _stretches(lines: list[str]) -> list[tuple[str, _Rows]]:
    """Return the activity and the rows of each uninterrupted stretch of one activity."""
    codes = [line.split(",", 2)[1].strip() if line.count(",") > 1 else "" for line in lines]
    starts = [row for row in range(len(codes)) if row == 0 or codes[row] != codes[row - 1]]
    return [(codes[start], (start, end)) for start, end in zip(starts, [*starts[1:], len(codes)], strict=False)]


def _read(source: Source, rows: _Rows) -> Recording:
    """Read one stretch."""
    (path,) = source.files
    lines = _lines(path)[slice(*rows)]
    stamped = lines[0].count(",") > 4
    columns = [2, 3, 4, 5] if stamped else [2, 3, 4]
    table = parse_columns(path, "\n".join(lines), columns, header=False, first_row=rows[0] + 1)
    times = None
    if stamped:
        table = table[np.argsort(table[:, 0], kind="stable")]
        times, table = strictly((table[:, 0] - table[0, 0]) * 1e-9), table[:, 1:]
    return make_recording(source, {"accelerometer": make_stream(path, table, "m/s2", _RATE, times=times, placement="wrist")})
