"""SmartFallMM: watch, phone, two Meta sensors and an Azure Kinect skeleton, young and old (Texas State University).

`{young,old}/accelerometer/{watch,phone,meta_hip,meta_wrist}/SxxAyyTzz.csv` and `{young,old}/skeleton/SxxAyyTzz.csv`, no headers. Watch and
phone: date and time, x, y, z in m/s2; Meta: epoch, (ISO time,) elapsed seconds, x, y, z in g; skeleton: 32 joints x xyz in mm, 30 fps.

The stamps of watch and phone are times of reception: bursts, repeats, jumps of minutes. Samples are therefore placed at their index and the
nominal rate. Each stream was cropped by hand on its own (for S29 and S30 watch and phone even by the same row numbers, at 34 and 51 Hz), so
every stream has its own clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording, Stream
from featherfall.core.registry import register
from featherfall.core.skeletons import AZURE_32, channel_names
from featherfall.core.tables import read_columns, read_text

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import make_recording, make_stream

_ACTIVITIES = (
    "drink water",
    "pick up object",
    "put on and take off jacket",
    "step up",
    "sweep floor",
    "wash hands",
    "wave hand",
    "walk",
    "sit and stand",
    "back fall",
    "front fall",
    "left fall",
    "right fall",
    "rotate fall",
)
_FIRST_FALL = 10

# stream -> (folder, unit, nominal rate in Hz, placement)
_SENSORS = {
    "watch_accelerometer": ("accelerometer/watch", "m/s2", 33.3, "wrist"),
    "phone_accelerometer": ("accelerometer/phone", "m/s2", 50.0, "hip"),
    "meta_wrist_accelerometer": ("accelerometer/meta_wrist", "g", 25.0, "wrist"),
    "meta_hip_accelerometer": ("accelerometer/meta_hip", "g", 25.0, "hip"),
    "skeleton": ("skeleton", "mm", 30.0, ""),
}
_NAME = re.compile(r"S(\d+)A(\d+)T(\d+)\.csv")


@register("dataset", "smartfallmm")
class SmartFallMM(Reader):
    """5 kinds of falls (young) and 9 daily activities (young and old); watch, phone and hip sensors, skeleton."""

    folder = "SmartFallMM"
    layout = "young/accelerometer/watch/S29A01T01.csv"
    streams = tuple(_SENSORS)

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; most lack some of the streams, as the README says."""
        found: dict[tuple[str, int, int, int], dict[str, Path]] = {}
        problems = []
        for age in ("young", "old"):
            for stream, (place, *_) in _SENSORS.items():
                for path in sorted((folder / age / place).glob("*.csv")):
                    match = _NAME.fullmatch(path.name)
                    subject, activity, trial = map(int, match.groups()) if match else (0, 0, 0)
                    if not 1 <= activity <= len(_ACTIVITIES):
                        problems.append(Unlisted(f"{path}: not the name of a recording, left out; expected one like S29A01T01.csv"))
                        continue
                    found.setdefault((age, subject, activity, trial), {})[stream] = path
        sources = tuple(_source(*key, files) for key, files in sorted(found.items()))
        return Dataset(self.name, folder, sources, problems=tuple(problems))


def _source(age: str, subject: int, activity: int, trial: int, files: dict[str, Path]) -> Source:
    return Source(
        dataset=SmartFallMM.name,
        subject=f"S{subject:02}",
        activity=_ACTIVITIES[activity - 1],
        trial=str(trial),
        fall=activity >= _FIRST_FALL,
        files=tuple(files.values()),
        traits={"age": age},
        read=_read,
        roles=tuple(files),
        stamps=_stamps,
    )


def _read(source: Source) -> Recording:
    """Read the streams that this recording has."""
    streams: dict[str, Stream] = {}
    for name, path in zip(source.roles, source.files, strict=True):
        _, unit, rate, placement = _SENSORS[name]
        if name == "skeleton":
            values = read_columns(path, range(3 * len(AZURE_32)), header=False)
            streams[name] = make_stream(path, values, unit, rate, channels=channel_names(AZURE_32), clock="own")
        else:
            # The axes stand last, however many columns of times stand before them (some Meta files lack one).
            values = read_columns(path, [-3, -2, -1], header=False)
            streams[name] = make_stream(path, values, unit, rate, placement=placement, clock="own")
    return make_recording(source, streams)


def _stamps(source: Source) -> Mapping[str, np.ndarray]:
    """Return times of reception of watch and phone, seconds from the first."""
    files = {name: source.file(name) for name in ("watch_accelerometer", "phone_accelerometer")}
    return {name: _reception(path) for name, path in files.items() if path}


def _reception(path: Path) -> np.ndarray:
    seconds = []
    for row, line in enumerate(read_text(path).rstrip().splitlines(), start=1):
        text = line.split(",", 1)[0].strip()
        try:
            seconds.append(np.datetime64(text, "us").astype(np.int64) / 1e6)
        except ValueError:
            raise UserError(f"{path}: row {row}: {text!r} is not a date and time like 2022-08-04 11:24:02.384") from None
    times = np.asarray(seconds, dtype=np.float64)
    return np.asarray(times - times[0])
