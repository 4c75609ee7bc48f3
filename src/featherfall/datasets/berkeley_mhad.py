"""Berkeley MHAD: 11 actions of 12 people with six accelerometers (Ofli et al., WACV 2013).

`Accelerometer/Shimmer01/acc_h01_s01_a01_r01.txt`: x y z in g and the seconds since 1970 at which the sample was received, separated by
blanks; 30 Hz. `Time_stamps/time_stamps_img_s01_a01_r01.txt`: number and time of each camera frame on the same clock (22 Hz); the
recording's clock starts with the earliest of them all. Subject 4 did action 8 four times only.

Wireless packets came up to a second late and in bursts, so stamps are straightened. A recording was cut by times of reception: where
packets were late at its ends the samples are more or fewer than 30 a second, and what they show is off by as much.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.core.tables import parse_columns, read_text
from featherfall.signals.clock.straighten import straighten_times

from .dataset import Dataset, Reader, Side, Source, Unlisted
from .streams import make_recording, make_stream

_ACTIVITIES = (
    "jumping in place",
    "jumping jacks",
    "bending",
    "punching",
    "waving two hands",
    "waving one hand",
    "clapping hands",
    "throwing a ball",
    "sit down then stand up",
    "sit down",
    "stand up",
)
# Sensor 2 is the one that moves when one hand waves; the order of the others is the usual one and cannot be told from the data.
_PLACES = ("left wrist", "right wrist", "left hip", "right hip", "left ankle", "right ankle")
_RATE = 31.0  # Hz; measured: set to 30, the median of 1,968 files is 31.06
_LATE = 2.0  # s; packets come later than 0.5 s, and the samples of the pause follow

_NAME = re.compile(r"acc_h(\d\d)_s(\d\d)_a(\d\d)_r(\d\d)\.txt")
_MISSING_BY_DESIGN = {(4, 8, 5)}


def _cross_subject(source: Source) -> Side:
    """Split by subject: 1-7 train, 8-12 test."""
    return "train" if int(source.subject.removeprefix("S")) <= 7 else "test"


@register("dataset", "berkeley-mhad")
class BerkeleyMHAD(Reader):
    """11 actions of 12 people; accelerometers at wrists, hips and ankles."""

    folder = "Berkeley-MHAD"
    layout = "Accelerometer/Shimmer01/acc_h01_s01_a01_r01.txt"
    streams = tuple(f"{place.replace(' ', '_')}_accelerometer" for place in _PLACES)

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; sensors that are missing are reported in `problems`."""
        found: dict[tuple[int, int, int], dict[str, Path]] = {}
        problems: list[str] = []
        for path in sorted(folder.glob("Accelerometer/Shimmer*/*.txt")):
            match = _NAME.fullmatch(path.name)
            sensor, subject, action, trial = map(int, match.groups()) if match else (0, 0, 0, 0)
            if not 1 <= sensor <= len(_PLACES) or not 1 <= action <= len(_ACTIVITIES):
                problems.append(Unlisted(f"{path}: not the name of a recording, left out; expected a path like {self.layout}"))
                continue
            found.setdefault((subject, action, trial), {})[self.streams[sensor - 1]] = path
        for (subject, action, trial), files in found.items():
            if len(files) < len(_PLACES):
                gone = ", ".join(name for name in self.streams if name not in files)
                problems.append(f"{next(iter(files.values()))}: of this recording {gone} is missing")
            stamps = folder / "Time_stamps" / f"time_stamps_img_s{subject:02}_a{action:02}_r{trial:02}.txt"
            if stamps.is_file():
                files["frames"] = stamps
        subjects = sorted({subject for subject, *_ in found})
        every = {(subject, action, trial) for subject in subjects for action in range(1, len(_ACTIVITIES) + 1) for trial in range(1, 6)}
        for subject, action, trial in sorted(every - set(found) - _MISSING_BY_DESIGN):
            problems.append(f"{folder / 'Accelerometer'}: no sensor's file of s{subject:02}_a{action:02}_r{trial:02}")
        sources = tuple(_source(*key, files) for key, files in sorted(found.items()))
        return Dataset(self.name, folder, sources, {"cross_subject": _cross_subject}, tuple(problems))


def _source(subject: int, action: int, trial: int, files: dict[str, Path]) -> Source:
    return Source(
        dataset=BerkeleyMHAD.name,
        subject=f"S{subject:02}",
        activity=_ACTIVITIES[action - 1],
        trial=str(trial),
        fall=False,
        files=tuple(files.values()),
        traits={},
        read=_read,
        roles=tuple(files),
        stamps=_stamps,
    )


def _table(path: Path, columns: int) -> np.ndarray:
    text = "\n".join(",".join(line.split()) for line in read_text(path).splitlines())
    return parse_columns(path, text, range(columns), header=False)


def _read(source: Source) -> Recording:
    """Read the sensors of one recording."""
    tables = {name: _table(path, 4) for name, path in zip(source.roles, source.files, strict=True) if name in BerkeleyMHAD.streams}
    clocks = {name: straighten_times(np.sort(table[:, 3]), _LATE) for name, table in tables.items()}
    frames = source.file("frames")
    starts = [float(times[0]) for times in clocks.values()]
    start = min(starts + ([float(_table(frames, 2)[0, 1])] if frames else []))
    streams = {}
    for name, table in tables.items():
        path, place = source.file(name), _PLACES[BerkeleyMHAD.streams.index(name)]
        assert path is not None
        values = table[np.argsort(table[:, 3], kind="stable"), :3]
        streams[name] = make_stream(path, values, "g", _RATE, times=clocks[name] - start, placement=place)
    return make_recording(source, streams)


def _stamps(source: Source) -> Mapping[str, np.ndarray]:
    """Return times of reception, seconds from the first of each sensor."""
    files = {name: source.file(name) for name in BerkeleyMHAD.streams}
    tables = {name: _table(path, 4)[:, 3] for name, path in files.items() if path}
    return {name: times - times[0] for name, times in tables.items()}
