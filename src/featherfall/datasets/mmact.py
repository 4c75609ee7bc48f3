"""MMAct: 36 activities (one of them a fall) of 20 people, phone, watch and four cameras (Kong et al., ICCV 2019).

`{acc_phone_clip,acc_watch_clip,gyro_clip,orientation_clip}/subject1/scene1/session1/carrying.csv`, no header:
`20181016_13:37:28.612000,x,y,z` in m/s2, rad/s and deg; the accelerometers 100 Hz, the phone's gyroscope and orientation 50 Hz. Films of
the same clips: `.../subject1/cam1/scene1/session1/carrying.mp4`; they carry no time of day and are taken to start with the clip. Stamps
jitter (steps of -45 to 65 ms in the published example), so rows are put in order of their stamps and the stamps are straightened.

A recording is one clip with all its cameras, so the cross-view split (cameras 1-3 / 4) is a choice of views, not of recordings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from featherfall.core.recording import Recording, Video
from featherfall.core.registry import register
from featherfall.core.tables import read_columns
from featherfall.signals.clock.straighten import straighten_times

from .dataset import Dataset, Reader, Side, Source, Unlisted
from .streams import XYZ, make_recording, make_stream, read_clock

# folder -> (stream, unit, nominal rate in Hz, placement, channels)
_SENSORS = {
    "acc_phone_clip": ("phone_accelerometer", "m/s2", 100.0, "pocket", XYZ),
    "acc_watch_clip": ("watch_accelerometer", "m/s2", 100.0, "wrist", XYZ),
    "gyro_clip": ("phone_gyroscope", "rad/s", 50.0, "pocket", XYZ),
    "orientation_clip": ("phone_orientation", "1", 50.0, "pocket", ("azimuth", "pitch", "roll")),  # deg
}
_BY_STREAM = {stream: (unit, rate, place, channels) for stream, unit, rate, place, channels in _SENSORS.values()}
_STAMP = "%Y%m%d_%H:%M:%S.%f"
_PARTS = {name: re.compile(rf"{name}_?0*(\d+)", re.IGNORECASE) for name in ("subject", "scene", "session", "cam")}


def _cross_subject(source: Source) -> Side:
    """Split by subject: 1-16 train, 17-20 test."""
    return "train" if int(source.subject.removeprefix("S")) <= 16 else "test"


def _cross_scene(source: Source) -> Side:
    """Split by scene: 2 tests, the others train."""
    return "test" if _numbers(source)[0] == 2 else "train"


def _cross_session(source: Source) -> Side:
    """Split by session: 5 tests, the others train."""
    return "test" if _numbers(source)[1] == 5 else "train"


def _numbers(source: Source) -> tuple[int, int]:
    scene, session = re.findall(r"\d+", source.trial)
    return int(scene), int(session)


@register("dataset", "mmact")
class MMAct(Reader):
    """36 activities of 20 people, falls among them; phone and watch sensors, films of four cameras."""

    folder = "MMAct"
    layout = "acc_phone_clip/subject1/scene1/session1/carrying.csv"
    streams = tuple(_BY_STREAM)

    def scan(self, folder: Path) -> Dataset:
        """List the clips; empty files and unknown names are reported in `problems`."""
        found: dict[tuple[int, str, int, int], dict[str, Path]] = {}
        problems = []
        for path in sorted((*folder.rglob("*.csv"), *folder.rglob("*.mp4"))):
            parts = path.relative_to(folder).parts[:-1]
            kind = next((_SENSORS[part][0] for part in parts if part in _SENSORS), None)
            numbers = {name: _number(pattern, parts) for name, pattern in _PARTS.items()}
            if path.suffix == ".mp4" and numbers["cam"]:
                kind = f"cam{numbers['cam']}"
            activity = path.stem.lower().replace("_", " ")
            if kind is None or not all(numbers[name] for name in ("subject", "scene", "session")):
                problems.append(Unlisted(f"{path}: not the name of a clip, left out; expected a path like {self.layout}"))
            elif not path.stat().st_size:
                problems.append(Unlisted(f"{path}: the file is empty, left out"))
            else:
                found.setdefault((numbers["subject"], activity, numbers["scene"], numbers["session"]), {})[kind] = path
        sources = tuple(_source(*key, files) for key, files in sorted(found.items()))
        splits = {"cross_subject": _cross_subject, "cross_scene": _cross_scene, "cross_session": _cross_session}
        return Dataset(self.name, folder, sources, splits, tuple(problems))


def _number(pattern: re.Pattern[str], parts: tuple[str, ...]) -> int:
    return next((int(match[1]) for part in parts if (match := pattern.fullmatch(part))), 0)


def _source(subject: int, activity: str, scene: int, session: int, files: dict[str, Path]) -> Source:
    return Source(
        dataset=MMAct.name,
        subject=f"S{subject:02}",
        activity=activity,
        trial=f"scene{scene}-session{session}",
        fall=activity == "fall",
        files=tuple(files.values()),
        traits={},
        read=_read,
        roles=tuple(files),
        stamps=_stamps,
    )


def _read(source: Source) -> Recording:
    """Read the sensors of one clip."""
    clocks = {name: read_clock(path, _STAMP) for name, path in _sensors(source).items()}
    start = min((float(times.min()) for times in clocks.values()), default=0.0)
    streams = {}
    for name, path in _sensors(source).items():
        unit, rate, place, channels = _BY_STREAM[name]
        order = np.argsort(clocks[name], kind="stable")
        values = read_columns(path, [1, 2, 3], header=False)[order]
        times = straighten_times(clocks[name][order] - start)
        streams[name] = make_stream(path, values, unit, rate, times=times, placement=place, channels=channels)
    videos = {name: Video(path) for name, path in zip(source.roles, source.files, strict=True) if name.startswith("cam")}
    return make_recording(source, streams, videos)


def _sensors(source: Source) -> dict[str, Path]:
    return {name: path for name, path in zip(source.roles, source.files, strict=True) if name in MMAct.streams}


def _stamps(source: Source) -> Mapping[str, np.ndarray]:
    """Return stamps as the files have them, s."""
    clocks = {name: read_clock(path, _STAMP) for name, path in _sensors(source).items()}
    return {name: times - times[0] for name, times in clocks.items()}
