"""AI Hub 71641, pairs of video and worn sensors for falls (NIA Korea): 10 s scenes, eight cameras, twelve body segments.

Files are found by their names anywhere below the folder, so the full package, its sample package and any folder names serve:
`00015_H_A_SY_C2.{csv,json,mp4}` is scene 15, SY (falls sideways; FY forward, BY backward, N does not fall), camera 2. The sensor csv is the
same for all cameras of a scene; the first is read. JSON: `actor_info.actor_id`, `scene_info`, `sensordata.fall_start_frame` and
`fall_end_frame`.

One recording is one scene with all its films, and its subject is the actor, so nothing of one scene can stand on two sides of a split.
A labelled fall always lasts 60 frames (1 s) from its start; no label says when the body hits the floor, so a fall has an onset and an end.

Proven on simulated files in this layout only. Sensor columns are matched by pattern (`<Quantity>_<Segment> <axis>`), and what does not
match is reported, one line for each kind of file. Units are not documented: m/s2, rad/s and uT are assumed unless the values of the first
files suggest g or deg/s, which is reported too.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import open_file
from featherfall.core.recording import FallTimes, Note, Recording, Stream, Video
from featherfall.core.registry import register
from featherfall.core.tables import read_columns
from featherfall.core.units import bounded, to_internal
from featherfall.signals.clock.rows import put_in_order

from .dataset import Dataset, Reader, Side, Source
from .streams import XYZ, make_recording

_ACTIVITIES = {"FY": "forward fall", "BY": "backward fall", "SY": "sideways fall", "N": "no fall"}
_SEGMENTS = (
    "head",
    "pelvis",
    "right shoulder",
    "right upper arm",
    "right forearm",
    "left shoulder",
    "left upper arm",
    "left forearm",
    "right thigh",
    "right lower leg",
    "left thigh",
    "left lower leg",
)
_KINDS = ("accelerometer", "gyroscope", "magnetometer")
_FRAME_RATE = 60.0
_LINE = 1 << 16  # bytes of a header; the twelve segments need 4,000
_PROBED = 5  # scenes whose values decide on the units

_NAME = re.compile(r"(\d{5})_\w+?_(FY|BY|SY|N)_C([1-8])\.(csv|json|mp4)")
_COLUMN = re.compile(r"(?P<quantity>[^_]+)_(?P<segment>.+?)[ _](?P<axis>[xyz])", re.IGNORECASE)
_KIND_OF = {"segment acceleration": "accelerometer", "segment angular velocity": "gyroscope", "sensor magnetic field": "magnetometer"}
_SAME = {"upper leg": "thigh", "shank": "lower leg", "fore arm": "forearm", "lower arm": "forearm"}

_Columns = Mapping[str, tuple[str, str, str]]  # stream -> names of its columns


@dataclass(frozen=True)
class Units:
    """What the sensor columns are in, by kind of sensor."""

    accelerometer: str = "m/s2"
    gyroscope: str = "rad/s"
    magnetometer: str = "uT"


@dataclass
class _Scene:
    """Files of one scene, before any is read."""

    number: str
    ways: set[str]
    sides: set[str]
    sensors: list[Path]
    labels: list[Path]
    films: dict[str, Path]


def _published(source: Source) -> Side:
    """Put scenes in a folder `Validation` on the test side."""
    return "test" if source.traits["side"] == "Validation" else "train"


@register("dataset", "aihub")
class AIHubFalls(Reader):
    """10 s scenes of falls and none, from eight cameras, with sensors on twelve body segments (AI Hub 71641)."""

    folder = "041.낙상사고 위험동작 영상-센서 쌍 데이터"
    layout = "Training/01.원천데이터/TS/센서/Y/SY/00015_H_A_SY_C2/00015_H_A_SY_C2.csv"
    streams = tuple(f"{segment.replace(' ', '_')}_{kind}" for segment in _SEGMENTS for kind in _KINDS)

    def scan(self, folder: Path) -> Dataset:
        """List the scenes; what does not fit is reported in `problems`, one line for each kind of fault."""
        scenes = _scenes(folder)
        matched, problems = _match([(scene.sensors[0], scene.number) for scene in scenes if scene.sensors])
        units, mismatches = _units([(scene.sensors[0], matched[scene.number]) for scene in scenes if scene.number in matched][:_PROBED])
        problems += mismatches
        faults: dict[str, list[str]] = {}
        sources = []
        for scene in scenes:
            if scene.sensors and scene.number not in matched:
                scene.sensors = []  # reported above
            if not scene.sensors and not scene.films:
                continue
            label: dict[str, Any] = {}
            if scene.labels:
                try:
                    label = _label(scene.labels[0])
                except UserError as error:
                    problems.append(f"{error}; its scene has no actor and no times")
            else:
                faults.setdefault("no label file; no actor, no times", []).append(scene.number)
            for fault in _odd(scene, label):
                faults.setdefault(fault, []).append(scene.number)
            sources.append(_source(scene, label, matched.get(scene.number, {}), units))
        for fault, numbers in faults.items():
            more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
            problems.append(f"{folder}: scene {', '.join(numbers[:3])}{more}: {fault}")
        return Dataset(self.name, folder, tuple(sources), {"published": _published}, tuple(problems))


def _scenes(folder: Path) -> list[_Scene]:
    found: dict[str, _Scene] = {}
    for path in sorted(folder.rglob("*_C[1-8].*")):
        match = _NAME.fullmatch(path.name)
        if not match:
            continue
        number, way, camera, kind = match.groups()
        scene = found.setdefault(number, _Scene(number, set(), set(), [], [], {}))
        scene.ways.add(way)
        scene.sides.add(next((part for part in path.parts if part in ("Training", "Validation", "Sample")), "Training"))
        if kind == "mp4":
            scene.films.setdefault(f"cam{camera}", path)
        else:
            (scene.sensors if kind == "csv" else scene.labels).append(path)
    for scene in found.values():
        scene.sensors.sort(key=lambda path: path.name)
        scene.labels.sort(key=lambda path: (path.name, "센서" not in path.parts))
    return [found[number] for number in sorted(found)]


def _label(path: Path) -> dict[str, Any]:
    label = read_json(path)
    if not isinstance(label, dict):
        raise UserError(f"{path}: expected keys and values, found {type(label).__name__}")
    return label


def _odd(scene: _Scene, label: Mapping[str, Any]) -> Iterable[str]:
    if len(scene.ways) > 1:
        yield "cameras disagree on the way of falling"
    if len(scene.sides) > 1:
        yield "lies on the training and the validation side; it is taken for training"
    if not scene.sensors:
        yield "no sensor file"
    if scene.films and len(scene.films) < 8:
        yield "fewer than 8 films"
    if label:
        stated = _get(label, "scene_info", "scene_IsFall")
        if stated in ("낙상", "비낙상") and (stated == "낙상") != ("N" not in scene.ways):
            yield "label and file name disagree on whether it is a fall"
        if not _get(label, "actor_info", "actor_id"):
            yield "the label names no actor"


def _get(label: Mapping[str, Any], group: str, key: str) -> Any:
    inner = label.get(group)
    return inner.get(key) if isinstance(inner, dict) else None


def _source(scene: _Scene, label: Mapping[str, Any], columns: _Columns, units: Units) -> Source:
    way = sorted(scene.ways)[0]
    by_role = {"sensors": scene.sensors[0]} if scene.sensors else {}
    if scene.labels:
        by_role["label"] = scene.labels[0]
    by_role |= dict(sorted(scene.films.items()))
    traits = {"side": "Training" if "Training" in scene.sides else sorted(scene.sides)[0]}
    for trait, group, key in (("age", "actor_info", "actor_age"), ("sex", "actor_info", "actor_sex"), ("kind", "scene_info", "fall_type")):
        value = _get(label, group, key)
        if value:
            traits[trait] = str(value)
    return Source(
        dataset=AIHubFalls.name,
        subject=str(_get(label, "actor_info", "actor_id") or f"unnamed-{scene.number}").replace("/", "-"),
        activity=_ACTIVITIES[way],
        trial=scene.number,
        fall=way != "N",
        files=tuple(by_role.values()),
        traits=traits,
        read=functools.partial(_read, columns=columns, units=units),
        roles=tuple(by_role),
        fall_times=_fall_times(label) if way != "N" else None,
    )


def _fall_times(label: Mapping[str, Any]) -> FallTimes | None:
    try:
        start, end = (float(_get(label, "sensordata", f"fall_{which}_frame")) for which in ("start", "end"))
    except (TypeError, ValueError):
        return None
    return FallTimes(onset=start / _FRAME_RATE, end=end / _FRAME_RATE) if 0 <= start < end < float("inf") else None


def match_columns(names: Sequence[str]) -> tuple[_Columns, list[str]]:
    """Return the columns of each stream.

    Arguments:
        names: the header row.
    Returns: for each stream with all three axes, its columns; and the columns (other than the frame's) that belong to none.
    """
    axes: dict[str, dict[str, str]] = {}
    left = []
    for name in names:
        match = _COLUMN.fullmatch(name.strip())
        kind = _KIND_OF.get(" ".join(match["quantity"].lower().split())) if match else None
        segment = _segment(match["segment"]) if match else ""
        if match and kind and segment in _SEGMENTS:
            axes.setdefault(f"{segment.replace(' ', '_')}_{kind}", {})[match["axis"].lower()] = name
        elif name.strip().lower() != "frame":
            left.append(name)
    whole = {
        stream: (axes[stream]["x"], axes[stream]["y"], axes[stream]["z"]) for stream in AIHubFalls.streams if len(axes.get(stream, {})) == 3
    }
    left += [name for stream, cut in axes.items() if stream not in whole for name in cut.values()]
    return whole, left


def _segment(text: str) -> str:
    name = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[_\s]+", " ", text).lower().split())
    for other, ours in _SAME.items():
        name = name.replace(other, ours)
    return name


def _match(files: Sequence[tuple[Path, str]]) -> tuple[dict[str, _Columns], list[str]]:
    """Return columns by scene, and one line for each kind of header that does not match wholly."""
    matched: dict[str, _Columns] = {}
    kinds: dict[tuple[str, ...], list[Path]] = {}
    unreadable: list[Path] = []
    for path, number in files:
        try:
            with open_file(path) as file:
                line = file.readline(_LINE).decode("utf-8-sig")
            header = tuple(name.strip().strip('"') for name in line.rstrip("\r\n").split(","))
        except (UserError, UnicodeDecodeError):
            unreadable.append(path)
            continue
        kinds.setdefault(header, []).append(path)
        columns, _ = _match_once(header)
        if columns:
            matched[number] = columns
    problems = []
    if unreadable:
        problems.append(f"{unreadable[0]}: cannot be read as UTF-8 text ({len(unreadable)} such file(s)); their sensors are left out")
    for header, paths in kinds.items():
        columns, left = _match_once(header)
        faults = []
        if left:
            faults.append(f"{len(left)} column(s) match no known sensor: {_some(left)}")
        missing = [stream for stream in AIHubFalls.streams if stream not in columns]
        if not columns:
            faults.append("no column matches '<Quantity>_<Segment> <axis>'; the sensors are left out")
        elif missing:
            faults.append(f"{len(missing)} stream(s) are missing: {_some(missing)}")
        if "frame" not in [name.lower() for name in header]:
            faults.append("no column 'Frame'; rows are taken at 60 a second")
        if faults:
            problems.append(f"{paths[0]}: {'; '.join(faults)} ({len(paths)} such file(s))")
    return matched, problems


@functools.lru_cache(maxsize=64)
def _match_once(header: tuple[str, ...]) -> tuple[_Columns, list[str]]:
    return match_columns(header)


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _units(files: Sequence[tuple[Path, _Columns]]) -> tuple[Units, list[str]]:
    """Infer the units from the first few files; also return a line for each that is not the usual one."""
    norms: dict[str, list[float]] = {}
    for path, columns in files:
        for stream, names in columns.items():
            try:
                typical = _typical(read_columns(path, names, header=True), stream)
                norms.setdefault(stream.rsplit("_", 1)[1], []).append(typical)
            except UserError:
                break  # `read` reports it
    if not files:
        return Units(), []
    where, problems = f"{files[0][0]}", []
    units = Units()
    gravity = float(np.median(norms.get("accelerometer", [9.8])))
    turning = max(norms.get("gyroscope", [0.0]))
    if 0.85 <= gravity <= 1.15:
        units = Units("g", units.gyroscope)
        problems.append(f"{where}: acceleration has a median of {gravity:.2f}, so it is taken to be in g, not m/s2")
    elif not 6 <= gravity <= 15:
        problems.append(
            f"{where}: acceleration has a median of {gravity:.2f} and so is without gravity; it is taken to be in m/s2 and left as it is"
        )
    if turning > 60:  # rad/s; no limb turns at 3,400 deg/s
        units = Units(units.accelerometer, "deg/s")
        problems.append(f"{where}: angular velocity reaches {turning:.0f}, so it is taken to be in deg/s, not rad/s")
    return units, problems


def _typical(values: np.ndarray, stream: str) -> float:
    norms = np.linalg.norm(bounded(values), axis=1)
    return float(norms.max() if stream.endswith("gyroscope") else np.median(norms))


def _read(source: Source, columns: _Columns, units: Units) -> Recording:
    """Read one scene.

    Arguments:
        columns: of each stream in the sensor csv.
        units: of the columns.
    """
    path = source.file("sensors")
    streams: dict[str, Stream] = {}
    if path and columns:
        table = read_columns(path, [name for names in columns.values() for name in names], header=True)
        ordered, clock = put_in_order(str(path), _times(path, len(table)), table, first_row=2)
        times, table = ordered.times, ordered.values
        notes = tuple(Note("file", line) for line in clock.lines())
        for i, stream in enumerate(columns):
            kind, place = stream.rsplit("_", 1)[1], stream.rsplit("_", 1)[0].replace("_", " ")
            # Not by make_stream: whether there is gravity was decided, and reported, for the whole dataset.
            values, unit = to_internal(table[:, 3 * i : 3 * i + 3], getattr(units, kind))
            streams[stream] = Stream(times, values, unit, _FRAME_RATE, place, XYZ, notes=notes, begins=tuple(clock.begins))
    videos = {role: Video(file) for role, file in zip(source.roles, source.files, strict=True) if role.startswith("cam")}
    return make_recording(source, streams, videos)


def _times(path: Path, rows: int) -> np.ndarray:
    """Return (N,) s by the column of frames, from its first, as they stand."""
    if rows < 2:
        raise UserError(f"{path}: {rows} sample(s), at least 2 are needed; leave the scene out")
    try:
        frames = read_columns(path, ["Frame"], header=True)[:, 0]
    except UserError as error:
        if "no column" not in str(error):
            raise
        return np.arange(rows) / _FRAME_RATE
    return np.asarray((frames - frames[0]) / _FRAME_RATE)
